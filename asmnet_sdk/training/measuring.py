"""What a model card states: size, cost and accuracy of one exported model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection import FaceDetector
from asmnet_sdk.evaluation import FaceResult, SubsetFigures, evaluate, summarise
from asmnet_sdk.training.calibration import coverage_of, rank_correlation

__all__ = ["Measurements", "count_multiply_adds", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Figures of one model.

    Attributes:
        parameters: Trained numbers.
        multiply_adds: Of one crop, convolutions and linear layers.
        annotated_boxes: Accuracy with crops at the annotated boxes, by subset.
        detected_boxes: Accuracy with crops at detected boxes; empty where no detector was given.
        sigma_coverage: Share of landmark errors within the predicted radius.
        sigma_rank_correlation: Spearman correlation of radius and error, over all landmarks.
    """

    parameters: int
    multiply_adds: int
    annotated_boxes: Sequence[SubsetFigures]
    detected_boxes: Sequence[SubsetFigures]
    sigma_coverage: float
    sigma_rank_correlation: float


def measure(
    network: nn.Module,
    aligner: FaceAligner,
    faces: Sequence[AnnotatedFace],
    detector: FaceDetector | None,
) -> Measurements:
    """Measure an exported model on annotated faces."""
    results = evaluate(aligner, faces)
    errors, sigma = _errors_and_sigma(results)
    detected = [] if detector is None else summarise(evaluate(aligner, faces, detector=detector))
    return Measurements(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        multiply_adds=count_multiply_adds(network, aligner.model.input_size),
        annotated_boxes=summarise(results),
        detected_boxes=detected,
        sigma_coverage=coverage_of(errors, sigma),
        sigma_rank_correlation=rank_correlation(errors, sigma),
    )


def _errors_and_sigma(
    results: Sequence[FaceResult],
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    errors, sigmas = [], []
    for result in results:
        if result.face is not None and result.face.landmark_sigma is not None:
            difference = result.face.landmarks - result.annotated.landmarks
            errors.append(np.linalg.norm(difference.astype(np.float64), axis=1))
            sigmas.append(result.face.landmark_sigma.astype(np.float64))
    return np.stack(errors), np.stack(sigmas)


def count_multiply_adds(network: nn.Module, size: int) -> int:
    """Count the multiply-adds of convolutions and linear layers for one crop."""
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            kernel = module.weight[0].numel()
            total += kernel * output[0].numel()
        elif isinstance(module, nn.Linear):
            total += module.weight.numel()

    hooks = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    with torch.inference_mode():
        network.eval()(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    return total
