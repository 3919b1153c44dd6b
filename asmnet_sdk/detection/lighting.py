"""Dark pictures, made as bright as most photos are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["brightened"]

_DARK, _BRIGHT, _MOST_GAIN = 72.0, 180.0, 16.0
_BLOCK = 16  # pixels, as large as a small face: what is bright in one may be one in the light


def brightened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an (H, W, 3) picture brighter if it is dark all over, and else as it is."""
    size_wh = [max(length // _BLOCK, 1) for length in picture.shape[1::-1]]
    brightest = float(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA).max())
    if brightest >= _DARK:
        return picture
    gain = min(_BRIGHT / max(brightest, 1.0), _MOST_GAIN)
    return cv2.convertScaleAbs(picture, alpha=gain)  # type: ignore[return-value]
