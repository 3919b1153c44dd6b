"""Calibration of the predicted error radius, and how well it holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["COVERAGE", "calibrate_sigma", "coverage_of", "rank_correlation"]

COVERAGE = 0.68


def calibrate_sigma(
    network: SpatialAsmnet,
    validation: FaceSamples,
    *,
    size: int,
    crop_scale: float,
    points: Sequence[int] | None = None,
) -> float:
    """Scale the network's sigma so that it holds ``COVERAGE`` of the validation errors.

    Args:
        network: The network.
        validation: Faces that did not train it.
        size: Side of the crops.
        crop_scale: Crop side / longer side of the face box.
        points: The landmarks whose sigma is scaled; None: all.

    Returns:
        The factor applied.
    """
    crops, truth = upright_crops(validation, size=size, crop_scale=crop_scale)
    predicted = predict_crops(network, crops)
    assert predicted.landmark_log_sigma is not None
    chosen = slice(None) if points is None else list(points)
    errors = (predicted.landmarks - torch.from_numpy(truth)).norm(dim=2)
    errors[torch.from_numpy(~validation.is_sure)] = torch.nan
    ratios = (errors / predicted.landmark_log_sigma.exp())[:, chosen]
    factor = float(np.quantile(ratios[ratios.isfinite()], COVERAGE))
    with torch.no_grad():
        network.sigma_bias[chosen] += float(np.log(factor))
    return factor


def coverage_of(errors: NDArray[np.float64], sigma: NDArray[np.float64]) -> float:
    """Return the share of errors within their predicted radius, in [0, 1]."""
    return float(np.mean(errors <= sigma))


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation of all values of two arrays."""
    ranks = [np.argsort(np.argsort(values.ravel())) for values in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
