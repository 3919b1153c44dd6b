"""A canvas for charts: rectangles, lines and texts in pixels, averaged down from a larger copy."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidInputError

__all__ = ["Canvas", "Color", "text_width", "tick_step"]

Color: TypeAlias = tuple[int, int, int]
Anchor: TypeAlias = Literal["left", "middle", "right"]

_ZOOM = 4
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Canvas:
    """A white picture; positions are pixels, x right, y down.

    Args:
        width: Width in pixels.
        height: Height in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self._large = np.full((height * _ZOOM, width * _ZOOM, 3), 255, np.uint8)

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture so far: (height, width, 3) uint8 RGB."""
        height, width = self._large.shape[0] // _ZOOM, self._large.shape[1] // _ZOOM
        reduced = cv2.resize(self._large, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.uint8)

    def rectangle(
        self, corner: tuple[float, float], size_wh: tuple[float, float], color: Color
    ) -> None:
        """Fill a rectangle, given its top-left corner."""
        left, top, right, bottom = (
            round(value * _ZOOM)
            for value in (*corner, corner[0] + size_wh[0], corner[1] + size_wh[1])
        )
        self._large[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = color

    def line(
        self, start: tuple[float, float], end: tuple[float, float], color: Color, width: float = 1
    ) -> None:
        """Draw a level or an upright line, ``width`` pixels wide."""
        low, high = np.minimum(start, end) - width / 2, np.maximum(start, end) + width / 2
        size = high - low
        self.rectangle((float(low[0]), float(low[1])), (float(size[0]), float(size[1])), color)

    def text(
        self,
        position: tuple[float, float],
        words: str,
        color: Color,
        *,
        size: float = 13,
        anchor: Anchor = "left",
    ) -> None:
        """Write one line of ASCII text, the middle of its capitals at ``position``.

        Args:
            position: (x, y); ``anchor`` says which end of the text x is.
            words: The text.
            color: RGB.
            size: Height of a line in pixels; a capital takes two thirds of it.
            anchor: "left", "middle" or "right".
        """
        scale = _scale_of(size)
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * text_width(words, size)
        origin = (
            round((position[0] - shift) * _ZOOM),
            round((position[1] + size / 3) * _ZOOM),
        )
        stroke = max(1, round(2 * scale))
        cv2.putText(self._large, words, origin, _FONT, scale, color, stroke, cv2.LINE_AA)

    def save(self, path: Path) -> None:
        """Write the picture, in the format that the name of the file says.

        Raises:
            InvalidInputError: OpenCV writes no such format.
        """
        bgr = cv2.cvtColor(self.image, cv2.COLOR_RGB2BGR)
        try:
            is_encoded, data = cv2.imencode(path.suffix, bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        except cv2.error as exc:
            raise InvalidInputError(f"{path} is no picture that OpenCV can write") from exc
        if not is_encoded:
            raise InvalidInputError(f"{path} is no picture that OpenCV can write")
        path.write_bytes(data.tobytes())


def text_width(words: str, size: float = 13) -> float:
    """Return how many pixels wide ``Canvas.text`` writes."""
    return cv2.getTextSize(words, _FONT, _scale_of(size), 2)[0][0] / _ZOOM


def _scale_of(size: float) -> float:
    """Return the scale at which a capital, 21 units high, takes two thirds of a line."""
    return size * _ZOOM * 2 / 3 / 21


def tick_step(highest: float, ticks: int = 6) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that makes at most so many ticks."""
    rough = highest / ticks
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough))
