"""A low-pass filter of values that come at uneven times."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["smoothing_weight"]


def smoothing_weight(cutoff_hz: ArrayLike, elapsed_seconds: float) -> NDArray[np.float64]:
    """Return the share of the new value in a low-pass filter: alpha in the One-Euro paper."""
    time_constant = 1 / (2 * np.pi * np.asarray(cutoff_hz, np.float64))
    weight: NDArray[np.float64] = 1 / (1 + time_constant / elapsed_seconds)
    return weight
