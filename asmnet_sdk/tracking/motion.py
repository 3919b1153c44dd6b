"""Where a head takes all its points at once: less noisy by far than the motion of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.tracking.low_pass import smoothing_weight

__all__ = ["SharedMotion"]

# Speed in units per second that tells motion from noise: half of it counts there, most of it
# from twice as fast, nearly nothing at half.
_NOTICED_SPEED = 0.06


class SharedMotion:
    """The motion that points have in common, learned from frame to frame.

    It is the affine velocity field nearest to the velocities of the points (least squares), through
    a low-pass filter: a head that moves, nears, rolls, or narrows as it turns away.

    Args:
        cutoff_hz: Cutoff of that filter; lower is steadier, higher notices a change sooner.
    """

    def __init__(self, cutoff_hz: float) -> None:
        self._cutoff_hz = cutoff_hz
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._points: NDArray[np.float64] | None = None
        self._field: NDArray[np.float64] | float = 0.0

    def update(
        self, points: NDArray[np.float64], *, elapsed_seconds: float, unit: float
    ) -> NDArray[np.float64]:
        """Take in the next points; return how far the motion has carried each since the last ones.

        Args:
            points: (N, D) as they were measured.
            elapsed_seconds: Time since the points before, above 0; the first call ignores it.
            unit: The length that speeds are measured in.

        Returns:
            (N, D), zeros at first and while the points rest.
        """
        last, self._points = self._points, points.copy()
        if last is None:
            return np.zeros_like(points)
        places = np.column_stack([(last - last.mean(axis=0)) / unit, np.ones(len(last))])
        velocities = (points - last) / (unit * elapsed_seconds)
        field = np.linalg.lstsq(places, velocities, rcond=None)[0]
        weight = smoothing_weight(self._cutoff_hz, elapsed_seconds)
        self._field = self._field + weight * (field - self._field)
        carried: NDArray[np.float64] = places @ self._field
        speed = float(np.sqrt((carried**2).sum(axis=1).mean()))
        share = speed**4 / (speed**4 + _NOTICED_SPEED**4)
        return carried * (share * elapsed_seconds * unit)
