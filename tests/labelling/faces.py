"""Label files that tests review: two photos of grey, five points a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from asmnet_sdk import FIVE_POINT
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.labelling import LabelFormat, write_labels

POINTS = np.float32([[100, 80], [160, 80], [130, 110], [110, 140], [150, 140]])


def face_at(photo: Path, *, shift: float = 0, sigma: float = 2.0) -> AnnotatedFace:
    return AnnotatedFace(
        photo=photo,
        subset=photo.parent.name,
        landmarks=POINTS + np.float32(shift),
        landmark_visible=np.float32([0.9, 0.9, 0.9, 0.9, 0.2]),
        landmark_sigma=np.full(5, sigma, np.float32),
        score=0.9,
    )


def write_label_files(folder: Path, kind: LabelFormat) -> Path:
    """Write one sure face in a.png, two unsure ones in b.png; return what a review takes."""
    for name in ("a.png", "b.png"):
        folder.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((240, 320, 3), 128, np.uint8))
    faces = [face_at(folder / "a.png")]
    faces += [face_at(folder / "b.png", shift=shift, sigma=5) for shift in (0, 40)]
    out = {"coco": folder / "labels.json", "cvat": folder / "labels.xml"}.get(kind)
    write_labels(faces, kind, out, FIVE_POINT)
    return out or folder
