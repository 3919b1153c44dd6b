"""Faces to train on that a test can make: grey pictures with a white dot on each landmark."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import IBUG_68
from asmnet_sdk.training.placing import FaceLabels, FacePlacement, place_face

SIDE = 384
SHAPE = np.random.default_rng(0).uniform(120, 260, size=(68, 2)).astype(np.float32)


def dotted_faces(count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return (count, 384, 384, 3) pictures and (count, 68, 2) landmarks, all of a like shape."""
    spread = np.random.default_rng(1).normal(0, 3, size=(count, 68, 2))
    landmarks = SHAPE + spread.astype(np.float32)
    pictures = np.full((count, SIDE, SIDE, 3), 60, np.uint8)
    for picture, points in zip(pictures, landmarks.round().astype(int), strict=True):
        for x, y in points:
            picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    return pictures, landmarks


def write_dotted_photos(folder: Path, count: int) -> Path:
    """Write faces in the layout of 300-W, each with a head pose of (10, 5, 0) degrees."""
    subset = folder / "dots"
    subset.mkdir(parents=True)
    rows = ["split,subset,name,yaw,pitch,roll,spread"]
    for index, (picture, landmarks) in enumerate(zip(*dotted_faces(count), strict=True)):
        cv2.imwrite(str(subset / f"face{index}.png"), picture)
        points = "".join(f"{x:.3f} {y:.3f}\n" for x, y in (landmarks + 1).tolist())
        (subset / f"face{index}.pts").write_text(f"version: 1\n{{\n{points}}}\n")
        rows.append(f"{folder.name},dots,face{index},10,5,0,1")
    (folder / "head_pose.csv").write_text("\n".join(rows) + "\n")
    return folder


def place_dots(
    landmarks: NDArray[np.float32], yaw: float, size: int, generator: np.random.Generator
) -> FacePlacement:
    """Place a face turned by ``yaw`` degrees, all points sure and seen but the jaw's first."""
    certain = np.ones(68, np.float32)
    certain[0] = 0
    labels = FaceLabels(
        landmarks=landmarks,
        landmark_weights=certain,
        landmark_visible=certain,
        head_pose=np.array([yaw, 0, 0], np.float32),
    )
    return place_face(labels, IBUG_68, crop_scale=1.35, size=size, generator=generator)
