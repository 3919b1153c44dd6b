"""Timing by turns: what is compared runs in one process, call after call, so luck hits all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["interleave", "median_ratio"]

_WARM_UP = 3


def interleave(
    calls: Mapping[str, Callable[[], object]], rounds: int, *, pause_seconds: float = 0
) -> dict[str, NDArray[np.float64]]:
    """Return (rounds,) milliseconds of each call, all called in turn; first some that don't count.

    Args:
        calls: What to time.
        rounds: How often.
        pause_seconds: Before each call, so that threads of the call before, which go on waiting
            for work for a while, come to rest.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + _WARM_UP):
        for name, call in calls.items():
            time.sleep(pause_seconds)
            started = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values[_WARM_UP:]) for name, values in times.items()}


def median_ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> float:
    """Return the median over the rounds of one time divided by another of the same round."""
    return float(np.median(numerator / denominator))
