"""Real faces, much turned, whose yaw a person estimated by eye.

By eye, three-quarter faces look more turned than they are, so only true profiles teach; and of
those only where the nose points, to within what an eye can tell.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from asmnet_sdk.training.losses import euler_to_rotation
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["divide", "nose_loss", "read_estimated_yaws", "yaw_summary"]

_PROFILE_YAW = 78.0
_HELD_EVERY = 4
_TOLERANCE = 0.06  # radians
_STRONGLY_TURNED = 75.0


def read_estimated_yaws(faces: Path, yaws: Path) -> FaceSamples:
    """Read packed faces, and a CSV file with the columns face (its number, from 0) and yaw.

    Returns:
        The faces that have a row, in the order of the rows; pitch and roll count as 0.
    """
    with yaws.open(newline="", encoding="utf-8") as file:
        rows = [(int(row["face"]), float(row["yaw"])) for row in csv.DictReader(file)]
    head_poses = np.array([[yaw, 0, 0] for _, yaw in rows], np.float32)
    chosen = np.array([face for face, _ in rows], np.int64)
    return replace(FaceSamples.load(faces).take(chosen), head_poses=head_poses)


def divide(faces: FaceSamples) -> tuple[FaceSamples, FaceSamples]:
    """Return the true profiles that teach, and every fourth face, kept back."""
    is_held = np.arange(len(faces)) % _HELD_EVERY == 0
    is_profile = np.abs(faces.head_poses[:, 0]) >= _PROFILE_YAW
    return (
        faces.take(np.flatnonzero(is_profile & ~is_held)),
        faces.take(np.flatnonzero(is_held)),
    )


def nose_loss(rotation: Tensor, truth_degrees: Tensor) -> Tensor:
    """Return by how many degrees noses point beside the truth, beyond the tolerance, in the mean.

    Args:
        rotation: (N, 3, 3) rotation matrices.
        truth_degrees: (N, 3) yaw, pitch, roll.
    """
    apart = rotation[:, :, 2] - euler_to_rotation(truth_degrees)[:, :, 2]
    distance = apart.square().sum(dim=1).add(1e-6).sqrt()
    return torch.rad2deg((distance - _TOLERANCE).clamp_min(0)).mean()


def yaw_summary(found: ArrayLike, estimated: ArrayLike) -> str:
    """Say how far (N,) yaws are from estimated ones, and by how much they are too small."""
    found, estimated = np.asarray(found), np.asarray(estimated)
    short = np.abs(estimated) - found * np.sign(estimated)
    strongly = short[np.abs(estimated) >= _STRONGLY_TURNED]
    return "; ".join(
        f"{name} ({len(some)}): yaw error {np.abs(some).mean():.1f}, too small by {some.mean():.1f}"
        for name, some in (("all", short), (f"from {_STRONGLY_TURNED:.0f} on", strongly))
        if len(some)
    )
