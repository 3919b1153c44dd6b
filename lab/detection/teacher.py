"""Faces that nobody annotated, found by another detector and placed by a landmark model.

``python -m lab.detection.teacher --help`` writes a JSON file that training reads.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import read_300w
from asmnet_sdk.detection import FaceDetector, YuNetDetector
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["OtherFaces", "find_other_faces", "photo_key", "read_other_faces", "write_other_faces"]

logger = logging.getLogger("asmnet_sdk.training")

_SURE_SCORE, _LEAST_SCORE = 0.7, 0.3
_SURE_OVERLAP = 0.5
_SMALLEST_SURE_SIDE = 24


@dataclass(frozen=True, slots=True, eq=False)
class OtherFaces:
    """What a teacher found in one photo.

    Attributes:
        landmarks: (N, K, 2) of the sure faces, in pixels.
        doubtful: (M, 4) boxes that may show a face or not.
    """

    landmarks: NDArray[np.float32]
    doubtful: NDArray[np.float32]

    @classmethod
    def none(cls, points: int = 68) -> OtherFaces:
        """Return the empty result."""
        return cls(np.zeros((0, points, 2), np.float32), np.zeros((0, 4), np.float32))


def find_other_faces(
    image: NDArray[np.uint8], detector: FaceDetector, aligner: FaceAligner
) -> OtherFaces:
    """Find the faces of an (H, W, 3) uint8 RGB image.

    A face is sure when the detector is, the landmark model sees a face too, and the box around
    its landmarks agrees with the detector's.
    """
    boxes = detector.detect(image)
    faces = aligner.predict(image, boxes, color="rgb") if boxes else []
    is_sure = [_is_sure(face) for face in faces]
    sure = [face.landmarks for face, sure in zip(faces, is_sure, strict=True) if sure]
    doubtful = [list(face.box) for face, sure in zip(faces, is_sure, strict=True) if not sure]
    points = aligner.layout.point_count
    return OtherFaces(
        np.array(sure, np.float32).reshape(-1, points, 2),
        np.array(doubtful, np.float32).reshape(-1, 4),
    )


def _is_sure(face: Face) -> bool:
    placed = BoundingBox.around(face.landmarks)
    overlap = intersection_over_union(list(placed), list(face.box))[0, 0]
    scores = (face.box.score or 0.0, 1.0 if face.score is None else face.score)
    side = max(face.box.width, face.box.height)
    return bool(
        min(scores) >= _SURE_SCORE and overlap >= _SURE_OVERLAP and side >= _SMALLEST_SURE_SIDE
    )


def photo_key(photo: Path) -> str:
    """Return the name by which a photo's faces are kept: its folder and file name."""
    return f"{photo.parent.name}/{photo.name}"


def write_other_faces(faces: Mapping[str, OtherFaces], path: Path) -> None:
    """Write what was found, pixels rounded to 0.01."""
    rows = {
        key: {"faces": _rounded(found.landmarks), "doubtful": _rounded(found.doubtful)}
        for key, found in faces.items()
        if len(found.landmarks) or len(found.doubtful)
    }
    path.write_text(json.dumps(rows), encoding="utf-8")


def read_other_faces(path: Path, *, points: int = 68) -> dict[str, OtherFaces]:
    """Read what ``write_other_faces`` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        key: OtherFaces(
            np.array(row["faces"], np.float32).reshape(-1, points, 2),
            np.array(row["doubtful"], np.float32).reshape(-1, 4),
        )
        for key, row in rows.items()
    }


def _rounded(values: NDArray[np.float32]) -> list[object]:
    rounded: list[object] = values.astype(np.float64).round(2).tolist()
    return rounded


def _find_in_all(
    photos: Iterable[Path], detector: FaceDetector, aligner: FaceAligner
) -> dict[str, OtherFaces]:
    return {
        photo_key(photo): find_other_faces(load_image(photo), detector, aligner) for photo in photos
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Label photos from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.detection.teacher", description=__doc__)
    parser.add_argument("out", type=Path, help="the JSON file to write")
    parser.add_argument("photos", type=Path, nargs="+", help="folders in the layout of 300-W")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet's model file")
    options = parser.parse_args(arguments)
    detector = YuNetDetector(options.yunet, score_threshold=_LEAST_SCORE, threads=1)
    aligner = FaceAligner(device="cpu", threads=1)
    photos = dict.fromkeys(face.photo for root in options.photos for face in read_300w(root))
    found = _find_in_all(photos, detector, aligner)
    write_other_faces(found, options.out)
    counts = [sum(len(getattr(f, name)) for f in found.values()) for name in OtherFaces.__slots__]
    logger.info("%d photos, %d sure faces, %d doubtful", len(found), *counts)


if __name__ == "__main__":
    main()
