"""Batches of training pictures with labelled cells, prepared by a process of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from lab.detection.assignment import assign_cells
from lab.detection.mosaics import Example, PhotoPool, make_example
from lab.detection.networks import cell_centers

__all__ = ["DetectionBatch", "load_batches", "make_batches", "to_network_input"]

SIZES = (160, 192, 224, 256, 320)
"""Sides of the training pictures; each batch has one of them."""

_MIRRORED_AFTER = 8


@dataclass(frozen=True, slots=True, eq=False)
class DetectionBatch:
    """N pictures and the labels of their C cells.

    Attributes:
        pictures: (N, S, S, 3) uint8 RGB.
        kinds: (N, C) int8, see ``assignment``.
        boxes: (N, C, 4) float32.
        rolls: (N, C) float32 degrees, NaN where unknown.
    """

    pictures: Tensor
    kinds: Tensor
    boxes: Tensor
    rolls: Tensor


def load_batches(
    pool: PhotoPool, *, batches: int, pixels: int, seed: Sequence[int]
) -> Iterator[DetectionBatch]:
    """Yield what ``make_batches`` makes in a process of its own, while the network trains."""
    stream = _Stream(pool, batches, pixels, seed)
    loader = DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=4)
    yield from loader


def make_batches(
    pool: PhotoPool, *, batches: int, pixels: int, generator: np.random.Generator
) -> Iterator[DetectionBatch]:
    """Yield batches of about ``pixels`` pixels: fewer pictures where they are larger.

    Making pictures takes as long as learning from them, so each serves twice: some batches later
    it comes again, mirrored.
    """
    waiting: deque[list[Example]] = deque()
    for index in range(batches):
        if len(waiting) > _MIRRORED_AFTER or len(waiting) >= batches - index:
            yield _label([_mirror(example) for example in waiting.popleft()])
            continue
        size = int(generator.choice(SIZES))
        count = max(1, round(pixels / size**2))
        examples = [make_example(pool, size, generator) for _ in range(count)]
        waiting.append(examples)
        yield _label(examples)


def to_network_input(pictures: Tensor) -> Tensor:
    """Turn (N, H, W, 3) uint8 RGB pictures into (N, 3, H, W) float pictures in [0, 1]."""
    channels_first = pictures.permute(0, 3, 1, 2)
    return channels_first.float().div_(255).contiguous(memory_format=torch.channels_last)


class _Stream(IterableDataset[DetectionBatch]):
    """The batches of one epoch, for a loader's process."""

    def __init__(self, pool: PhotoPool, batches: int, pixels: int, seed: Sequence[int]) -> None:
        self._pool, self._batches, self._pixels, self._seed = pool, batches, pixels, seed

    def __iter__(self) -> Iterator[DetectionBatch]:
        generator = np.random.default_rng(self._seed)
        yield from make_batches(
            self._pool, batches=self._batches, pixels=self._pixels, generator=generator
        )


def _mirror(example: Example) -> Example:
    width = example.picture.shape[1]
    return Example(
        np.ascontiguousarray(example.picture[:, ::-1]),
        _mirror_boxes(example.boxes, width),
        -example.rolls,
        _mirror_boxes(example.ignored, width),
    )


def _mirror_boxes(boxes: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    mirrored = boxes.copy()
    mirrored[:, [2, 0]] = width - 1 - boxes[:, [0, 2]]
    return mirrored


def _label(examples: Sequence[Example]) -> DetectionBatch:
    centers, strides = (values.numpy() for values in cell_centers(*examples[0].picture.shape[:2]))
    labels = [assign_cells(e.boxes, e.rolls, e.ignored, centers, strides) for e in examples]
    return DetectionBatch(
        torch.from_numpy(np.stack([example.picture for example in examples])),
        torch.from_numpy(np.stack([label.kinds for label in labels])),
        torch.from_numpy(np.stack([label.boxes for label in labels])),
        torch.from_numpy(np.stack([label.rolls for label in labels])),
    )
