"""What a model card states: size, cost and accuracy of one exported model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection import FaceDetector
from asmnet_sdk.evaluation.accuracy import FaceResult, SubsetFigures, evaluate, summarise
from asmnet_sdk.training.calibration import coverage_of, rank_correlation
from asmnet_sdk.training.networks import FaceNetwork
from lab.robustness import Robustness, measure_robustness

__all__ = ["Measurements", "SigmaFigures", "count_multiply_adds", "measure", "time_ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigmaFigures:
    """How well a predicted error radius holds.

    Attributes:
        coverage: Share of landmark errors within the radius.
        rank_correlation: Spearman correlation of radius and error, over all landmarks.
    """

    coverage: float
    rank_correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Figures of one model.

    Attributes:
        parameters: Trained numbers.
        multiply_adds: Of one crop, convolutions and linear layers.
        annotated_boxes: Accuracy with crops at the annotated boxes, by subset.
        detected_boxes: Name of a detector -> accuracy with crops at its boxes, by subset.
        sigma: How well the predicted error radius holds; None where the model predicts none.
        robustness: Careless boxes, turned heads, closed eyes, crops without a face.
        time_ratio: Time of a run with one crop / that of a reference model, on one thread; None
            without a reference.
    """

    parameters: int
    multiply_adds: int
    annotated_boxes: Sequence[SubsetFigures]
    detected_boxes: Mapping[str, Sequence[SubsetFigures]]
    sigma: SigmaFigures | None
    robustness: Robustness
    time_ratio: float | None = None


def measure(
    network: FaceNetwork,
    aligner: FaceAligner,
    faces: Sequence[AnnotatedFace],
    detectors: Mapping[str, FaceDetector],
    *,
    reference: FaceAligner | None = None,
) -> Measurements:
    """Measure an exported model on annotated faces.

    Args:
        network: The network, whose parameters and multiply-adds are counted.
        aligner: The exported model.
        faces: Annotated faces that took no part in training.
        detectors: Name -> detector, each for a table of its own.
        reference: The model that run times are compared with; it runs on one thread.
    """
    results = evaluate(aligner, faces)
    detected = {
        name: summarise(evaluate(aligner, faces, detector=detector))
        for name, detector in detectors.items()
    }
    return Measurements(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        multiply_adds=count_multiply_adds(network, aligner.model.input_size),
        annotated_boxes=summarise(results),
        detected_boxes=detected,
        sigma=_sigma_figures(results),
        robustness=measure_robustness(aligner, faces, results),
        time_ratio=None if reference is None else time_ratio(aligner, reference),
    )


def time_ratio(aligner: FaceAligner, reference: FaceAligner, *, rounds: int = 200) -> float:
    """Return the median, over rounds in which two models take turns, of the ratio of their times.

    Both look once at one crop of their own input size; load both with ``threads=1``.
    """
    ratios = []
    cut = []
    for model in (aligner, reference):
        side = model.model.input_size
        black = np.zeros((side, side, 3), np.uint8)
        cut.append((model, model.cut(black, (0, 0, side - 1, side - 1))))
    for _ in range(rounds):
        marks = [time.perf_counter()]
        for model, crops in cut:
            model.align(crops)
            marks.append(time.perf_counter())
        ratios.append((marks[1] - marks[0]) / (marks[2] - marks[1]))
    return float(np.median(ratios))


def _sigma_figures(results: Sequence[FaceResult]) -> SigmaFigures | None:
    pairs = [
        (np.linalg.norm(face.landmarks - result.annotated.landmarks, axis=1), face.landmark_sigma)
        for result in results
        if (face := result.face) is not None and face.landmark_sigma is not None
    ]
    if not pairs:
        return None
    errors, sigma = (np.stack(values).astype(np.float64) for values in zip(*pairs, strict=True))
    return SigmaFigures(
        coverage=coverage_of(errors, sigma), rank_correlation=rank_correlation(errors, sigma)
    )


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
