"""One-Euro smoothing of landmarks and head pose: steady at rest, quick in motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.arguments import is_number, require
from asmnet_sdk.geometry import wrap_angle
from asmnet_sdk.results import BoundingBox, Face, HeadPose

__all__ = ["BETA", "MIN_CUTOFF_HZ", "FaceSmoother", "OneEuroFilter", "smoothing_weight"]

# Tuned with benchmarks/video.py: a still face is steadier by more than three times, a moving one
# trails by less than a frame.
MIN_CUTOFF_HZ = 0.5
BETA = 20.0

# A turn by one radian moves the nose about as far as half the face is wide.
_DEGREES_LIKE_A_FACE = float(np.degrees(1.0)) * 2


class OneEuroFilter:
    """A low-pass filter whose cutoff rises with the speed of what it filters.

    Casiez, Roussel and Vogel, *1 Euro Filter*, CHI 2012, algorithm 1, for points instead of
    numbers: the speed is the length of a point's velocity, so a turned picture is filtered alike.

    Args:
        min_cutoff_hz: Cutoff at rest; lower is steadier. ``inf`` switches the filter off.
        beta: How much the cutoff rises with the speed, in Hz per (unit / second); higher follows
            faster.
        derivative_cutoff_hz: Cutoff of the velocity.

    Raises:
        InvalidInputError: A cutoff is not positive, or ``beta`` is negative.
    """

    def __init__(
        self, *, min_cutoff_hz: float, beta: float, derivative_cutoff_hz: float = 1.0
    ) -> None:
        for name, cutoff in (
            ("min_cutoff_hz", min_cutoff_hz),
            ("derivative_cutoff_hz", derivative_cutoff_hz),
        ):
            require(name, cutoff, is_number(cutoff) and cutoff > 0, "above 0")
        require("beta", beta, is_number(beta) and 0 <= beta < np.inf, "0 or more")
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._derivative_cutoff_hz = derivative_cutoff_hz
        self._points: NDArray[np.float64] | None = None
        self._velocity: NDArray[np.float64] | float = 0.0

    def reset(self) -> None:
        """Forget the past: the next points pass unchanged."""
        self._points = None
        self._velocity = 0.0

    def update(
        self, points: ArrayLike, *, elapsed_seconds: float, unit: float = 1.0
    ) -> NDArray[np.float64]:
        """Filter the next points.

        Args:
            points: (N, D): N points, each filtered by its own speed.
            elapsed_seconds: Time since the points before, above 0; the first call ignores it.
            unit: The length that speeds are measured in, such as the size of a face.

        Returns:
            (N, D) filtered points.
        """
        points = np.array(points, np.float64)
        if self._points is not None:
            velocity = (points - self._points) / elapsed_seconds
            weight = smoothing_weight(self._derivative_cutoff_hz, elapsed_seconds)
            self._velocity = self._velocity + weight * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True) / unit
            weight = smoothing_weight(self._min_cutoff_hz + self._beta * speed, elapsed_seconds)
            points = self._points + weight * (points - self._points)
        self._points = points
        return points.copy()


def smoothing_weight(cutoff_hz: ArrayLike, elapsed_seconds: float) -> NDArray[np.float64]:
    """Return the share of the new value in a low-pass filter: alpha in the paper."""
    time_constant = 1 / (2 * np.pi * np.asarray(cutoff_hz, np.float64))
    weight: NDArray[np.float64] = 1 / (1 + time_constant / elapsed_seconds)
    return weight


class FaceSmoother:
    """Smooths the landmarks and the head pose of one face over time.

    Speeds are measured in face sizes (the root of the area of the box around the landmarks), so
    small and large faces are smoothed alike.

    Args:
        min_cutoff_hz: Cutoff at rest, as in ``OneEuroFilter``.
        beta: Hz per (face size / second).
    """

    def __init__(self, *, min_cutoff_hz: float = MIN_CUTOFF_HZ, beta: float = BETA) -> None:
        self._landmarks = OneEuroFilter(min_cutoff_hz=min_cutoff_hz, beta=beta)
        self._angles = OneEuroFilter(min_cutoff_hz=min_cutoff_hz, beta=beta)
        self._last_angles = np.zeros(3)

    def reset(self) -> None:
        """Forget the past: the next face passes unchanged."""
        self._landmarks.reset()
        self._angles.reset()

    def smooth(self, face: Face, *, elapsed_seconds: float) -> Face:
        """Return the face with smoothed landmarks and head pose."""
        landmarks = self._landmarks.update(
            face.landmarks,
            elapsed_seconds=elapsed_seconds,
            unit=float(np.sqrt(BoundingBox.around(face.landmarks).area)),
        )
        pose = face.head_pose
        angles = np.array([pose.yaw, pose.pitch, pose.roll], np.float64)
        # +179 and -179 degrees are 2 degrees apart.
        angles -= 360 * np.round((angles - self._last_angles) / 360)
        self._last_angles = self._angles.update(
            angles[:, np.newaxis], elapsed_seconds=elapsed_seconds, unit=_DEGREES_LIKE_A_FACE
        )[:, 0]
        smoothed = wrap_angle(self._last_angles)
        return replace(
            face, landmarks=landmarks.astype(np.float32), head_pose=HeadPose(*smoothed.tolist())
        )
