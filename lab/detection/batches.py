"""Batches of training pictures with labelled cells, prepared while the network trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.detection.assignment import assign_cells
from lab.detection.mosaics import PhotoPool, make_example
from lab.detection.networks import cell_centers

__all__ = ["DetectionBatch", "make_batches", "to_network_input"]

SIZES = (160, 192, 224, 256, 320)
"""Sides of the training pictures; each batch has one of them."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionBatch:
    """N pictures and the labels of their C cells.

    Attributes:
        pictures: (N, 3, S, S) in [0, 1].
        kinds: (N, C) int8, see ``assignment``.
        boxes: (N, C, 4) float32.
        rolls: (N, C) float32 degrees, NaN where unknown.
    """

    pictures: Tensor
    kinds: Tensor
    boxes: Tensor
    rolls: Tensor


def make_batches(
    pool: PhotoPool,
    *,
    batches: int,
    pixels: int,
    generator: np.random.Generator,
) -> Iterator[DetectionBatch]:
    """Yield batches of about ``pixels`` pixels: fewer pictures where they are larger."""
    for _ in range(batches):
        size = int(generator.choice(SIZES))
        yield _make_batch(pool, max(1, round(pixels / size**2)), size, generator)


def to_network_input(pictures: NDArray[np.uint8]) -> Tensor:
    """Turn (N, H, W, 3) uint8 RGB pictures into (N, 3, H, W) float pictures in [0, 1]."""
    channels_first = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    return channels_first.float().div_(255).contiguous(memory_format=torch.channels_last)


def _make_batch(
    pool: PhotoPool, count: int, size: int, generator: np.random.Generator
) -> DetectionBatch:
    centers, strides = (values.numpy() for values in cell_centers(size, size))
    examples = [make_example(pool, size, generator) for _ in range(count)]
    labels = [assign_cells(e.boxes, e.rolls, e.ignored, centers, strides) for e in examples]
    return DetectionBatch(
        to_network_input(np.stack([example.picture for example in examples])),
        torch.from_numpy(np.stack([label.kinds for label in labels])),
        torch.from_numpy(np.stack([label.boxes for label in labels])),
        torch.from_numpy(np.stack([label.rolls for label in labels])),
    )
