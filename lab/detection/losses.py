"""Losses of the detector: box overlap, and a score that foretells the overlap."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.detection.assignment import FACE, UNDECIDED

__all__ = ["box_overlaps", "detection_losses", "quality_focal_loss"]

_TINY = 1e-6


def box_overlaps(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return the IoU and the generalised IoU (Rezatofighi et al., CVPR 2019) of (N, 4) pairs."""
    shared = _area(
        torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    )
    areas = _area(boxes[:, :2], boxes[:, 2:]) + _area(others[:, :2], others[:, 2:])
    union = (areas - shared).clamp(min=_TINY)
    hull = _area(
        torch.minimum(boxes[:, :2], others[:, :2]), torch.maximum(boxes[:, 2:], others[:, 2:])
    ).clamp(min=_TINY)
    overlap = shared / union
    return overlap, overlap - (hull - union) / hull


def _area(low: Tensor, high: Tensor) -> Tensor:
    return (high - low).clamp(min=0).prod(dim=-1)


def quality_focal_loss(logits: Tensor, qualities: Tensor) -> Tensor:
    """Cross entropy towards a quality in [0, 1], weighted by the squared distance from it.

    Li et al., Generalized Focal Loss, NeurIPS 2020, beta = 2. Not reduced.
    """
    weights = (logits.sigmoid() - qualities).square()
    return weights * F.binary_cross_entropy_with_logits(logits, qualities, reduction="none")


def detection_losses(
    score_logits: Tensor, boxes: Tensor, kinds: Tensor, true_boxes: Tensor
) -> dict[str, Tensor]:
    """Return the losses of a batch, each a mean over the cells that are to find a face.

    Args:
        score_logits: (N, C).
        boxes: (N, C, 4) predicted boxes.
        kinds: (N, C) labels of the cells.
        true_boxes: (N, C, 4) boxes to find.
    """
    is_face = kinds == FACE
    count = max(int(is_face.sum()), 1)
    overlap, generalised = box_overlaps(boxes[is_face], true_boxes[is_face])
    qualities = torch.zeros_like(score_logits)
    qualities[is_face] = overlap.detach()
    scored = quality_focal_loss(score_logits, qualities)[kinds != UNDECIDED]
    return {"score": scored.sum() / count, "box": (1 - generalised).sum() / count}
