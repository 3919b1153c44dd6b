"""Loss of quality that a picture with many small faces survives."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["degrade_picture"]

Picture = NDArray[np.uint8]


def degrade_picture(
    picture: Picture, generator: np.random.Generator, *, most_blur: float
) -> Picture:
    """Blur, lose resolution, add noise or compress, each now and then.

    Args:
        picture: (H, W, 3) uint8 RGB.
        generator: Source of chance.
        most_blur: Largest deviation of the blur in pixels; resolution is lost to a like degree.
    """
    draws = generator.random(4)
    if draws[0] < 0.2:
        picture = _blur(picture, generator.uniform(0.3, most_blur))
    if draws[1] < 0.15:
        picture = _coarsen(picture, generator.uniform(1.0, 1.0 + most_blur))
    if draws[2] < 0.15:
        picture = _add_noise(picture, generator.uniform(3, 14), generator)
    if draws[3] < 0.15:
        picture = _compress(picture, int(generator.integers(30, 85)))
    return picture


def _blur(picture: Picture, deviation: float) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), deviation)  # type: ignore[return-value]


def _coarsen(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    small_wh = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.resize(picture, small_wh, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _add_noise(picture: Picture, deviation: float, generator: np.random.Generator) -> Picture:
    noise = generator.standard_normal(picture.shape, dtype=np.float32) * np.float32(deviation)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _compress(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]
