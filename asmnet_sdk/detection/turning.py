"""Pictures turned by quarters, for a detector that knows upright faces only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.detection.protocol import Judge
from asmnet_sdk.detection.suppression import keep_best
from asmnet_sdk.geometry import Matrix, wrap_angle
from asmnet_sdk.results import BoundingBox

__all__ = ["QUARTERS", "best_of", "quarter_turn", "turned_back", "turned_picture"]

QUARTERS = (1, 3, 2)
"""Quarter turns, clockwise, that show every face as good as upright: to its sides, upside down."""

# What passes for a face on a head that is upside down overlaps its true box by little more.
_ONE_HEAD = 0.2
_UPRIGHT_LEAD = 0.1
_LEAST = 1e-6  # of a box that stays where nothing overlaps it


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
    return replace(box, roll=wrap_angle(roll))


def best_of(
    upright: Sequence[BoundingBox],
    turned: Sequence[BoundingBox],
    judge: Judge | None = None,
) -> list[BoundingBox]:
    """Of boxes on one head, keep the one that the judge is surest of.

    Without a judge it is the one with the best score; an upright one unless it scores far less.
    """
    if not turned:
        return list(upright)
    boxes = [*upright, *turned]
    corners = np.array([list(box) for box in boxes], np.float32)
    ranks = np.array([box.score or 0.0 for box in boxes], np.float32)
    ranks[: len(upright)] += _UPRIGHT_LEAD
    if judge is not None:
        ranks = np.array(judge(boxes), np.float32) + _LEAST
    kept = keep_best(corners, ranks, score_threshold=0.0, overlap_threshold=_ONE_HEAD)
    return [boxes[index] for index in kept]
