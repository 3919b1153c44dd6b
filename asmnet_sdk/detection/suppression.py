"""Of boxes that overlap, only the best one stays."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import check_share

__all__ = ["check_thresholds", "keep_best"]


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
