"""Loss of light and of quality that a picture with many small faces survives."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["degrade_picture", "relight_picture"]

Picture = NDArray[np.uint8]


def relight_picture(picture: Picture, generator: np.random.Generator) -> Picture:
    """Now and then make an (H, W, 3) picture very dark, or dark towards one side."""
    draw = generator.random()
    if draw < 0.1:
        dark = picture * np.float32(np.exp(generator.uniform(np.log(0.05), np.log(0.5))))
        noise = generator.standard_normal(picture.shape, dtype=np.float32)
        return _in_range(dark + noise * np.float32(generator.uniform(0, 5)))
    if draw < 0.18:
        side = picture.shape[0]
        angle = generator.uniform(0, 2 * np.pi)
        y, x = np.mgrid[:side, : picture.shape[1]].astype(np.float32) / side - 0.5
        slope = np.cos(angle) * x + np.sin(angle) * y
        gain = 1 / (1 + np.exp(-generator.uniform(3, 14) * slope))
        gain = generator.uniform(0.05, 0.5) + gain * generator.uniform(0.7, 1.4)
        return _in_range(picture * gain[..., np.newaxis])
    return picture


def _in_range(values: NDArray[np.floating]) -> Picture:
    rounded: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return rounded


def degrade_picture(
    picture: Picture, generator: np.random.Generator, *, most_blur: float
) -> Picture:
    """Blur, lose resolution, add noise or compress, each now and then.

    Args:
        picture: (H, W, 3) uint8 RGB.
        generator: Source of chance.
        most_blur: Largest deviation of the blur in pixels; resolution is lost to a like degree.
    """
    draws = generator.random(5)
    if draws[0] < 0.15:
        picture = _blur(picture, generator.uniform(0.3, most_blur))
    if draws[4] < 0.08:
        picture = _shake(picture, 1 + 2.5 * most_blur * generator.random(), generator)
    if draws[1] < 0.15:
        picture = _coarsen(picture, generator.uniform(1.0, 1.0 + most_blur))
    if draws[2] < 0.15:
        picture = _add_noise(picture, generator.uniform(3, 14), generator)
    if draws[3] < 0.15:
        picture = _compress(picture, int(generator.integers(30, 85)))
    return picture


def _blur(picture: Picture, deviation: float) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), deviation)  # type: ignore[return-value]


def _shake(picture: Picture, length: float, generator: np.random.Generator) -> Picture:
    """Blur along a line, as a moving camera does."""
    size = 2 * int(np.ceil(length)) + 1
    kernel = np.zeros((size, size), np.float32)
    angle = generator.uniform(0, np.pi)
    reach = length * np.array([np.cos(angle), np.sin(angle)])
    middle = np.full(2, size // 2)
    begin, end = (np.round(middle + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, begin, end, 1.0)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())  # type: ignore[return-value]


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
