"""Lines and dots with a dark outline, at any width and without rounding to whole pixels.

Strokes are drawn in an enlarged copy of the part of the picture they cover, which is then averaged
back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import resize_matrix
from asmnet_sdk.geometry import transform_points

if TYPE_CHECKING:
    from cv2.typing import MatLike

__all__ = ["OUTLINE", "OUTLINE_OPACITY", "Color", "Stroke", "draw_strokes"]

Color: TypeAlias = tuple[int, int, int]

OUTLINE: Color = (16, 20, 24)
OUTLINE_OPACITY = 0.6
_FINEST_WIDTH = 2.0  # in pixels of the enlarged copy
_LARGEST_COPY = 2**24  # pixels
_SHIFT = 4  # fractional bits of the coordinates that OpenCV takes
_FARTHEST = 1e5  # pixels; points beyond are drawn there


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through (N, 2) pixels of the picture; one point makes a dot ``width`` across, or a
    ring if it is hollow.
    """

    points: NDArray[np.float64]
    color: Color
    width: float
    closed: bool = False
    hollow: bool = False


def draw_strokes(canvas: NDArray[np.uint8], strokes: Sequence[Stroke]) -> None:
    """Draw strokes with a translucent dark outline, in place."""
    if not strokes:
        return
    finest = min(stroke.width for stroke in strokes)
    part, corner = _part_under(canvas, strokes, margin=4 * finest + 2)
    if part.size == 0:
        return
    height, width = part.shape[:2]
    affordable = int(np.sqrt(_LARGEST_COPY / (width * height)))
    zoom = max(1, min(int(np.ceil(_FINEST_WIDTH / finest)), affordable))
    large_wh = (width * zoom, height * zoom)
    large = cv2.resize(part, large_wh, interpolation=cv2.INTER_NEAREST)
    fixed = _fixed_points(strokes, corner, zoom)
    outlined = large.copy()
    for stroke, points in zip(strokes, fixed, strict=True):
        _draw_stroke(outlined, points, stroke, OUTLINE, zoom * (stroke.width + 1.6 * finest))
    cv2.addWeighted(outlined, OUTLINE_OPACITY, large, 1 - OUTLINE_OPACITY, 0, dst=large)
    for stroke, points in zip(strokes, fixed, strict=True):
        _draw_stroke(large, points, stroke, stroke.color, zoom * stroke.width, hollow=stroke.hollow)
    part[...] = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)


def _part_under(
    canvas: NDArray[np.uint8], strokes: Sequence[Stroke], margin: float
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the view of the canvas that strokes cover, and its top-left corner."""
    points = np.concatenate([stroke.points for stroke in strokes])
    limits = (canvas.shape[1], canvas.shape[0])
    low = np.clip(np.floor(points.min(axis=0) - margin), 0, limits).astype(np.int64)
    high = np.clip(np.ceil(points.max(axis=0) + margin), 0, limits).astype(np.int64)
    return canvas[low[1] : high[1], low[0] : high[0]], low


def _fixed_points(
    strokes: Sequence[Stroke], corner: NDArray[np.int64], zoom: int
) -> list[NDArray[np.int32]]:
    """Return the points of each stroke in the enlarged copy, as OpenCV's fixed-point numbers."""
    points = np.concatenate([stroke.points for stroke in strokes]) - corner
    zoomed = transform_points(
        resize_matrix((1, 1), (zoom, zoom)), np.clip(points, -_FARTHEST, _FARTHEST)
    )
    fixed = np.rint(zoomed * 2**_SHIFT).astype(np.int32)
    ends = np.cumsum([len(stroke.points) for stroke in strokes])
    return np.split(fixed, ends[:-1])


def _draw_stroke(
    image: MatLike,
    points: NDArray[np.int32],
    stroke: Stroke,
    color: Color,
    width: float,
    *,
    hollow: bool = False,
) -> None:
    if len(points) == 1:
        thickness = max(1, round(width / 4)) if hollow else cv2.FILLED
        radius = round((width - max(thickness, 0)) / 2 * 2**_SHIFT)
        cv2.circle(image, points[0].tolist(), radius, color, thickness, cv2.LINE_AA, _SHIFT)
    else:
        thickness = max(1, round(width))
        cv2.polylines(image, [points], stroke.closed, color, thickness, cv2.LINE_AA, _SHIFT)
