"""What callers and detectors give as face boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.errors import InvalidBoundingBoxError
from asmnet_sdk.results import BoundingBox

__all__ = ["BoxesInput", "as_boxes", "check_box_against_image"]

BoxesInput: TypeAlias = (
    BoundingBox | Sequence[BoundingBox] | Sequence[Sequence[float]] | Sequence[float] | NDArray[Any]
)

_LARGEST_BOX_IN_IMAGES = 16


def as_boxes(boxes: BoxesInput) -> list[BoundingBox]:
    """Turn one box or several, as objects or as numbers, into a list.

    Args:
        boxes: A ``BoundingBox``, an iterable of them, or numbers of shape (4,) or (N, 4):
            x_min, y_min, x_max, y_max.

    Raises:
        InvalidBoundingBoxError: The shape is another one, or a box is not finite, empty or
            inverted.
    """
    if isinstance(boxes, BoundingBox):
        return [boxes]
    if not isinstance(boxes, Iterable):
        raise InvalidBoundingBoxError(f"boxes are {type(boxes).__name__}; needed: numbers (N, 4)")
    rows = list(boxes)
    if rows and all(np.isscalar(number) for number in rows):
        return [_box_of(rows)]
    return [row if isinstance(row, BoundingBox) else _box_of(row) for row in rows]


def _box_of(numbers: ArrayLike) -> BoundingBox:
    try:
        row = np.asarray(numbers, np.float64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidBoundingBoxError(f"a box must be four numbers, got {numbers!r}") from exc
    if row.shape != (4,):
        raise InvalidBoundingBoxError(
            f"a box has shape {row.shape}; needed: x_min, y_min, x_max, y_max"
        )
    return BoundingBox(*row.tolist())


def check_box_against_image(box: BoundingBox, image: NDArray[np.uint8]) -> None:
    """Refuse a box that does not touch the image, or dwarfs it.

    Raises:
        InvalidBoundingBoxError: The message gives the box and the size of the image.
    """
    height, width = image.shape[:2]
    where = f"box {tuple(box)} in an image of {width} x {height} px"
    if box.x_max <= 0 or box.y_max <= 0 or box.x_min >= width - 1 or box.y_min >= height - 1:
        raise InvalidBoundingBoxError(f"{where} lies outside it")
    if max(box.width, box.height) > _LARGEST_BOX_IN_IMAGES * max(width, height):
        raise InvalidBoundingBoxError(
            f"{where} is more than {_LARGEST_BOX_IN_IMAGES} times as large"
        )
    if max(box.width, box.height) < 1:
        raise InvalidBoundingBoxError(f"{where} is smaller than a pixel")
