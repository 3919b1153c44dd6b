"""Plane transforms, box overlap and head rotations in pure numpy.

Pixel coordinates: x right, y down, (0, 0) is the centre of the top-left pixel. A transform is a
2x3 float64 matrix that maps column vectors (x, y, 1). What is done with the transforms themselves
is done in Python's floats: after a network has run, numpy's linear algebra is out of the caches,
and the first call of it takes as long as a hundred such sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "compose",
    "euler_to_rotation",
    "fit_similarity",
    "intersection_over_union",
    "invert",
    "mean_head_pose",
    "roll_in_image",
    "rotate_head_pose",
    "rotation_to_euler",
    "scale_of",
    "transform_points",
    "wrap_angle",
]

Matrix = NDArray[np.float64]


def transform_points(matrix: ArrayLike, points: ArrayLike) -> Matrix:
    """Map (..., 2) points by a (2, 3) transform."""
    matrix = np.asarray(matrix, np.float64)
    mapped: Matrix = np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return mapped


def compose(outer: ArrayLike, inner: ArrayLike) -> Matrix:
    """Return the (2, 3) transform that applies ``inner`` first, then ``outer``."""
    (a, b, x), (c, d, y) = _rows_of(outer)
    (e, f, u), (g, h, v) = _rows_of(inner)
    return np.array(
        [
            [a * e + b * g, a * f + b * h, a * u + b * v + x],
            [c * e + d * g, c * f + d * h, c * u + d * v + y],
        ]
    )


def invert(matrix: ArrayLike) -> Matrix:
    """Return the inverse of a (2, 3) transform.

    Raises:
        ZeroDivisionError: The transform flattens the plane, so it has no inverse.
    """
    (a, b, x), (c, d, y) = _rows_of(matrix)
    area = a * d - b * c
    a, b, c, d = d / area, -b / area, -c / area, a / area
    return np.array([[a, b, -a * x - b * y], [c, d, -c * x - d * y]])


def scale_of(matrix: ArrayLike) -> float:
    """Return how much a transform enlarges lengths: the root of its area factor."""
    (a, b, _), (c, d, _) = _rows_of(matrix)
    return math.sqrt(abs(a * d - b * c))


def _rows_of(matrix: ArrayLike) -> list[list[float]]:
    rows: list[list[float]] = np.asarray(matrix, np.float64).tolist()
    return rows


def fit_similarity(source: ArrayLike, target: ArrayLike) -> Matrix:
    """Fit the similarity transform (scale, rotation, shift) from source to target points.

    Least squares in closed form (Umeyama, PAMI 1991), reflection excluded.

    Args:
        source: (N, 2) points, N >= 2, not all equal.
        target: (N, 2) points.

    Returns:
        The (2, 3) transform.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    # As complex numbers a similarity is one factor, z -> factor * z.
    before = (source - source_mean) @ np.array([1, 1j])
    after = (target - target_mean) @ np.array([1, 1j])
    factor = np.vdot(before, after) / np.vdot(before, before).real
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def intersection_over_union(boxes: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Return the (N, M) overlap of (N, 4) with (M, 4) boxes (x_min, y_min, x_max, y_max)."""
    first = np.asarray(boxes, np.float64).reshape(-1, 1, 4)
    second = np.asarray(others, np.float64).reshape(1, -1, 4)
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(some[..., 2:] - some[..., :2], axis=-1) for some in (first, second)]
    union = np.maximum(areas[0] + areas[1] - shared, np.finfo(np.float64).tiny)
    overlap: NDArray[np.float64] = shared / union
    return overlap


def euler_to_rotation(angles_degrees: ArrayLike) -> NDArray[np.float64]:
    """Turn yaw, pitch, roll into rotation matrices: R = Rx(pitch) Ry(yaw) Rz(roll).

    The 300W-LP / AFLW2000-3D convention. Frame: x to the right of the image, y up, z towards the
    camera; ``R[:, 2]`` is where the nose points.

    Args:
        angles_degrees: (..., 3) yaw, pitch, roll in degrees.

    Returns:
        (..., 3, 3) rotation matrices.
    """
    angles = np.radians(np.asarray(angles_degrees, np.float64))
    sy, sp, sr = np.moveaxis(np.sin(angles), -1, 0)
    cy, cp, cr = np.moveaxis(np.cos(angles), -1, 0)
    rows = (  # the product, multiplied out
        (cy * cr, cy * sr, -sy),
        (sp * sy * cr - cp * sr, sp * sy * sr + cp * cr, sp * cy),
        (cp * sy * cr + sp * sr, cp * sy * sr - sp * cr, cp * cy),
    )
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def rotation_to_euler(rotation: ArrayLike) -> NDArray[np.float64]:
    """Turn (..., 3, 3) rotation matrices into (..., 3) yaw, pitch, roll in degrees.

    The inverse of ``euler_to_rotation``; yaw lies in [-90, 90].
    """
    rotation = np.asarray(rotation, np.float64)
    yaw = np.arcsin(np.clip(-rotation[..., 0, 2], -1, 1))
    pitch = np.arctan2(rotation[..., 1, 2], rotation[..., 2, 2])
    roll = np.arctan2(rotation[..., 0, 1], rotation[..., 0, 0])
    angles: NDArray[np.float64] = np.degrees(np.stack([yaw, pitch, roll], axis=-1))
    return angles


def rotate_head_pose(angles_degrees: ArrayLike, clockwise_degrees: float) -> NDArray[np.float64]:
    """Return the (..., 3) yaw, pitch, roll after the picture itself was turned clockwise."""
    turn = euler_to_rotation([0.0, 0.0, clockwise_degrees])
    return rotation_to_euler(turn @ euler_to_rotation(angles_degrees))


def mean_head_pose(
    first_degrees: Iterable[float], second_degrees: Iterable[float]
) -> tuple[float, float, float]:
    """Return yaw, pitch, roll halfway between two heads, on the shortest rotation between them.

    Angles themselves have no mean where a yaw is near 90 degrees or a head upside down.
    """
    first, second = _to_quaternion(first_degrees), _to_quaternion(second_degrees)
    sign = math.copysign(1, sum(a * b for a, b in zip(first, second, strict=True)))
    w, x, y, z = (a + sign * b for a, b in zip(first, second, strict=True))
    square = w * w + x * x + y * y + z * z
    yaw = math.asin(max(-1.0, min(1.0, 2 * (w * y - x * z) / square)))
    pitch = math.atan2(2 * (w * x + y * z), w * w - x * x - y * y + z * z)
    roll = math.atan2(2 * (w * z + x * y), w * w + x * x - y * y - z * z)
    return (math.degrees(yaw), math.degrees(pitch), math.degrees(roll))


def _to_quaternion(angles_degrees: Iterable[float]) -> tuple[float, float, float, float]:
    """Return w, x, y, z of the transposed matrix of ``euler_to_rotation``."""
    yaw, pitch, roll = (math.radians(angle) / 2 for angle in angles_degrees)
    cy, cp, cr = math.cos(yaw), math.cos(pitch), math.cos(roll)
    sy, sp, sr = math.sin(yaw), math.sin(pitch), math.sin(roll)
    return (
        cr * cy * cp + sr * sy * sp,
        cr * cy * sp - sr * sy * cp,
        cr * sy * cp + sr * cy * sp,
        sr * cy * cp - cr * sy * sp,
    )


def roll_in_image(angles_degrees: Iterable[float]) -> float:
    """Return by how many degrees the head's up axis is turned clockwise in the image.

    Turning the picture adds to it, at any yaw and pitch; it is 0 exactly where roll is.

    Args:
        angles_degrees: Yaw, pitch, roll in degrees, as a ``HeadPose`` yields them.
    """
    yaw, pitch, roll = map(math.radians, angles_degrees)
    across = math.cos(yaw) * math.sin(roll)
    up = math.cos(pitch) * math.cos(roll) + math.sin(pitch) * math.sin(yaw) * math.sin(roll)
    return math.degrees(math.atan2(across, up))


@overload
def wrap_angle(degrees: float) -> float: ...


@overload
def wrap_angle(degrees: NDArray[Any]) -> NDArray[Any]: ...


def wrap_angle(degrees: float | NDArray[Any]) -> float | NDArray[Any]:
    """Return the angle, or array of angles, in [-180, 180) that points the same way."""
    return (degrees + 180) % 360 - 180
