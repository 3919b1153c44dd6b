"""Loss functions, each a pure function of a prediction and its label."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["error_radius_loss", "head_pose_loss", "wing_loss"]


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
