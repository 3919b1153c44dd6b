"""What callers and detectors give as face boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.errors import InvalidBoundingBoxError, in_brief
from asmnet_sdk.results import BoundingBox

__all__ = ["BoxesInput", "as_boxes", "as_found_boxes", "check_box_against_image"]

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
    try:
        rows = list(boxes)
    except TypeError as exc:  # also an array without dimensions, which only looks iterable
        raise InvalidBoundingBoxError(
            f"boxes are {type(boxes).__name__}; needed: numbers (N, 4)"
        ) from exc
    if rows and all(map(_is_number, rows)):
        return [_box_of(rows)]
    return [row if isinstance(row, BoundingBox) else _box_of(row) for row in rows]


def _is_number(value: object) -> bool:
    """Tell a number, or an array or tensor that holds one, from a box."""
    return not isinstance(value, BoundingBox) and _shape_of(value) == ()


def _shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of numbers; None of rows that have different lengths."""
    try:
        shape: tuple[int, ...] = np.shape(value)
        return shape
    except ValueError:
        return None


def _box_of(numbers: ArrayLike) -> BoundingBox:
    try:
        row = np.asarray(numbers, np.float64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidBoundingBoxError(
            f"a box is {in_brief(repr(numbers))}; needed: four numbers"
        ) from exc
    if row.shape != (4,):
        raise InvalidBoundingBoxError(
            f"a box has shape {row.shape}; needed: x_min, y_min, x_max, y_max"
        )
    return BoundingBox(*row.tolist())


def as_found_boxes(found: object, image: NDArray[np.uint8]) -> list[BoundingBox]:
    """Turn what a detector found into a list.

    Boxes that do not touch the image, or are smaller than a pixel, show no face and are dropped.

    Args:
        found: Whatever ``as_boxes`` takes, rows whose fifth number is the score, a tuple of boxes
            (N, 4) and scores (N,), or None for no face.
        image: The (H, W, 3) image.

    Raises:
        InvalidBoundingBoxError: It is something else, or a box is not finite, empty, inverted or
            many times as large as the image.
    """
    boxes = [] if found is None else _read_found(found)
    wanted = [box for box in boxes if _touches(box, image) and not _is_tiny(box)]
    for box in wanted:
        check_box_against_image(box, image)
    return wanted


def _read_found(found: object) -> list[BoundingBox]:
    if _is_boxes_and_scores(found):
        boxes, scores = found
        return [
            replace(box, score=_score_of(score))
            for box, score in zip(as_boxes(boxes), scores, strict=True)
        ]
    if isinstance(found, BoundingBox) or not isinstance(found, Iterable):
        return as_boxes(found)  # type: ignore[arg-type]
    rows = list(found)
    if rows and all(map(_is_number, rows)):
        return [_scored_box_of(rows)]
    return [row if isinstance(row, BoundingBox) else _scored_box_of(row) for row in rows]


def _is_boxes_and_scores(found: object) -> TypeGuard[tuple[Any, Any]]:
    """Tell (boxes, scores) from a pair of boxes, each of which is one row of numbers."""
    if not isinstance(found, tuple) or len(found) != 2 or isinstance(found, BoundingBox):
        return False
    boxes, scores = map(_shape_of, found)
    if boxes is None or scores is None:
        return False
    return scores == boxes[:1] and (boxes[1:] == (4,) or scores == (0,))


def _scored_box_of(numbers: Any) -> BoundingBox:
    if _shape_of(numbers) == (5,):
        return replace(_box_of(numbers[:4]), score=_score_of(numbers[4]))
    return _box_of(numbers)


def _score_of(number: Any) -> float:
    try:
        return float(number)
    except (TypeError, ValueError) as exc:
        raise InvalidBoundingBoxError(f"a score is {number!r}; needed: a number") from exc


def check_box_against_image(box: BoundingBox, image: NDArray[np.uint8]) -> None:
    """Refuse a box that does not touch the image, or dwarfs it.

    Raises:
        InvalidBoundingBoxError: The message gives the box and the size of the image.
    """
    height, width = image.shape[:2]
    where = f"box {tuple(box)} in an image of {width} x {height} px"
    if not _touches(box, image):
        raise InvalidBoundingBoxError(f"{where} lies outside it")
    if box.longer_side > _LARGEST_BOX_IN_IMAGES * max(width, height):
        raise InvalidBoundingBoxError(
            f"{where} is more than {_LARGEST_BOX_IN_IMAGES} times as large"
        )
    if _is_tiny(box):
        raise InvalidBoundingBoxError(f"{where} is smaller than a pixel")


def _touches(box: BoundingBox, image: NDArray[np.uint8]) -> bool:
    height, width = image.shape[:2]
    return box.x_max > 0 and box.y_max > 0 and box.x_min < width - 1 and box.y_min < height - 1


def _is_tiny(box: BoundingBox) -> bool:
    return box.longer_side < 1
