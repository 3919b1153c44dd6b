"""Training pictures: a photo, or many tiles of photos, with a known box for each face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import Matrix, transform_points
from asmnet_sdk.training.degrading import recolour
from lab.detection.backgrounds import Backgrounds
from lab.detection.covers import cover_face, erase_face
from lab.detection.degrading import degrade_picture, relight_picture
from lab.detection.disguises import light_stage, paint_face, print_picture, put_on_helmet
from lab.detection.photos import DetectionPhoto
from lab.detection.placement import (
    TileLabels,
    place_on_face,
    place_on_region,
    tile_labels,
)

__all__ = ["Example", "PhotoPool", "make_example", "make_mosaic"]

# Tiles along a side -> how often such pictures are made.
_GRIDS = {1: 0.4, 2: 0.3, 3: 0.18, 4: 0.09, 6: 0.03}
_MOST_BLUR = {1: 4.0, 2: 2.5, 3: 1.5, 4: 1.2, 6: 0.8}
_REGION_SHARE = 0.12
_COVERED_SHARE, _ERASED_SHARE = 0.25, 0.03
_PAINTED_SHARE, _HELMET_SHARE = 0.08, 0.07
_STAGE_SHARE, _PRINT_SHARE = 0.06, 0.02
_SMALLEST_COVERED = 16
_LARGE_TILE = 150


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One training picture.

    Attributes:
        picture: (S, S, 3) uint8 RGB.
        boxes: (N, 4) float32 boxes of the faces, in pixels.
        rolls: (N,) float32 degrees that each is turned clockwise; NaN where unknown.
        ignored: (M, 4) float32 boxes that may be found or not.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    rolls: NDArray[np.float32]
    ignored: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoPool:
    """Photos by their source, drawn in given shares, and what lies around them.

    Attributes:
        photos: Source -> its photos.
        shares: Source -> how often it is drawn; they sum to less than 1, the rest are tiles
            without a face.
        backgrounds: Gives those, and what fills a tile around a photo.
    """

    photos: Mapping[str, Sequence[DetectionPhoto]]
    shares: Mapping[str, float]
    backgrounds: Backgrounds

    def draw(self, generator: np.random.Generator) -> DetectionPhoto | None:
        """Return a random photo; None for a tile without a face."""
        names = [name for name in self.photos if self.photos[name]]
        limits = np.cumsum([self.shares[name] for name in names])
        chosen = int(np.searchsorted(limits, generator.random(), side="right"))
        if chosen == len(names):
            return None
        photos = self.photos[names[chosen]]
        return photos[int(generator.integers(len(photos)))]


def make_example(pool: PhotoPool, size: int, generator: np.random.Generator) -> Example:
    """Make a mosaic of a random kind, in random light and quality, some faces hidden."""
    grid = int(generator.choice(list(_GRIDS), p=list(_GRIDS.values())))
    example = _with_erased(make_mosaic(pool, grid, size, generator), generator)
    _cover_faces(example, generator)
    picture = relight_picture(_in_odd_colours(example.picture, generator), generator)
    picture = degrade_picture(picture, generator, most_blur=_MOST_BLUR[grid])
    return Example(picture, example.boxes, example.rolls, example.ignored)


def make_mosaic(pool: PhotoPool, grid: int, size: int, generator: np.random.Generator) -> Example:
    """Fill a picture with grid x grid tiles of random photos, each in light of its own."""
    picture = np.empty((size, size, 3), np.uint8)
    labels = []
    columns, rows = _cuts(grid, size, generator), _cuts(grid, size, generator)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            tile, found = _make_tile(pool, (right - left, bottom - top), generator)
            picture[top:bottom, left:right] = tile
            shift = np.array([left, top, left, top], np.float32)
            labels.append(TileLabels(found.boxes + shift, found.rolls, found.ignored + shift))
    return Example(
        picture,
        np.concatenate([found.boxes for found in labels]),
        np.concatenate([found.rolls for found in labels]),
        np.concatenate([found.ignored for found in labels]),
    )


def _make_tile(
    pool: PhotoPool, tile_wh: tuple[int, int], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], TileLabels]:
    photo = pool.draw(generator)
    if photo is None:
        none = np.zeros((0, 4), np.float32)
        is_scene = min(tile_wh) > _LARGE_TILE or generator.random() < 0.6
        tile = pool.backgrounds.draw(tile_wh, generator, is_scene=is_scene)
        return recolour(tile, generator), TileLabels(none, np.zeros(0, np.float32), none)
    place = place_on_region if generator.random() < _REGION_SHARE else place_on_face
    matrix = place(photo, tile_wh, generator)
    tile = _lay_down(photo, matrix, tile_wh, pool.backgrounds, generator)
    return recolour(tile, generator), tile_labels(photo, matrix, tile_wh)


def _lay_down(
    photo: DetectionPhoto,
    matrix: Matrix,
    tile_wh: tuple[int, int],
    backgrounds: Backgrounds,
    generator: np.random.Generator,
) -> NDArray[np.uint8]:
    """Cut the tile out of the photo; where the photo ends, a background shows."""
    tile = photo.cut(matrix, tile_wh)
    width, height = photo.size_wh
    corners = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    shown = np.zeros(tile.shape[:2], np.uint8)
    cv2.fillConvexPoly(shown, transform_points(matrix, corners).round().astype(np.int32), 1)
    if not shown.all():
        background = backgrounds.draw(tile_wh, generator)
        tile = np.where(shown[..., np.newaxis] > 0, tile, background)
    return tile


def _cuts(grid: int, size: int, generator: np.random.Generator) -> list[int]:
    """Return where tiles begin and end along a side: evenly, each cut moved a little."""
    even = np.arange(grid + 1) * size / grid
    even[1:-1] += generator.uniform(-0.15, 0.15, size=grid - 1) * size / grid
    cuts: list[int] = even.round().astype(int).tolist()
    return cuts


def _with_erased(example: Example, generator: np.random.Generator) -> Example:
    """Destroy some faces for good: what is left of the heads is no face."""
    is_erased = generator.random(len(example.boxes)) < _ERASED_SHARE
    for box in example.boxes[is_erased]:
        erase_face(example.picture, box, generator)
    kept = ~is_erased
    return Example(example.picture, example.boxes[kept], example.rolls[kept], example.ignored)


def _cover_faces(example: Example, generator: np.random.Generator) -> None:
    """Cover some faces, paint some, and put helmets on some, in place."""
    shares = np.cumsum([_COVERED_SHARE, _PAINTED_SHARE, _HELMET_SHARE])
    draws = generator.random(len(example.boxes))
    for box, roll, draw in zip(example.boxes, example.rolls, draws, strict=True):
        if draw < shares[-1] and max(box[2:] - box[:2]) >= _SMALLEST_COVERED:
            change = (cover_face, paint_face, put_on_helmet)[int((draw >= shares).sum())]
            change(example.picture, box, float(roll), generator)


def _in_odd_colours(
    picture: NDArray[np.uint8], generator: np.random.Generator
) -> NDArray[np.uint8]:
    draw = generator.random()
    if draw < _STAGE_SHARE:
        return light_stage(picture, generator)
    if draw < _STAGE_SHARE + _PRINT_SHARE:
        return print_picture(picture, generator)
    return picture
