"""Boxes and landmarks in the mirror image of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox

__all__ = ["mirror_box", "mirror_points"]


def mirror_box(box: BoundingBox, width: int) -> BoundingBox:
    """Return where a box lies when a picture of that width is mirrored."""
    return BoundingBox(width - 1 - box.x_max, box.y_min, width - 1 - box.x_min, box.y_max)


def mirror_points(
    landmarks: NDArray[np.float32], layout: Layout, width: int
) -> NDArray[np.float32]:
    """Return where (K, 2) landmarks lie when a picture of that width is mirrored."""
    points = landmarks[list(layout.mirror)].copy()
    points[:, 0] = width - 1 - points[:, 0]
    return points
