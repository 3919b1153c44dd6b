"""Label photos that have face boxes but no landmarks, with a model trained before.

``python -m lab.pseudo_labels --help``. The result is a folder in 300-W layout
(links to the photos, .pts files, head_pose.csv) that training reads beside the annotated photos.
"""

from __future__ import annotations

import argparse
import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.placing import jitter_box
from lab.label_files import (
    HEAD_POSE_HEADER,
    link_photo,
    write_head_poses,
    write_pts,
)
from lab.mirroring import mirror_box, mirror_points

__all__ = ["average_views", "consensus_landmarks", "label_folder"]

logger = logging.getLogger("asmnet_sdk.training")


def label_folder(
    aligner: FaceAligner,
    photos: Path,
    out: Path,
    *,
    views: int = 4,
    most_disagreement: float = 0.03,
    least_score: float = 0.5,
) -> int:
    """Label the photos that ``head_pose.csv`` of a folder lists with a face box.

    Args:
        aligner: The teacher.
        photos: Folder with NAME.jpg and head_pose.csv (name, yaw, pitch, roll, spread, x_min,
            y_min, x_max, y_max; the box from hair line to chin).
        out: Folder that receives ``pseudo/NAME.pts`` and links to the photos.
        views: Crops of each photo, and as many of its mirror image, whose landmarks are averaged.
        most_disagreement: Faces whose views differ by more than this share of the box side
            (root mean square) are left out.
        least_score: Faces that score less are left out.

    Returns:
        The number of faces kept.
    """
    folder = out / "pseudo"
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    kept: list[tuple[str, ...]] = []
    for row in _rows(photos / "head_pose.csv"):
        photo = photos / f"{row['name']}.jpg"
        landmarks, disagreement, score = consensus_landmarks(
            aligner, load_image(photo), _face_box(row), views=views, generator=generator
        )
        if disagreement <= most_disagreement and score >= least_score:
            write_pts(folder / f"{row['name']}.pts", landmarks)
            link_photo(photo, folder)
            kept.append((out.name, "pseudo", *(row[column] for column in HEAD_POSE_HEADER[2:])))
    write_head_poses(out / "head_pose.csv", kept)
    return len(kept)


def consensus_landmarks(
    aligner: FaceAligner,
    image: NDArray[np.uint8],
    box: BoundingBox,
    *,
    views: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float32], float, float]:
    """Average the views of a face, after two looks that only improve its rough box.

    Arguments and results are those of ``average_views``.
    """
    for _ in range(2):
        box = BoundingBox.around(aligner.predict(image, box, color="rgb")[0].landmarks)
    return average_views(aligner, image, box, views=views, generator=generator)


def average_views(
    aligner: FaceAligner,
    image: NDArray[np.uint8],
    box: BoundingBox,
    *,
    views: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float32], float, float]:
    """Average the landmarks of several crops of a face and of its mirror image.

    The crops are placed around the box; landmarks of the mirror image are mirrored back.

    Args:
        aligner: The teacher.
        image: (H, W, 3) uint8 RGB.
        box: The face box.
        views: Crops of the image, and as many of the mirror image.
        generator: Places the crops.

    Returns:
        (K, 2) landmarks in image pixels; how much the views disagree, as a share of the box side;
        the mean face score.
    """
    boxes = [jitter_box(box, generator) for _ in range(views)]
    upright = aligner.predict(image, boxes, color="rgb")
    mirrored = aligner.predict(
        np.ascontiguousarray(image[:, ::-1]),
        [mirror_box(b, image.shape[1]) for b in boxes],
        color="rgb",
    )
    looks = np.stack(
        [face.landmarks for face in upright]
        + [mirror_points(face.landmarks, face.layout, image.shape[1]) for face in mirrored]
    )
    side = box.longer_side
    disagreement = float(np.sqrt(looks.var(axis=0).sum(axis=-1).mean())) / side
    score = float(np.mean([face.score or 0.0 for face in (*upright, *mirrored)]))
    return looks.mean(axis=0), disagreement, score


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _face_box(row: dict[str, str]) -> BoundingBox:
    """Return the face box in a box that reaches from the hair line to the chin."""
    x_min, y_min, x_max, y_max = (float(row[c]) for c in ("x_min", "y_min", "x_max", "y_max"))
    return BoundingBox(x_min, y_min + 0.245 * (y_max - y_min), x_max, y_max)


def main() -> None:
    """Label a folder from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.pseudo_labels", description=__doc__)
    parser.add_argument("model", help="the teacher: registry name or model file")
    parser.add_argument("photos", type=Path, help="folder with NAME.jpg and head_pose.csv")
    parser.add_argument("out", type=Path, help="folder that receives the labels")
    arguments = parser.parse_args()
    aligner = FaceAligner(arguments.model, passes=1)  # views stay where they are placed
    kept = label_folder(aligner, arguments.photos, arguments.out)
    logger.info("%d faces labelled in %s", kept, arguments.out)


if __name__ == "__main__":
    main()
