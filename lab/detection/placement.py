"""Where a photo lies in a tile of a training picture, and which of its faces count there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import Matrix, transform_points
from asmnet_sdk.results import BoundingBox
from lab.detection.photos import DetectionPhoto

__all__ = ["TileLabels", "place_on_face", "place_on_region", "tile_labels"]

SMALLEST_FACE = 10.0
"""Smaller faces (longer side of the box, in pixels) are neither taught nor denied."""

_LARGEST_SHARE = 0.92
# One in six tiles is turned by any angle, the others a little.
_ANY_TURN_SHARE = 0.16
_TURN_DEVIATION, _TURN_LIMIT = 15.0, 45.0
# Share of a face that may reach beyond its tile, and how often that is allowed.
_MARGIN, _CUT_MARGIN, _CUT_SHARE = 0.42, 0.05, 0.25
# A face counts when this share of its box is visible; below the second it is no face at all.
_VISIBLE, _INVISIBLE = 0.45, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class TileLabels:
    """Faces of a tile, in its pixels.

    Attributes:
        boxes: (N, 4) float32 boxes of the faces to find.
        rolls: (N,) float32 degrees that each is turned clockwise; NaN where unknown.
        ignored: (M, 4) float32 boxes that may be found or not.
    """

    boxes: NDArray[np.float32]
    rolls: NDArray[np.float32]
    ignored: NDArray[np.float32]


def place_on_face(
    photo: DetectionPhoto, tile_wh: tuple[int, int], generator: np.random.Generator
) -> Matrix:
    """Return a transform, photo to tile, that shows one of the faces in a random size.

    Of a photo without faces it shows any part.

    All sizes from ``SMALLEST_FACE`` to almost the whole tile are equally likely on a logarithmic
    scale, apart from those that would leave more than half of the tile empty.
    """
    if not len(photo.faces):
        return place_on_region(photo, tile_wh, generator)
    box = BoundingBox.around(photo.faces[int(generator.integers(len(photo.faces)))])
    side = box.longer_side
    most = _LARGEST_SHARE * min(tile_wh)
    filling = 0.45 * max(tile_wh) * side / max(photo.size_wh)
    least = min(max(SMALLEST_FACE, filling), most)
    wanted = np.exp(generator.uniform(np.log(least), np.log(most)))
    margin_share = _CUT_MARGIN if generator.random() < _CUT_SHARE else _MARGIN
    margin = np.minimum(margin_share * wanted, np.array(tile_wh) / 2)
    position = generator.uniform(margin, np.array(tile_wh) - margin)
    return _random_similarity(photo, box.center, position, wanted / side, generator)


def place_on_region(
    photo: DetectionPhoto, tile_wh: tuple[int, int], generator: np.random.Generator
) -> Matrix:
    """Return a transform, photo to tile, that shows any part of the photo in any size."""
    covering = max(tile_wh[0] / photo.size_wh[0], tile_wh[1] / photo.size_wh[1])
    scale = covering * np.exp(generator.uniform(0, np.log(5)))
    center = generator.uniform(0.1, 0.9, size=2) * photo.size_wh
    x, y = center.tolist()
    return _random_similarity(photo, (x, y), np.array(tile_wh) / 2, scale, generator)


def tile_labels(photo: DetectionPhoto, matrix: Matrix, tile_wh: tuple[int, int]) -> TileLabels:
    """Return the labels of a photo that lies in a tile by this transform."""
    boxes = [_bounds(transform_points(matrix, points)) for points in photo.faces]
    rolls = _turned_rolls(photo.rolls, matrix)
    doubtful = [_bounds(transform_points(matrix, _corners(box))) for box in photo.doubtful]
    shares = [_visible_share(box, tile_wh) for box in boxes]
    is_taught = [
        share >= _VISIBLE and max(box[2:] - box[:2]) >= SMALLEST_FACE
        for share, box in zip(shares, boxes, strict=True)
    ]
    taught = [box for box, taught in zip(boxes, is_taught, strict=True) if taught]
    ignored = [
        box
        for box, share, taught in zip(boxes, shares, is_taught, strict=True)
        if not taught and share >= _INVISIBLE
    ]
    return TileLabels(
        _as_rows(taught),
        rolls[np.array(is_taught, bool)],
        _clip(_as_rows([*ignored, *doubtful]), tile_wh),
    )


def _turned_rolls(rolls: NDArray[np.float32], matrix: Matrix) -> NDArray[np.float32]:
    """Return how far heads are turned after a transform, which may mirror."""
    angles = np.radians(rolls)
    up = np.column_stack([np.sin(angles), -np.cos(angles)]) @ matrix[:, :2].T
    turned: NDArray[np.float32] = np.degrees(np.arctan2(up[:, 0], -up[:, 1])).astype(np.float32)
    return turned


def _random_similarity(
    photo: DetectionPhoto,
    center: tuple[float, float],
    position: NDArray[np.float64],
    scale: float,
    generator: np.random.Generator,
) -> Matrix:
    """Turn, scale and perhaps mirror a photo; its point ``center`` comes to ``position``."""
    if generator.random() < _ANY_TURN_SHARE:
        turn = generator.uniform(-180, 180)
    else:
        turn = np.clip(generator.normal(0, _TURN_DEVIATION), -_TURN_LIMIT, _TURN_LIMIT)
    angle = np.radians(turn)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if generator.random() < 0.5:
        linear[:, 0] *= -1
    return np.column_stack([linear, position - linear @ center])


def _visible_share(box: NDArray[np.float64], tile_wh: tuple[int, int]) -> float:
    low = np.maximum(box[:2], -0.5)
    high = np.minimum(box[2:], np.array(tile_wh) - 0.5)
    return float(np.clip(high - low, 0, None).prod() / (box[2:] - box[:2]).prod())


def _clip(boxes: NDArray[np.float32], tile_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Clip boxes to the tile; those outside it vanish."""
    limits = np.tile(np.array(tile_wh, np.float32) - 0.5, 2)
    clipped = np.clip(boxes, -0.5, limits)
    kept: NDArray[np.float32] = clipped[(clipped[:, 2:] > clipped[:, :2]).all(axis=1)]
    return kept


def _bounds(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _corners(box: NDArray[np.float32]) -> NDArray[np.float32]:
    x_min, y_min, x_max, y_max = box
    return np.array([(x_min, y_min), (x_max, y_min), (x_min, y_max), (x_max, y_max)], np.float32)


def _as_rows(boxes: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    return np.array(boxes, np.float32).reshape(-1, 4)
