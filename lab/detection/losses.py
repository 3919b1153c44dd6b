"""Losses of the detector: box overlap, a score that foretells the overlap, and tilt."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.detection.assignment import FACE, UNDECIDED
from lab.detection.networks import RawDetections

__all__ = ["box_overlaps", "detection_losses", "quality_focal_loss", "roll_losses"]

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


def roll_losses(directions: Tensor, rolls_degrees: Tensor) -> Tensor:
    """Return 1 - cos of the angle between (N, 2) directions (cos, sin) and (N,) rolls."""
    angles = torch.deg2rad(rolls_degrees)
    true_directions = torch.stack([angles.cos(), angles.sin()], dim=-1)
    return 1 - (F.normalize(directions, dim=-1) * true_directions).sum(dim=-1)


def detection_losses(
    found: RawDetections, boxes: Tensor, kinds: Tensor, true_boxes: Tensor, true_rolls: Tensor
) -> dict[str, Tensor]:
    """Return the losses of a batch, each a mean over the cells that are to find a face.

    Args:
        found: What the network gives for N pictures of C cells.
        boxes: (N, C, 4) boxes decoded from it.
        kinds: (N, C) labels of the cells.
        true_boxes: (N, C, 4) boxes to find.
        true_rolls: (N, C) their rolls in degrees, NaN where unknown; those teach no tilt.
    """
    score_logits = found.score_logits
    is_face = kinds == FACE
    count = max(int(is_face.sum()), 1)
    overlap, generalised = box_overlaps(boxes[is_face], true_boxes[is_face])
    qualities = torch.zeros_like(score_logits)
    qualities[is_face] = overlap.detach()
    scored = quality_focal_loss(score_logits, qualities)[kinds != UNDECIDED]
    has_roll = is_face & ~true_rolls.isnan()
    tilts = roll_losses(found.directions[has_roll], true_rolls[has_roll])
    return {
        "score": scored.sum() / count,
        "box": (1 - generalised).sum() / count,
        "roll": tilts.sum() / count,
    }
