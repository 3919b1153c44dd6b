"""How exact head pose is, by how far heads are turned.

``python -m lab.head_pose_errors MODEL [MODEL ...] --packed FILE [FILE ...]`` prints a table for
each model and each file of packed faces whose rotation is known, such as those of
``lab.rendered_heads``. Crops come from the true boxes, one look each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.evaluation.metrics import head_pose_errors, rotation_errors
from asmnet_sdk.training.samples import FaceSamples
from lab.hard_faces import YAW_BINS, look_at

__all__ = ["PoseErrors", "errors_by_yaw", "pose_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseErrors:
    """Errors of the faces whose |yaw| lies in [low, high), in degrees.

    Attributes:
        low: Lower end.
        high: Upper end.
        faces: How many there are.
        yaw: Mean absolute error.
        pitch: Mean absolute error.
        roll: Mean absolute error.
        rotation: Median angle of the one turn that leads from the true pose to the found one.
            Unlike pitch and roll, it means the same at any yaw.
    """

    low: int
    high: int
    faces: int
    yaw: float
    pitch: float
    roll: float
    rotation: float


def errors_by_yaw(found: ArrayLike, truth: ArrayLike) -> list[PoseErrors]:
    """Return the errors of (N, 3) yaw, pitch, roll, by the true |yaw|, then those of all faces."""
    found, truth = np.asarray(found, np.float64), np.asarray(truth, np.float64)
    turned = np.abs(truth[:, 0]).clip(max=np.nextafter(YAW_BINS[-1], 0))
    return [
        _errors(found[chosen], truth[chosen], low, high)
        for low, high in [*pairwise(YAW_BINS), (YAW_BINS[0], YAW_BINS[-1])]
        if (chosen := (turned >= low) & (turned < high)).any()
    ]


def _errors(
    found: NDArray[np.float64], truth: NDArray[np.float64], low: int, high: int
) -> PoseErrors:
    yaw, pitch, roll = head_pose_errors(found, truth).tolist()
    rotation = float(np.median(rotation_errors(found, truth)))
    return PoseErrors(
        low=low, high=high, faces=len(found), yaw=yaw, pitch=pitch, roll=roll, rotation=rotation
    )


def pose_table(rows: Sequence[PoseErrors]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| \\|yaw\\| | faces | yaw | pitch | roll | rotation |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.low} to {row.high} | {row.faces} | {row.yaw:.1f} | {row.pitch:.1f} "
        f"| {row.roll:.1f} | {row.rotation:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure models from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.head_pose_errors", description=__doc__)
    parser.add_argument("models", nargs="+", help="registry names or model files")
    parser.add_argument("--packed", type=Path, nargs="+", required=True, help="packed faces")
    options = parser.parse_args()
    for path in options.packed:
        faces = FaceSamples.load(path)
        known = faces.take(np.flatnonzero(np.isfinite(faces.head_poses).all(axis=1)))
        for model in options.models:
            with FaceAligner(model, passes=1, threads=1) as aligner:
                seen = look_at(aligner, known)
            found = [[*one.face.head_pose] for one in seen]
            print(f"\n{model}, {path.stem}\n\n{pose_table(errors_by_yaw(found, known.head_poses))}")


if __name__ == "__main__":
    main()
