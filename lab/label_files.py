"""Folders of made labels in 300-W layout: links to the photos, .pts files, head_pose.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["HEAD_POSE_HEADER", "link_photo", "write_head_poses", "write_pts"]

HEAD_POSE_HEADER = ("split", "subset", "name", "yaw", "pitch", "roll", "spread")


def write_pts(path: Path, landmarks: NDArray[np.float32]) -> None:
    """Write (K, 2) pixels as a .pts file, which counts from 1."""
    points = "".join(f"{x:.3f} {y:.3f}\n" for x, y in (landmarks + 1).tolist())
    path.write_text(f"version: 1\nn_points: {len(landmarks)}\n{{\n{points}}}\n", encoding="utf-8")


def link_photo(photo: Path, folder: Path) -> None:
    """Make a link to a photo in a folder; an old one is replaced."""
    link = folder / photo.name
    link.unlink(missing_ok=True)
    link.symlink_to(photo.resolve())


def write_head_poses(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows in the order of ``HEAD_POSE_HEADER``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD_POSE_HEADER, *rows])
