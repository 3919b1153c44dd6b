"""Letters with a dark outline, at any height; each is drawn once and then kept."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.strokes import OUTLINE, OUTLINE_OPACITY, Color, lay_over

__all__ = ["draw_text", "fitting_height", "text_size"]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TALLEST = "0#gy"  # no letter reaches higher or lower
_CAP_HEIGHT = 63.0  # of the font at scale 3, in pixels
_BORDER = 12.0  # around a letter at scale 3
_SPACE = 30.0  # between words at scale 3, at least
_ZOOM = 3  # letters are drawn so much larger, then averaged down
_STEPS = 4  # heights are rounded to such a part of a pixel


def text_size(text: str, cap_height: float) -> tuple[float, float]:
    """Return the width and height in pixels of a line of text with capitals of such a height."""
    width = sum(map(_advance, text)) + 2 * _BORDER
    return width * cap_height / _CAP_HEIGHT, _line_height() * cap_height / _CAP_HEIGHT


def fitting_height(text: str, width: float) -> float:
    """Return the height of capitals with which a line of text is so many pixels wide."""
    return width / text_size(text, 1.0)[0]


def draw_text(
    canvas: NDArray[np.uint8],
    text: str,
    left_top: tuple[float, float],
    cap_height: float,
    color: Color,
) -> None:
    """Draw a line of text in place; what is beyond the picture is left out."""
    red, green, blue = color  # of any kind; letters are remembered by a tuple
    line = _line(text, max(1, round(cap_height * _STEPS)), (red, green, blue))
    left, top = (round(edge) for edge in left_top)
    rows, columns = line.shape[:2]
    part = canvas[max(0, top) : max(0, top + rows), max(0, left) : max(0, left + columns)]
    if part.size:
        inside = line[max(0, -top) :, max(0, -left) :]
        lay_over(part, inside[: part.shape[0], : part.shape[1]])


def _line(text: str, steps: int, color: Color) -> NDArray[np.uint8]:
    """Return a line of text as an (h, w, 4) sheet."""
    scale = steps / _STEPS / _CAP_HEIGHT
    letters = [_letter(letter, steps, color) for letter in text]
    starts = [round(scale * x) for x in accumulate(map(_advance, text[:-1]), initial=0.0)]
    height = max(letter.shape[0] for letter in letters)
    ends = [start + letter.shape[1] for start, letter in zip(starts, letters, strict=True)]
    line = np.zeros((height, max(ends), 4), np.uint8)
    for start, end, letter in zip(starts, ends, letters, strict=True):
        place = line[: len(letter), start:end]
        np.maximum(place, letter, out=place)
    return line


@lru_cache(maxsize=256)
def _advance(letter: str) -> float:
    """Return how far the next letter stands from this one at scale 3, in pixels."""
    measured = (_width(f"n{letter * 10}n") - _width("nn")) / 10
    return max(measured, _SPACE) if letter == " " else measured


def _width(text: str) -> int:
    return cv2.getTextSize(text, _FONT, 3, 1)[0][0]


@lru_cache(maxsize=1)
def _line_height() -> float:
    (_, height), below = cv2.getTextSize(_TALLEST, _FONT, 3, 7)
    return height + below + 2 * _BORDER


@lru_cache(maxsize=2048)
def _letter(letter: str, steps: int, color: Color) -> NDArray[np.uint8]:
    """Return one letter as an (h, w, 4) sheet."""
    cap_height = steps / _STEPS
    enlarged = min(1.0, _ZOOM * cap_height / _CAP_HEIGHT)  # of letters at scale 3
    font, stroke, border = 3 * enlarged, max(1, round(7 * enlarged)), round(_BORDER * enlarged)
    (_, height), below = cv2.getTextSize(_TALLEST, _FONT, font, stroke)
    (width, _), _ = cv2.getTextSize(letter, _FONT, font, stroke)
    fill = np.zeros((height + below + 2 * border, width + 2 * border), np.uint8)
    start = (border, border + height)
    cv2.putText(fill, letter, start, _FONT, font, 255, stroke, cv2.LINE_AA)
    reach = max(3, round(2 * border - 5 * enlarged) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    scale = cap_height / (_CAP_HEIGHT * enlarged)
    size_wh = (max(1, round(fill.shape[1] * scale)), max(1, round(fill.shape[0] * scale)))
    filled, outlined = (
        cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA)[..., None] / 255
        for mask in (fill, cv2.dilate(fill, disc))
    )
    outline = (1 - filled) * outlined * OUTLINE_OPACITY
    return np.rint(filled * (*color, 255) + outline * (*OUTLINE, 255)).astype(np.uint8)
