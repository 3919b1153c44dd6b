"""How far eyes and mouth are open, from the 68 iBUG points and the head pose.

An eye that closes is best told by its upper lid, which drops below the line of the corners, and it
must be measured in the frame of the head: seen in the picture, the opening shrinks when the head
looks up or down, and the width when it looks aside. ``benchmarks/eyes.py`` measures how well open
and closed eyes are told apart.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["eye_openness", "lip_openness"]

_RIGHT_EYE = (36, 37, 38, 39, 40, 41)  # outer corner, two upper, inner corner, two lower
_LEFT_EYE = (45, 44, 43, 42, 47, 46)
_INNER_LIP = (60, 61, 63, 64, 65, 67)
_TURNED_OUTWARDS = math.radians(20)  # of an eye's opening, about the head's upright axis
_SMALLEST_WIDTH = 0.3  # of an eye turned away, as a part of its width seen from the front


def eye_openness(
    landmarks: NDArray[np.float32], rotation: NDArray[np.float64]
) -> tuple[float, float]:
    """Return height / width of the right and the left eye, as if seen from the front of the head.

    It lies within [0, 1]: lids that cross are closed, and no eye is higher than wide.

    The upper lid counts twice as much as the lower one, so this is the eye aspect ratio of
    Soukupová and Čech (CVWW 2016) for an eye whose lids curve alike.

    Args:
        landmarks: (68, 2), x right, y down.
        rotation: (3, 3) ``HeadPose.rotation_matrix``.
    """
    points = landmarks.astype(np.float64)
    return (
        _eye_openness(points[list(_RIGHT_EYE)], rotation, outward=1),
        _eye_openness(points[list(_LEFT_EYE)], rotation, outward=-1),
    )


def _eye_openness(eye: NDArray[np.float64], rotation: NDArray[np.float64], outward: int) -> float:
    """Solve for height and width along the head's axes as the picture shows them."""
    x, y, z = rotation.T
    across = outward * x + math.tan(_TURNED_OUTWARDS) * z  # as wide as x, seen from the front
    along, down = across[:2] * (1, -1), y[:2] * (-1, 1)  # in the picture, y down
    seen = float(np.hypot(*along))
    along = along * (max(seen, _SMALLEST_WIDTH) / max(seen, 1e-9))
    outer, inner = eye[0], eye[3]
    upper, lower = eye[1:3].mean(axis=0), eye[4:6].mean(axis=0)
    middle = (outer + inner) / 2
    width = _cross(inner - outer, down)
    height = (4 * _cross(along, middle - upper) + 2 * _cross(along, lower - middle)) / 3
    return min(max(height / width, 0.0), 1.0) if width else 0.0


def _cross(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(first[0] * second[1] - first[1] * second[0])


def lip_openness(landmarks: NDArray[np.float32]) -> float:
    """Return height / width of the inner lips, as the picture shows them: 0 for a closed mouth."""
    corner, upper_a, upper_b, other_corner, lower_b, lower_a = landmarks[list(_INNER_LIP)].astype(
        np.float64
    )
    heights = np.linalg.norm(upper_a - lower_a) + np.linalg.norm(upper_b - lower_b)
    width = np.linalg.norm(corner - other_corner)
    return float(heights / (2 * width)) if width else 0.0
