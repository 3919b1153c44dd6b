"""Loss functions, each a pure function of a prediction and its label."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from asmnet_sdk import geometry

__all__ = [
    "HEAD_POSE_UNIT_DEGREES",
    "asm_assisted_loss",
    "asm_weight",
    "error_radius_loss",
    "head_pose_loss",
    "head_pose_mse",
    "known_labels",
    "rotation_loss",
    "visibility_loss",
    "wing_loss",
]

HEAD_POSE_UNIT_DEGREES = 90.0
"""Angles enter the paper's loss as shares of 90 degrees.

The paper states no unit. With this one a profile is 1 away from a frontal face, as the far side of
the crop is from the near one, so its weights balance landmarks in [0, 1] and angles of like size.
"""


def wing_loss(
    predicted: Tensor,
    truth: Tensor,
    weights: Tensor | None = None,
    *,
    width: float = 0.1,
    curvature: float = 0.02,
) -> Tensor:
    """Return the weighted mean Wing loss (Feng et al., CVPR 2018) of (N, K, 2) landmarks.

    Points of the truth with NaN do not count.

    Args:
        predicted: (N, K, 2) landmarks.
        truth: (N, K, 2) landmarks.
        weights: (N, K) how far each label is trusted; None: all alike.
        width: Error, in the unit of the landmarks, from which the loss is linear; logarithmic
            below.
        curvature: How sharply it bends at 0.
    """
    weights, truth = known_labels(predicted, truth, weights)
    error = (predicted - truth).abs()
    offset = width - width * math.log1p(width / curvature)
    near = width * torch.log1p(error / curvature)
    loss = torch.where(error < width, near, error - offset).mean(dim=2)
    return (weights * loss).sum() / weights.sum().clamp_min(1e-6)


def known_labels(predicted: Tensor, truth: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return (N, K) weights, 0 where the truth is NaN, and a truth that is finite everywhere."""
    known = truth.isfinite().all(dim=2)
    weights = known.float() if weights is None else weights * known
    return weights, torch.where(known[..., None], truth, predicted.detach())


def visibility_loss(logits: Tensor, visible: Tensor) -> Tensor:
    """Return the mean cross entropy of (N, K) log odds; NaN labels do not count."""
    known = visible.isfinite()
    loss = F.binary_cross_entropy_with_logits(
        logits, torch.where(known, visible, torch.zeros_like(visible)), reduction="none"
    )
    return (loss * known).sum() / known.sum().clamp_min(1)


def rotation_loss(rotation: Tensor, truth_degrees: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean rotation angle between heads in degrees, quadratic below 1.

    The angle is taken from the chord between the matrices, whose gradient stays finite.

    Args:
        rotation: (N, 3, 3) rotation matrices.
        truth_degrees: (N, 3) yaw, pitch, roll; rows with NaN do not count.
        weights: (N,) how far each label is trusted.
    """
    known = truth_degrees.isfinite().all(dim=1)
    truth = euler_to_rotation(truth_degrees[known])
    chord = (rotation[known] - truth).square().sum(dim=(1, 2)).add(1e-8).sqrt()
    angle = torch.rad2deg(2 * torch.asin((chord / 8**0.5).clamp(max=0.999)))
    error = F.smooth_l1_loss(angle, torch.zeros_like(angle), reduction="none")
    return (error * weights[known]).sum() / weights[known].sum().clamp_min(1e-6)


def euler_to_rotation(angles_degrees: Tensor) -> Tensor:
    """Turn (N, 3) yaw, pitch, roll in degrees into (N, 3, 3), as ``asmnet_sdk.geometry`` does."""
    rotation = geometry.euler_to_rotation(angles_degrees.cpu().numpy())
    return torch.from_numpy(rotation).float().to(angles_degrees.device)


def asm_weight(epoch: int, epochs: int) -> float:
    """Return the weight of the smooth shape: 2, 1, 0.5 in the thirds of a run (the paper's α).

    Args:
        epoch: Counts from 0.
        epochs: How many there are in all.
    """
    return (2.0, 1.0, 0.5)[3 * epoch // epochs]


def asm_assisted_loss(
    predicted: Tensor, truth: Tensor, smoothed: Tensor, *, weight: float
) -> Tensor:
    """Return the paper's L_facial of (N, K, 2) landmarks in [0, 1] of the crop.

    The mean squared error to the truth, plus ``weight`` times that to the smoothed truth.
    """
    return F.mse_loss(predicted, truth) + weight * F.mse_loss(predicted, smoothed)


def head_pose_mse(predicted: Tensor, truth: Tensor) -> Tensor:
    """Return the paper's L_pose of (N, 3) degrees, in ``HEAD_POSE_UNIT_DEGREES`` squared.

    The mean squared error of yaw, pitch and roll; rows of the truth with NaN do not count.
    """
    known = truth.isfinite().all(dim=1)
    difference = (predicted[known] - truth[known]) / HEAD_POSE_UNIT_DEGREES
    return difference.square().sum() / max(difference.numel(), 1)


def head_pose_loss(predicted: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean absolute error of (N, 3) angles in degrees, quadratic below 1.

    Args:
        predicted: (N, 3) degrees.
        truth: (N, 3) degrees; rows with NaN do not count.
        weights: (N,) how far each label is trusted.
    """
    known = truth.isfinite().all(dim=1)
    error = F.smooth_l1_loss(predicted[known], truth[known], reduction="none").mean(dim=1)
    return (error * weights[known]).sum() / weights[known].sum().clamp_min(1e-6)


def error_radius_loss(
    log_sigma: Tensor, predicted: Tensor, truth: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the negative log likelihood of the landmark errors under their predicted radius.

    The density of an error vector falls exponentially with its length, whose expectation is
    sigma: heavier tails than a Gaussian, as landmark errors have. The landmarks themselves get no
    gradient from it.

    Args:
        log_sigma: (N, K) log of the expected error.
        predicted: (N, K, 2) landmarks.
        truth: (N, K, 2) landmarks, same unit as sigma; points with NaN do not count.
        weights: (N, K) how far each label is trusted; None: all alike.
    """
    weights, truth = known_labels(predicted, truth, weights)
    distance = (predicted.detach() - truth).norm(dim=2)
    loss: Tensor = 2 * log_sigma + 2 * distance * torch.exp(-log_sigma)
    return (weights * loss).sum() / weights.sum().clamp_min(1e-6)
