"""Loss functions, each a pure function of a prediction and its label."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "HEAD_POSE_UNIT_DEGREES",
    "asm_assisted_loss",
    "asm_weight",
    "error_radius_loss",
    "head_pose_loss",
    "head_pose_mse",
    "wing_loss",
]

HEAD_POSE_UNIT_DEGREES = 90.0
"""Angles enter the paper's loss as shares of 90 degrees.

The paper states no unit. With this one a profile is 1 away from a frontal face, as the far side of
the crop is from the near one, so its weights balance landmarks in [0, 1] and angles of like size.
"""


def wing_loss(
    predicted: Tensor, truth: Tensor, *, width: float = 0.1, curvature: float = 0.02
) -> Tensor:
    """Return the mean Wing loss (Feng et al., CVPR 2018) of (N, K, 2) landmarks.

    Logarithmic for errors below ``width``, linear above; both in the unit of the landmarks.
    """
    error = (predicted - truth).abs()
    offset = width - width * math.log1p(width / curvature)
    near = width * torch.log1p(error / curvature)
    return torch.where(error < width, near, error - offset).mean()


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


def error_radius_loss(log_sigma: Tensor, predicted: Tensor, truth: Tensor) -> Tensor:
    """Return the negative log likelihood of the landmark errors under their predicted radius.

    The density of an error vector falls exponentially with its length, whose expectation is
    sigma: heavier tails than a Gaussian, as landmark errors have. The landmarks themselves get no
    gradient from it.

    Args:
        log_sigma: (N, K) log of the expected error.
        predicted: (N, K, 2) landmarks.
        truth: (N, K, 2) landmarks, same unit as sigma.
    """
    distance = (predicted.detach() - truth).norm(dim=2)
    loss: Tensor = 2 * log_sigma + 2 * distance * torch.exp(-log_sigma)
    return loss.mean()
