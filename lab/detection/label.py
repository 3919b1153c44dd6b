"""Label the photos that a detector learns from: ``python -m lab.detection.label``.

Annotated faces stay as they are. What else the photos show is found by YuNet in several sizes and
tilts, looked at again upright, and is a face where two of YuNet, MediaPipe and asmnet-68 say so;
what only one of them takes for a face is left open. Writes one file a source.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from lab.detection.deciding import BoxFit, decide
from lab.detection.labels import LabelledFace, PhotoLabels, write_labels
from lab.detection.looks import Look, Looker, best_candidates
from lab.detection.sources import SOURCES, SourcePhoto
from lab.detection.teachers import Candidate
from lab.detection.tilt import INNER

__all__ = ["fit_boxes", "label_photo"]

logger = logging.getLogger("asmnet_sdk.training")

_FITTED_ON = {"300w": 6, "aflw": 5, "infants": 1}


def fit_boxes(looker: Looker, photos: Iterable[SourcePhoto]) -> BoxFit:
    """Learn from annotated faces how YuNet's boxes map to boxes around the landmarks."""
    looks, points = [], []
    for photo in photos:
        image = load_image(photo.photo)
        for annotated in photo.annotated:
            face = _annotated_face(annotated, looker)
            if not np.isnan(face.roll):
                looks.append(looker.look(image, BoundingBox.around(face.points), face.roll, 1.0))
                points.append(annotated)
    return BoxFit(looks, points)


def label_photo(
    photo: SourcePhoto, views: Sequence[tuple[int, int]], looker: Looker, fit: BoxFit, data: Path
) -> PhotoLabels:
    """Return the labels of a photo.

    Args:
        photo: The photo and its annotations.
        views: Long side and quarter turns of each view that YuNet sees.
        looker: The networks.
        fit: See ``fit_boxes``.
        data: The folder of all data; the label names the photo relative to it.
    """
    known = [_annotated_face(points, looker) for points in photo.annotated]
    faces, doubtful = known, np.zeros((0, 4), np.float32)
    if views:
        looks = _look_around(load_image(photo.photo), views, looker, known)
        faces, doubtful = decide(looks, fit, looker, known)
    name = photo.photo.relative_to(data).as_posix()
    return PhotoLabels(photo=name, faces=tuple(faces), doubtful=doubtful)


def _look_around(
    image: NDArray[np.uint8],
    views: Sequence[tuple[int, int]],
    looker: Looker,
    known: Sequence[LabelledFace],
) -> list[Look]:
    candidates = [
        candidate
        for long_side, quarters in views
        for candidate in looker.yunet.find_in_views(image, long_side=long_side, quarters=quarters)
    ]
    boxes = np.array([list(BoundingBox.around(face.points)) for face in known]).reshape(-1, 4)
    new = [found for found in candidates if _overlap(found, boxes) < 0.3]
    return [looker.look_at_candidate(image, c) for c in best_candidates(new, looker.head)]


def _overlap(candidate: Candidate, boxes: NDArray[np.float64]) -> float:
    return float(intersection_over_union(candidate.box, boxes).max(initial=0))


def _annotated_face(points: NDArray[np.float32], looker: Looker) -> LabelledFace:
    """Return a face of (68, 2) points, its tilt by those of its fixed places that are known."""
    is_known = ~np.isnan(points).any(axis=1)
    roll = looker.head.roll_of(points[INNER], looker.head.inner)
    return LabelledFace(points=points[is_known], roll=roll)


def main(arguments: Sequence[str] | None = None) -> None:
    """Label sources from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    looker = Looker.from_files(options.yunet, options.mediapipe, options.head)
    fit = fit_boxes(
        looker,
        [
            photo
            for name, every in _FITTED_ON.items()
            for photo in list(SOURCES[name].read(options.data))[::every]
        ],
    )
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.sources or SOURCES:
        source = SOURCES[name]
        photos = source.read(options.data)
        labels = [label_photo(p, source.views, looker, fit, options.data) for p in photos]
        write_labels(labels, options.out / f"{name}.jsonl")
        logger.info(
            "%s: %d photos, %d faces, %d without a sure tilt, %d doubtful places",
            name,
            len(labels),
            sum(len(photo.faces) for photo in labels),
            sum(np.isnan(face.roll) for photo in labels for face in photo.faces),
            sum(len(photo.doubtful) for photo in labels),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.detection.label", description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the label files")
    parser.add_argument("data", type=Path, help="folder of all data")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet's model file")
    parser.add_argument("--mediapipe", type=Path, required=True, help="face_landmarker.task")
    parser.add_argument("--head", type=Path, required=True, help="canonical_face_model.obj")
    parser.add_argument("--sources", nargs="*", choices=SOURCES, help="default: all")
    return parser


if __name__ == "__main__":
    main()
