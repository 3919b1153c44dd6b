"""Samples of 16 bits, as sensors, scanners and depth cameras store them, to 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_8_bits"]


def to_8_bits(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the upper 8 of the bits that the samples use.

    Sensors with 10 or 12 bits leave the upper ones empty: a picture whose largest sample is 900
    is scaled as one of 10 bits.

    Args:
        samples: Any shape; it may be overwritten.
    """
    used_bits = int(samples.max(initial=0)).bit_length()
    if used_bits > 8:
        np.right_shift(samples, used_bits - 8, out=samples)
    return samples.astype(np.uint8)
