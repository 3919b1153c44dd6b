"""Where annotators put the points of the far side of a turned face: on its visible outline.

In 300-W and WFLW the far jaw runs along the edge of the face that can be seen, from the root of the
nose behind the nose to lips and chin, and the far eye and eyebrow crowd there in a profile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.layouts import IBUG_68, WFLW_98, Layout
from lab.mesh_points import NOSE

__all__ = ["far_side", "is_jaw", "slide_to_outline"]

Points = NDArray[np.float64]

_NEAR_IN_HEIGHT = 0.04  # of the face's height
_SMALLEST_YAW = 10.0


def is_jaw(point_count: int) -> NDArray[np.bool_]:
    """Return which of the 68 or 98 points are of the jaw, the chin left out."""
    jaw = list(_layout(point_count).contours["jaw"].indices)
    jaw.remove(jaw[len(jaw) // 2])
    return np.isin(np.arange(point_count), jaw)


def far_side(points: Points, yaw: float) -> NDArray[np.bool_]:
    """Return which points are of the side that turns away, those of the nose left out.

    Args:
        points: (K, 3) 68 or 98 points of the face in the frame of the head, x to the image right.
        yaw: Head's yaw in degrees. Where it is positive the nose points to the image left, so that
            side is the far one. A face within 10 degrees has none.
    """
    if abs(yaw) < _SMALLEST_YAW:
        return np.zeros(len(points), np.bool_)
    contours = _layout(len(points)).contours
    nose = [i for name, c in contours.items() if name.startswith("nose") for i in c.indices]
    is_far = points[:, 0] * yaw < 0
    is_far[nose] = False
    return is_far


def slide_to_outline(points: Points, mesh: Points, chosen: NDArray[np.bool_], yaw: float) -> Points:
    """Move the chosen points sideways to the outline of the face at their height.

    Args:
        points: (K, 3) in the frame of the picture, y up.
        mesh: (478, 3) of MediaPipe's mesh in the same frame; its nose does not count.
        chosen: (K,) points to move; one that lies beyond the outline stays.
        yaw: Head's yaw in degrees.

    Returns:
        (K, 3).
    """
    side = -1.0 if yaw > 0 else 1.0
    face = np.delete(mesh, NOSE, axis=0)
    reach = _NEAR_IN_HEIGHT * np.ptp(face[:, 1])
    moved = points.copy()
    for k in np.flatnonzero(chosen):
        beside = np.abs(face[:, 1] - points[k, 1]) < reach
        if beside.any():
            outline = (side * face[beside, 0]).max()
            moved[k, 0] = side * max(side * points[k, 0], outline)
    return moved


def _layout(point_count: int) -> Layout:
    return IBUG_68 if point_count == IBUG_68.point_count else WFLW_98
