"""Lines, dots and rings with a dark outline, at any width and without rounding to whole pixels.

Strokes are drawn on an enlarged sheet over the part of the picture they cover, which is then
averaged down and laid over it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "OUTLINE",
    "OUTLINE_OPACITY",
    "Color",
    "Dots",
    "Lines",
    "Rings",
    "Stroke",
    "draw_strokes",
    "lay_over",
]

Color: TypeAlias = tuple[int, int, int]

OUTLINE: Color = (16, 20, 24)
OUTLINE_OPACITY = 0.6
_FINEST_WIDTH = 2.0  # in pixels of the sheet
_LARGEST_SHEET = 2**24  # pixels
_SHIFT = 4  # fractional bits of the coordinates that OpenCV takes
_FARTHEST = 1e5  # pixels; points beyond are drawn there
_LARGEST_RADIUS = 1e4  # pixels


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one look, each through (N, 2) pixels of the picture."""

    paths: Sequence[NDArray[np.float64]]
    color: Color
    width: float
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Dots:
    """Discs of one look at one path of (N, 2) pixels of the picture, ``width`` across."""

    paths: tuple[NDArray[np.float64]]
    color: Color
    width: float


@dataclass(frozen=True, slots=True)
class Rings:
    """Circles around one path of (N, 2) pixels of the picture, with (N,) radii."""

    paths: tuple[NDArray[np.float64]]
    radii: NDArray[np.float64]
    color: Color
    width: float


Stroke: TypeAlias = Lines | Dots | Rings


def draw_strokes(canvas: NDArray[np.uint8], strokes: Sequence[Stroke]) -> None:
    """Draw strokes with a translucent dark outline, in place."""
    if not strokes:
        return
    finest = min(stroke.width for stroke in strokes)
    points = np.concatenate([path for stroke in strokes for path in stroke.paths])
    part, corner = _part_under(canvas, points, 4 * finest + 2 + _reach(strokes))
    if part.size == 0:
        return
    zoom = _zoom(part, finest)
    fixed = _split_like(strokes, _fixed_points(points - corner, zoom))
    sheet = np.zeros((part.shape[0] * zoom, part.shape[1] * zoom, 4), np.uint8)
    _draw_outlines(sheet, strokes, fixed, zoom, border=1.6 * finest)
    for stroke, paths in zip(strokes, fixed, strict=True):
        _draw_stroke(sheet, paths, stroke, zoom)
    size_wh = (part.shape[1], part.shape[0])
    lay_over(part, np.asarray(cv2.resize(sheet, size_wh, interpolation=cv2.INTER_AREA), np.uint8))


def _reach(strokes: Sequence[Stroke]) -> float:
    """Return how far rings go beyond their centres, in pixels."""
    radii = [float(stroke.radii.max()) for stroke in strokes if isinstance(stroke, Rings)]
    return min(max(radii, default=0.0), _LARGEST_RADIUS)


def _part_under(
    canvas: NDArray[np.uint8], points: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the view of the canvas around points, and its top-left corner."""
    limits = (canvas.shape[1], canvas.shape[0])
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, limits).astype(np.int64)
    high = np.clip(np.ceil(points.max(axis=0) + margin), 0, limits).astype(np.int64)
    return canvas[low[1] : high[1], low[0] : high[0]], low


def _zoom(part: NDArray[np.uint8], finest: float) -> int:
    affordable = int(np.sqrt(_LARGEST_SHEET / (part.shape[0] * part.shape[1])))
    return max(1, min(int(np.ceil(_FINEST_WIDTH / finest)), affordable))


def lay_over(part: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> None:
    """Lay a sheet over a part of a picture, in place.

    Args:
        part: (H, W, 3) RGB.
        sheet: (H, W, 4), colours times opacity, and opacity.
    """
    ink = cv2.cvtColor(sheet, cv2.COLOR_RGBA2RGB)  # many times as fast as a slice
    rest = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(sheet, 3)), cv2.COLOR_GRAY2RGB)
    part[...] = cv2.add(cv2.multiply(part, rest, scale=1 / 255), ink)


def _fixed_points(points: NDArray[np.float64], zoom: int) -> NDArray[np.int32]:
    """Return points of the part on its sheet, as OpenCV's fixed-point numbers."""
    zoomed = (np.clip(points, -_FARTHEST, _FARTHEST) + 0.5) * zoom - 0.5
    fixed: NDArray[np.int32] = np.rint(zoomed * 2**_SHIFT).astype(np.int32)
    return fixed


def _split_like(
    strokes: Sequence[Stroke], points: NDArray[np.int32]
) -> list[list[NDArray[np.int32]]]:
    """Return the points of each path of each stroke."""
    start, split = 0, []
    for stroke in strokes:
        ends = [*accumulate((len(path) for path in stroke.paths), initial=start)]
        split.append([points[first:end] for first, end in pairwise(ends)])
        start = ends[-1]
    return split


def _draw_outlines(
    sheet: NDArray[np.uint8],
    strokes: Sequence[Stroke],
    fixed: Sequence[Sequence[NDArray[np.int32]]],
    zoom: int,
    border: float,
) -> None:
    """Draw all strokes as outlines, ``border`` pixels of the picture wider.

    What has one width is drawn by one call, a dot as a closed line of one point.
    """
    ink = _ink(OUTLINE, OUTLINE_OPACITY)
    lines: dict[tuple[int, bool], list[NDArray[np.int32]]] = defaultdict(list)
    for stroke, paths in zip(strokes, fixed, strict=True):
        thickness = max(1, round(zoom * (stroke.width + border)))
        if isinstance(stroke, Lines):
            lines[thickness, stroke.closed] += paths
        elif isinstance(stroke, Dots):
            lines[thickness, True] += [*paths[0][:, None]]
        else:
            _draw_circles(sheet, paths[0], stroke.radii * zoom, ink, thickness)
    smoothing = cv2.LINE_AA if zoom == 1 else cv2.LINE_8  # averaging down is enough for outlines
    for (thickness, closed), paths in lines.items():
        cv2.polylines(sheet, paths, closed, ink, thickness, smoothing, _SHIFT)


def _draw_stroke(
    sheet: NDArray[np.uint8], paths: Sequence[NDArray[np.int32]], stroke: Stroke, zoom: int
) -> None:
    ink, thickness = _ink(stroke.color), max(1, round(zoom * stroke.width))
    if isinstance(stroke, Lines):
        cv2.polylines(sheet, paths, stroke.closed, ink, thickness, cv2.LINE_AA, _SHIFT)
    elif isinstance(stroke, Dots):
        radii = np.full(len(paths[0]), zoom * stroke.width / 2)
        _draw_circles(sheet, paths[0], radii, ink, cv2.FILLED)
    else:
        _draw_circles(sheet, paths[0], stroke.radii * zoom, ink, thickness)


def _draw_circles(
    sheet: NDArray[np.uint8],
    centers: NDArray[np.int32],
    radii: NDArray[np.float64],
    ink: tuple[float, ...],
    thickness: int,
) -> None:
    fixed = np.rint(np.minimum(radii, _LARGEST_RADIUS) * 2**_SHIFT).astype(int)
    for center, radius in zip(centers.tolist(), fixed.tolist(), strict=True):
        cv2.circle(sheet, center, radius, ink, thickness, cv2.LINE_AA, _SHIFT)


def _ink(color: Color, opacity: float = 1.0) -> tuple[float, ...]:
    """Return what a colour is on a sheet."""
    return tuple(round(opacity * level) for level in (*color, 255))
