"""Training pictures: a photo, or many tiles of photos, with a known box for each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.training.augmentation import recolour
from lab.detection.degrading import degrade_picture
from lab.detection.photos import DetectionPhoto
from lab.detection.placement import (
    TileLabels,
    place_on_face,
    place_on_region,
    tile_labels,
)

__all__ = ["Example", "make_example", "make_mosaic"]

# Tiles along a side -> how often such pictures are made.
_GRIDS = {1: 0.36, 2: 0.26, 3: 0.2, 4: 0.1, 6: 0.08}
_MOST_BLUR = {1: 4.0, 2: 2.5, 3: 1.5, 4: 1.2, 6: 0.8}
_REGION_SHARE = 0.15
_COVERED_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One training picture.

    Attributes:
        picture: (S, S, 3) uint8 RGB.
        boxes: (N, 4) float32 boxes of the faces, in pixels.
        ignored: (M, 4) float32 boxes that may be found or not.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    ignored: NDArray[np.float32]


def make_example(
    photos: Sequence[DetectionPhoto], size: int, generator: np.random.Generator
) -> Example:
    """Make a mosaic of a random kind, in random light and quality, some faces partly covered."""
    grid = int(generator.choice(list(_GRIDS), p=list(_GRIDS.values())))
    example = make_mosaic(photos, grid, size, generator)
    _cover_faces(example, generator)
    picture = degrade_picture(example.picture, generator, most_blur=_MOST_BLUR[grid])
    return Example(picture, example.boxes, example.ignored)


def make_mosaic(
    photos: Sequence[DetectionPhoto], grid: int, size: int, generator: np.random.Generator
) -> Example:
    """Fill a picture with grid x grid tiles of random photos, each in light of its own."""
    picture = np.empty((size, size, 3), np.uint8)
    labels = []
    columns, rows = _cuts(grid, size, generator), _cuts(grid, size, generator)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            photo = photos[int(generator.integers(len(photos)))]
            tile, found = _make_tile(photo, (right - left, bottom - top), generator)
            picture[top:bottom, left:right] = tile
            shift = np.array([left, top, left, top], np.float32)
            labels.append(TileLabels(found.boxes + shift, found.ignored + shift))
    return Example(
        picture,
        np.concatenate([found.boxes for found in labels]),
        np.concatenate([found.ignored for found in labels]),
    )


def _make_tile(
    photo: DetectionPhoto, tile_wh: tuple[int, int], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], TileLabels]:
    place = place_on_region if generator.random() < _REGION_SHARE else place_on_face
    matrix = place(photo, tile_wh, generator)
    tile = recolour(photo.cut(matrix, tile_wh), generator)
    return tile, tile_labels(photo, matrix, tile_wh)


def _cuts(grid: int, size: int, generator: np.random.Generator) -> list[int]:
    """Return where tiles begin and end along a side: evenly, each cut moved a little."""
    even = np.arange(grid + 1) * size / grid
    even[1:-1] += generator.uniform(-0.15, 0.15, size=grid - 1) * size / grid
    cuts: list[int] = even.round().astype(int).tolist()
    return cuts


def _cover_faces(example: Example, generator: np.random.Generator) -> None:
    """Lay a patch of one colour or of noise over a part of some faces."""
    size = example.picture.shape[0]
    for box in example.boxes[generator.random(len(example.boxes)) < _COVERED_SHARE]:
        side = box[2:] - box[:2]
        extent = generator.uniform(0.2, 0.6, size=2) * side
        low = box[:2] + generator.uniform(-0.2, 0.8, size=2) * side
        left, top, right, bottom = np.clip([*low, *(low + extent)], 0, size).astype(int)
        part = example.picture[top:bottom, left:right]
        colour_shape = part.shape if generator.random() < 0.5 else (3,)
        part[:] = generator.integers(0, 256, size=colour_shape)
