"""Loss of light, colour and quality, as pictures of all kinds of cameras have it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Wear", "degrade", "light_from_a_side", "recolour"]

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Wear:
    """How often pictures suffer from something, and how much then."""

    share: float
    least: float
    most: float

    def draw(self, generator: np.random.Generator) -> float | None:
        """Return how much a picture suffers, or None."""
        if generator.random() >= self.share:
            return None
        return float(generator.uniform(self.least, self.most))


def degrade(
    image: Image,
    generator: np.random.Generator,
    *,
    blur: Wear,
    resolution: Wear,
    noise: Wear,
    quality: Wear,
    shake: Wear | None = None,
) -> Image:
    """Blur, lose resolution, add noise and compress, each now and then.

    Args:
        image: (H, W, 3) uint8 RGB.
        generator: Source of chance.
        blur: Standard deviation in pixels.
        resolution: Share of the sides that is left.
        noise: Standard deviation in grey levels.
        quality: Of JPEG.
        shake: Length of a blur along a line, as a moving camera makes it, in pixels; None: never.
    """
    if (deviation := blur.draw(generator)) is not None:
        image = cv2.GaussianBlur(image, (0, 0), deviation)  # type: ignore[assignment]
    if shake is not None and (length := shake.draw(generator)) is not None:
        image = _shaken(image, length, generator)
    if (left := resolution.draw(generator)) is not None:
        image = _coarsened(image, left)
    if (deviation := noise.draw(generator)) is not None:
        grain = generator.standard_normal(image.shape, dtype=np.float32) * np.float32(deviation)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
    if (jpeg := quality.draw(generator)) is not None:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(jpeg)])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[assignment]
    return image


def _shaken(image: Image, length: float, generator: np.random.Generator) -> Image:
    size = 2 * int(np.ceil(length)) + 1
    kernel = np.zeros((size, size), np.float32)
    angle = generator.uniform(0, np.pi)
    reach = length * np.array([np.cos(angle), np.sin(angle)])
    middle = np.full(2, size // 2)
    begin, end = (np.round(middle + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, begin, end, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())  # type: ignore[return-value]


def _coarsened(image: Image, left: float) -> Image:
    height, width = image.shape[:2]
    small_wh = (max(1, round(width * left)), max(1, round(height * left)))
    small = cv2.resize(image, small_wh, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def recolour(image: Image, generator: np.random.Generator) -> Image:
    """Change gain, offset, gamma and colour balance through one table a channel."""
    levels = np.linspace(0, 1, 256)
    gamma = np.exp(generator.normal(0, 0.25))
    gain = np.exp(generator.normal(0, 0.15)) * np.exp(generator.normal(0, 0.07, size=(3, 1)))
    tables = gain * levels**gamma + generator.normal(0, 0.06)
    tables = np.clip(255 * tables, 0, 255).astype(np.uint8)
    image = cv2.LUT(image, np.ascontiguousarray(tables.T).reshape(1, 256, 3))  # type: ignore[assignment]
    if generator.random() < 0.15:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        image = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)  # type: ignore[assignment]
    return image


def light_from_a_side(image: Image, generator: np.random.Generator) -> Image:
    """Let the brightness of a square picture fall off along a random direction."""
    turn = generator.uniform(0, 2 * np.pi)
    ramp = np.linspace(-1, 1, len(image))
    slope = generator.uniform(0.2, 1.1)
    across, down = slope * np.cos(turn) * ramp[None], slope * np.sin(turn) * ramp[:, None]
    light = np.exp(across + down - 0.15 * slope).astype(np.float32)
    lit: Image = np.clip(image * light[..., None], 0, 255).astype(np.uint8)
    return lit
