"""Of boxes that overlap, only the best one stays."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidInputError, in_brief

__all__ = ["check_count", "check_positive", "check_share", "check_thresholds", "keep_best"]


def keep_best(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    score_threshold: float,
    overlap_threshold: float,
) -> NDArray[np.int64]:
    """Return the indices of the boxes that stay, the best score first.

    Args:
        boxes: (N, 4) x_min, y_min, x_max, y_max.
        scores: (N,).
        score_threshold: Boxes that do not score more are dropped.
        overlap_threshold: Of two boxes with a larger IoU only the better one stays.
    """
    candidates = np.flatnonzero(scores > score_threshold)
    corners = boxes[candidates]
    boxes_xywh = np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    kept = cv2.dnn.NMSBoxes(
        boxes_xywh.tolist(), scores[candidates].tolist(), score_threshold, overlap_threshold
    )
    return candidates[np.asarray(kept, np.int64)]


def check_thresholds(*, score_threshold: float, overlap_threshold: float) -> None:
    """Refuse thresholds outside [0, 1].

    Raises:
        InvalidInputError: The message names the threshold.
    """
    check_share("score_threshold", score_threshold)
    check_share("overlap_threshold", overlap_threshold)


def check_positive(values: Mapping[str, float | None]) -> None:
    """Refuse numbers that are not above 0; None is no limit.

    Raises:
        InvalidInputError: The message names the number.
    """
    for name, value in values.items():
        if value is not None and not (isinstance(value, Real) and value > 0):
            raise InvalidInputError(f"{name} must be more than 0, got {in_brief(repr(value))}")


def check_count(name: str, value: int | None) -> None:
    """Refuse what is no whole number from 1; None is no limit.

    Raises:
        InvalidInputError: The message names the number.
    """
    if value is not None and not (isinstance(value, Integral) and value > 0):
        raise InvalidInputError(
            f"{name} must be a whole number, at least 1, got {in_brief(repr(value))}"
        )


def check_share(name: str, value: float | None) -> None:
    """Refuse what is no number from 0 to 1; None is none.

    Raises:
        InvalidInputError: The message names the number.
    """
    if value is not None and not (isinstance(value, Real) and 0 <= value <= 1):
        raise InvalidInputError(f"{name} must lie in [0, 1], got {in_brief(repr(value))}")
