"""Loss of light and of quality that a picture with many small faces survives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.training.degrading import Wear, degrade

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
    return degrade(
        picture,
        generator,
        blur=Wear(0.15, 0.3, most_blur),
        shake=Wear(0.08, 1, 1 + 2.5 * most_blur),
        resolution=Wear(0.15, 1 / (1 + most_blur), 1),
        noise=Wear(0.15, 3, 14),
        quality=Wear(0.15, 30, 85),
    )
