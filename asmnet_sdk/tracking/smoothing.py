"""Smoothing of landmarks and head pose: steady at rest, quick in motion.

The motion of the whole head carries the smoothed points along; a One-Euro filter smooths what is
left, which is noise, and the motion of single parts such as the mouth.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.arguments import is_number, require
from asmnet_sdk.geometry import rotation_to_euler
from asmnet_sdk.results import BoundingBox, Face, HeadPose
from asmnet_sdk.tracking.low_pass import smoothing_weight
from asmnet_sdk.tracking.motion import SharedMotion

__all__ = ["BETA", "MIN_CUTOFF_HZ", "FaceSmoother", "OneEuroFilter"]

# Tuned with benchmarks/video.py: a still face is steadier by more than four times, a moving one
# trails by less than half a frame.
MIN_CUTOFF_HZ = 0.2
BETA = 30.0
_DERIVATIVE_CUTOFF_HZ = 2.0
_REST_SPEED = 0.04

# Cutoffs of the head's own motion. 68 landmarks tell it with little noise, the head pose with more.
_LANDMARK_MOTION_HZ = 5.0
_TURN_MOTION_HZ = 2.0

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
        rest_speed: In unit / second: so much of every speed counts as noise. 0 is the paper's
            filter.

    Raises:
        InvalidInputError: A cutoff is not positive, or ``beta`` or ``rest_speed`` is negative.
    """

    def __init__(
        self,
        *,
        min_cutoff_hz: float,
        beta: float,
        derivative_cutoff_hz: float = 1.0,
        rest_speed: float = 0.0,
    ) -> None:
        for name, cutoff in (
            ("min_cutoff_hz", min_cutoff_hz),
            ("derivative_cutoff_hz", derivative_cutoff_hz),
        ):
            require(name, cutoff, is_number(cutoff) and cutoff > 0, "above 0")
        for name, least in (("beta", beta), ("rest_speed", rest_speed)):
            require(name, least, is_number(least) and 0 <= least < np.inf, "0 or more")
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._derivative_cutoff_hz = derivative_cutoff_hz
        self._rest_speed = rest_speed
        self._points: NDArray[np.float64] | None = None
        self._velocity: NDArray[np.float64] | float = 0.0

    def reset(self) -> None:
        """Forget the past: the next points pass unchanged."""
        self._points = None
        self._velocity = 0.0

    def update(
        self,
        points: ArrayLike,
        *,
        elapsed_seconds: float,
        unit: float = 1.0,
        carried: NDArray[np.float64] | float = 0.0,
    ) -> NDArray[np.float64]:
        """Filter the next points.

        Args:
            points: (N, D): N points, each filtered by its own speed.
            elapsed_seconds: Time since the points before, above 0; the first call ignores it.
            unit: The length that speeds are measured in, such as the size of a face.
            carried: (N, D), or 0 for all: how far a known motion has carried the points since
                those before. It passes unfiltered.

        Returns:
            (N, D) filtered points.
        """
        points = np.array(points, np.float64)
        if self._points is not None:
            velocity = (points - self._points) / elapsed_seconds
            weight = smoothing_weight(self._derivative_cutoff_hz, elapsed_seconds)
            self._velocity = self._velocity + weight * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True) / unit
            cutoff = self._min_cutoff_hz + self._beta * np.maximum(speed - self._rest_speed, 0)
            expected = self._points + carried
            points = expected + smoothing_weight(cutoff, elapsed_seconds) * (points - expected)
        self._points = points
        return points.copy()


class _MotionSmoother:
    """Points that move together, and each a little by itself."""

    def __init__(self, *, min_cutoff_hz: float, beta: float, motion_cutoff_hz: float) -> None:
        self._motion = SharedMotion(motion_cutoff_hz)
        self._filter = OneEuroFilter(
            min_cutoff_hz=min_cutoff_hz,
            beta=beta,
            derivative_cutoff_hz=_DERIVATIVE_CUTOFF_HZ,
            rest_speed=_REST_SPEED,
        )

    def reset(self) -> None:
        self._motion.reset()
        self._filter.reset()

    def smooth(
        self, points: NDArray[np.float64], *, elapsed_seconds: float, unit: float
    ) -> NDArray[np.float64]:
        carried = self._motion.update(points, elapsed_seconds=elapsed_seconds, unit=unit)
        return self._filter.update(
            points, elapsed_seconds=elapsed_seconds, unit=unit, carried=carried
        )


class _RotationSmoother:
    """A rotation, smoothed by the turns about the head's own axes that lead from one to the next.

    Unlike yaw, pitch and roll these do not jump while a head passes the profile.
    """

    def __init__(self, smoother: _MotionSmoother) -> None:
        self._smoother = smoother
        self.reset()

    def reset(self) -> None:
        self._smoother.reset()
        self._rotation: NDArray[np.float64] | None = None
        self._turned = np.zeros(3)  # degrees about x, y and z, of all turns until now

    def smooth(
        self, rotation: NDArray[np.float64], *, elapsed_seconds: float
    ) -> NDArray[np.float64]:
        before = rotation if self._rotation is None else self._rotation
        turn = np.degrees(cv2.Rodrigues(before.T @ rotation)[0][:, 0])
        [turned] = self._smoother.smooth(
            (self._turned + turn)[np.newaxis],
            elapsed_seconds=elapsed_seconds,
            unit=_DEGREES_LIKE_A_FACE,
        )
        smoothed: NDArray[np.float64] = cv2.Rodrigues(np.radians(turned - self._turned))[0]
        self._rotation, self._turned = before @ smoothed, turned
        return self._rotation


class FaceSmoother:
    """Smooths the landmarks and the head pose of one face over time.

    Speeds are measured in face sizes (the root of the area of the box around the landmarks), so
    small and large faces are smoothed alike.

    Args:
        min_cutoff_hz: Cutoff at rest, as in ``OneEuroFilter``.
        beta: Hz per (face size / second).
    """

    def __init__(self, *, min_cutoff_hz: float = MIN_CUTOFF_HZ, beta: float = BETA) -> None:
        self._landmarks, turns = (
            _MotionSmoother(min_cutoff_hz=min_cutoff_hz, beta=beta, motion_cutoff_hz=motion)
            for motion in (_LANDMARK_MOTION_HZ, _TURN_MOTION_HZ)
        )
        self._rotation = _RotationSmoother(turns)

    def reset(self) -> None:
        """Forget the past: the next face passes unchanged."""
        self._landmarks.reset()
        self._rotation.reset()

    def smooth(self, face: Face, *, elapsed_seconds: float) -> Face:
        """Return the face with smoothed landmarks and head pose."""
        face_size = float(np.sqrt(BoundingBox.around(face.landmarks).area))
        landmarks = self._landmarks.smooth(
            face.landmarks.astype(np.float64), elapsed_seconds=elapsed_seconds, unit=face_size
        )
        rotation = self._rotation.smooth(
            face.head_pose.rotation_matrix, elapsed_seconds=elapsed_seconds
        )
        return replace(
            face,
            landmarks=landmarks.astype(np.float32),
            head_pose=HeadPose(*rotation_to_euler(rotation).tolist()),
        )
