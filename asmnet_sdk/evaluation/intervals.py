"""How far a mean may be off, from the faces at hand alone: bootstrap intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["mean_interval"]

_RESAMPLES = 2000


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> tuple[float, float] | None:
    """Return the interval that holds the mean with a probability: the percentile bootstrap.

    It says what other faces of the same kind would change, not what other kinds would. The same
    values give the same interval.

    Args:
        values: (N,) finite numbers, one a face.
        level: The probability, in (0, 1).

    Returns:
        Lower and upper end; None for fewer than two values.
    """
    numbers = np.asarray(values, np.float64)
    if len(numbers) < 2:
        return None
    generator = np.random.default_rng(0)
    means = np.empty(_RESAMPLES)
    for index in range(_RESAMPLES):
        means[index] = numbers[generator.integers(0, len(numbers), len(numbers))].mean()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high
