"""Eyes of a turned head, as a picture shows them."""

from __future__ import annotations

import numpy as np

from asmnet_sdk import HeadPose


def eyes_of(pose: HeadPose, *, upper: float = 0.2, lower: float = 0.2) -> np.ndarray:
    """The two eyes of a head in space, turned; 1 wide as its front shows them."""
    lids = np.array(
        [(-0.5, 0), (-0.2, upper), (0.2, upper), (0.5, 0), (0.2, -lower), (-0.2, -lower)]
    )
    tilt = np.radians(20)
    points = np.zeros((68, 2), np.float32)
    for order, side in (((36, 37, 38, 39, 40, 41), 1), ((45, 44, 43, 42, 47, 46), -1)):
        x, y = lids.T
        in_head = np.stack([side * x, y, x * np.tan(tilt)], axis=-1)
        in_space = in_head @ pose.rotation_matrix.T
        points[list(order)] = 100 * in_space[:, :2] * (1, -1) + (200 + 100 * side, 200)
    return points
