"""Which cells of the network are to find which face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.detection.networks import STRIDES

__all__ = ["FACE", "NO_FACE", "UNDECIDED", "CellLabels", "assign_cells"]

FACE, NO_FACE, UNDECIDED = 1, 0, -1

# Side of the faces (root of the area, in pixels) that the cells of each stride find. The ranges
# overlap, so that no size is at the very end of both.
_SIDES = {8: (0.0, 44.0), 16: (32.0, 100.0), 32: (76.0, np.inf)}
# A cell finds a face when its centre is no farther from the face's than this, in x and in y.
_REACH_IN_BOXES, _REACH_IN_STRIDES = 0.25, 0.75


@dataclass(frozen=True, slots=True, eq=False)
class CellLabels:
    """Labels of the C cells of one picture.

    Attributes:
        kinds: (C,) int8, ``FACE``, ``NO_FACE`` or ``UNDECIDED``.
        boxes: (C, 4) float32, the box to find; zero where there is none.
        rolls: (C,) float32, how far that face is turned clockwise, degrees; NaN where there is
            none or the tilt is unknown.
    """

    kinds: NDArray[np.int8]
    boxes: NDArray[np.float32]
    rolls: NDArray[np.float32]


def assign_cells(
    boxes: NDArray[np.float32],
    rolls: NDArray[np.float32],
    ignored: NDArray[np.float32],
    centers: NDArray[np.float32],
    strides: NDArray[np.float32],
) -> CellLabels:
    """Label cells: near the middle of a face of their level's size, the smallest face first.

    Args:
        boxes: (N, 4) face boxes in pixels.
        rolls: (N,) how far each face is turned, degrees; NaN where unknown.
        ignored: (M, 4) boxes in which there may be a face or not; their cells are undecided.
        centers: (C, 2) positions of the cells.
        strides: (C,) strides of the cells.
    """
    count = len(centers)
    labels = CellLabels(
        np.full(count, NO_FACE, np.int8),
        np.zeros((count, 4), np.float32),
        np.full(count, np.nan, np.float32),
    )
    for box in ignored:
        inside = np.logical_and(centers >= box[:2], centers <= box[2:]).all(axis=1)
        labels.kinds[inside] = UNDECIDED
    sizes = boxes[:, 2:] - boxes[:, :2]
    for index in np.argsort(-sizes.prod(axis=1)):
        found = _cells_of(boxes[index], centers, strides)
        labels.kinds[found] = FACE
        labels.boxes[found] = boxes[index]
        labels.rolls[found] = rolls[index]
    return labels


def _cells_of(
    box: NDArray[np.float32], centers: NDArray[np.float32], strides: NDArray[np.float32]
) -> NDArray[np.bool_]:
    size = box[2:] - box[:2]
    side = np.sqrt(size.prod())
    fitting = [stride for stride in STRIDES if _SIDES[stride][0] <= side < _SIDES[stride][1]]
    reach = np.maximum(_REACH_IN_BOXES * size, _REACH_IN_STRIDES * strides[:, None])
    is_near = (np.abs(centers - (box[:2] + box[2:]) / 2) <= reach).all(axis=1)
    found: NDArray[np.bool_] = is_near & np.isin(strides, fitting)
    return found
