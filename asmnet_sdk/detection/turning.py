"""Pictures turned by quarters, for a detector that knows upright faces only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.detection.suppression import keep_best
from asmnet_sdk.geometry import Matrix
from asmnet_sdk.results import BoundingBox

__all__ = ["QUARTERS", "best_of", "is_unsure", "quarter_turn", "turned_back", "turned_picture"]

QUARTERS = (1, 3, 2)
"""Quarter turns, clockwise, that show every face as good as upright: to its sides, upside down."""

_SURE_SCORE = 0.7
_UPRIGHT_LEAD = 0.1


def quarter_turn(width: int, height: int, quarters: int) -> Matrix:
    """Return the transform from a picture of this size to its form in ``turned_picture``."""
    right, bottom = width - 1, height - 1
    rows = (
        ((1, 0, 0), (0, 1, 0)),
        ((0, -1, bottom), (1, 0, 0)),
        ((-1, 0, right), (0, -1, bottom)),
        ((0, 1, 0), (-1, 0, right)),
    )
    return np.array(rows[quarters % 4], np.float64)


def turned_picture(picture: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Turn an (H, W, C) picture clockwise by quarters."""
    return np.ascontiguousarray(np.rot90(picture, -quarters))


def turned_back(box: BoundingBox, quarters: int) -> BoundingBox:
    """Return a box of a turned picture with the roll that its face has in the picture itself."""
    roll = (box.roll or 0.0) - 90 * quarters
    return replace(box, roll=(roll + 180) % 360 - 180)


def is_unsure(boxes: Sequence[BoundingBox]) -> bool:
    """Say whether a look found no face that is surely upright."""
    return max((box.score or 0.0 for box in boxes), default=0.0) < _SURE_SCORE


def best_of(
    upright: Sequence[BoundingBox],
    turned: Sequence[BoundingBox],
    *,
    overlap_threshold: float,
) -> list[BoundingBox]:
    """Of boxes that overlap by more, keep the best; an upright one unless it scores far less."""
    if not turned:
        return list(upright)
    boxes = [*upright, *turned]
    corners = np.array([list(box) for box in boxes], np.float32).reshape(-1, 4)
    scores = np.array([box.score or 0.0 for box in boxes], np.float32)
    scores[: len(upright)] += _UPRIGHT_LEAD
    kept = keep_best(corners, scores, score_threshold=0.0, overlap_threshold=overlap_threshold)
    return [boxes[index] for index in kept]
