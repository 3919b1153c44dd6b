"""What the network finds in pictures, as validation needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from asmnet_sdk.crops import scaling_matrix
from asmnet_sdk.detection.suppression import keep_best
from asmnet_sdk.geometry import intersection_over_union, wrap_angle
from lab.detection.batches import to_network_input
from lab.detection.mosaics import Example, PhotoPool, make_example
from lab.detection.networks import (
    DetectionNetwork,
    cell_centers,
    decode_boxes,
    decode_rolls,
)
from lab.detection.photos import DetectionPhoto
from lab.detection.placement import tile_labels

__all__ = ["DetectionFigures", "find_boxes", "judge", "validation_mosaics", "whole_photo"]

OVERLAP_THRESHOLD = 0.4
_FOUND_OVERLAP = 0.5
_SPURIOUS_OVERLAP = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionFigures:
    """How well the faces of some pictures are found.

    Attributes:
        recall: Share of the faces found with an IoU of at least 0.5.
        mean_overlap: Mean IoU of the faces found.
        roll_error: Median error of their rolls in degrees.
        spurious: Boxes a picture that touch no face and no doubtful place (IoU below 0.3).
    """

    recall: float
    mean_overlap: float
    roll_error: float
    spurious: float


@torch.inference_mode()
def find_boxes(
    network: DetectionNetwork, picture: NDArray[np.uint8], *, score_threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (N, 4) boxes and (N,) rolls in an (H, W, 3) picture, H and W multiples of 32."""
    found = network(to_network_input(torch.from_numpy(picture[np.newaxis])))
    centers, strides = cell_centers(*picture.shape[:2])
    boxes = decode_boxes(found.log_distances[0], centers, strides).numpy()
    scores = found.score_logits[0].sigmoid().numpy()
    kept = keep_best(
        boxes, scores, score_threshold=score_threshold, overlap_threshold=OVERLAP_THRESHOLD
    )
    return boxes[kept], decode_rolls(found.directions[0]).numpy()[kept]


def judge(
    network: DetectionNetwork, examples: Sequence[Example], *, score_threshold: float
) -> DetectionFigures:
    """Measure a network, which is left evaluating, on labelled pictures."""
    network.eval()
    best: list[float] = []
    roll_errors: list[float] = []
    spurious = 0
    for example in examples:
        found, rolls = find_boxes(network, example.picture, score_threshold=score_threshold)
        overlaps = intersection_over_union(example.boxes, found)
        best += overlaps.max(axis=1, initial=0).tolist()
        if len(found):
            apart = np.abs(wrap_angle(rolls[overlaps.argmax(axis=1)] - example.rolls))
            roll_errors += apart[overlaps.max(axis=1) >= _FOUND_OVERLAP].tolist()
        known = np.concatenate([example.boxes, example.ignored])
        touching = intersection_over_union(found, known).max(axis=1, initial=0)
        spurious += int((touching < _SPURIOUS_OVERLAP).sum())
    is_found = np.array(best) >= _FOUND_OVERLAP
    return DetectionFigures(
        recall=float(is_found.mean()),
        mean_overlap=float(np.array(best)[is_found].mean()) if is_found.any() else 0.0,
        roll_error=float(np.nanmedian(roll_errors)) if roll_errors else float("nan"),
        spurious=spurious / len(examples),
    )


def whole_photo(photo: DetectionPhoto, size: int) -> Example:
    """Shrink a photo into the top left corner of a black square, as the detector does."""
    scale = size / max(photo.size_wh)
    matrix = scaling_matrix(scale)
    labels = tile_labels(photo, matrix, (size, size))
    picture = photo.cut(matrix, (size, size))
    return Example(picture, labels.boxes, labels.rolls, labels.ignored)


def validation_mosaics(pool: PhotoPool, *, size: int, count: int) -> list[Example]:
    """Make pictures as training sees them, the same ones at each call."""
    generator = np.random.default_rng(0)
    return [make_example(pool, size, generator) for _ in range(count)]
