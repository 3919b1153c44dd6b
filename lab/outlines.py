"""Where the jaw of a turned face lies: on its visible outline, at every yaw.

So annotators of 300-W and WFLW put it: the far half runs along the edge of the face that can be
seen, from the root of the nose behind the nose to lips and chin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.layouts import IBUG_68, WFLW_98
from lab.mesh_points import NOSE

__all__ = ["far_jaw", "slide_to_outline"]

Points = NDArray[np.float64]

_NEAR_IN_HEIGHT = 0.04  # of the face's height
_SMALLEST_YAW = 10.0


def far_jaw(point_count: int, yaw: float) -> list[int]:
    """Return the jaw points of the side that turns away, the chin left out.

    Args:
        point_count: 68 or 98.
        yaw: Head's yaw in degrees. Where it is positive the nose points to the image left, so that
            side is the far one. A face within 10 degrees has none.
    """
    layout = IBUG_68 if point_count == IBUG_68.point_count else WFLW_98
    jaw = layout.contours["jaw"].indices
    half = len(jaw) // 2
    if abs(yaw) < _SMALLEST_YAW:
        return []
    return list(jaw[:half] if yaw > 0 else jaw[half + 1 :])


def slide_to_outline(points: Points, mesh: Points, chosen: list[int], yaw: float) -> Points:
    """Move the chosen points sideways to the outline of the face at their height.

    Args:
        points: (K, 3) in the frame of the picture, y up.
        mesh: (478, 3) of MediaPipe's mesh in the same frame; its nose does not count.
        chosen: Points to move; one that lies beyond the outline stays.
        yaw: Head's yaw in degrees.

    Returns:
        (K, 3).
    """
    side = -1.0 if yaw > 0 else 1.0
    face = np.delete(mesh, NOSE, axis=0)
    reach = _NEAR_IN_HEIGHT * np.ptp(face[:, 1])
    moved = points.copy()
    for k in chosen:
        beside = np.abs(face[:, 1] - points[k, 1]) < reach
        if beside.any():
            outline = (side * face[beside, 0]).max()
            moved[k, 0] = side * max(side * points[k, 0], outline)
    return moved
