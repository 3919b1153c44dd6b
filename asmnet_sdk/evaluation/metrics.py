"""Accuracy figures: NME, failure rate, area under the error curve, head pose error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.geometry import euler_to_rotation, wrap_angle
from asmnet_sdk.layouts import IBUG_68, Layout

__all__ = [
    "FAILURE_THRESHOLD_PERCENT",
    "area_under_curve",
    "failure_rate",
    "head_pose_errors",
    "inter_ocular_nme",
    "rotation_errors",
]

FAILURE_THRESHOLD_PERCENT = 8.0


def inter_ocular_nme(
    predicted: ArrayLike, truth: ArrayLike, layout: Layout = IBUG_68
) -> NDArray[np.float64]:
    """Return each face's normalised mean error in percent.

    The mean distance of its points from the truth, divided by the distance of the true outer eye
    corners (the normalisation of the 300-W challenge).

    Args:
        predicted: (..., K, 2) points.
        truth: (..., K, 2) points, same unit.
        layout: Which points they are.

    Returns:
        (...) percentages.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    right, left = layout.eye_corners
    eye_distance = np.linalg.norm(truth[..., right, :] - truth[..., left, :], axis=-1)
    point_errors = np.linalg.norm(predicted - truth, axis=-1)
    nme_percent: NDArray[np.float64] = 100.0 * point_errors.mean(axis=-1) / eye_distance
    return nme_percent


def failure_rate(nme_percent: ArrayLike, threshold: float = FAILURE_THRESHOLD_PERCENT) -> float:
    """Return the percentage of faces whose NME exceeds the threshold (both in percent)."""
    return float(100.0 * np.mean(np.asarray(nme_percent) > threshold))


def area_under_curve(nme_percent: ArrayLike, threshold: float = FAILURE_THRESHOLD_PERCENT) -> float:
    """Return the area under the cumulative error curve up to the threshold, in [0, 1]."""
    errors = np.asarray(nme_percent, np.float64)
    return float(np.mean(np.clip(1 - errors / threshold, 0, None)))


def head_pose_errors(predicted: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Return (3,) mean absolute errors of (N, 3) yaw, pitch, roll, in degrees."""
    difference = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    wrapped = wrap_angle(difference)
    errors: NDArray[np.float64] = np.abs(wrapped).mean(axis=0)
    return errors


def rotation_errors(predicted: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Return the (N,) angles of the turns between (N, 3) head poses, all in degrees.

    Unlike an error of pitch or roll, such an angle means the same at any yaw.

    Args:
        predicted: Yaw, pitch, roll, as ``HeadPose`` has them.
        truth: The same of the annotated faces.
    """
    apart = euler_to_rotation(predicted) - euler_to_rotation(truth)
    half_chord = np.sqrt(np.square(apart).sum(axis=(1, 2)) / 8)
    errors: NDArray[np.float64] = np.degrees(2 * np.arcsin(np.clip(half_chord, 0, 1)))
    return errors
