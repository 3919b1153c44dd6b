"""Batches of augmented crops, prepared on a thread while the network trains."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.training.augmentation import augment_face, augment_negative, place_face
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["Batch", "BatchSource", "prefetch", "to_network_input"]

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N faces followed by M negatives; labels are those of the faces."""

    images: Tensor
    landmarks: Tensor
    head_poses: Tensor
    pose_weights: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchSource:
    """All batches of a run; those of an epoch depend on the seed and its number alone.

    Attributes:
        faces: The faces; each is shown once an epoch.
        negatives: (M, S, S, 3) uint8 RGB crops without a face.
        layout: The layout of the landmarks.
        recipe: Gives sizes and seed.

    Raises:
        InvalidInputError: There are too few faces or negatives for a batch.
    """

    faces: FaceSamples
    negatives: NDArray[np.uint8]
    layout: Layout
    recipe: Recipe

    def __post_init__(self) -> None:
        if len(self) == 0:
            raise InvalidInputError(
                f"{len(self.faces)} faces are less than a batch of {self.recipe.batch_size}: "
                "add photos or lower batch_size"
            )
        if self.recipe.negatives and not len(self.negatives):
            raise InvalidInputError(
                "no crop without a face could be cut from the photos: set negatives to 0"
            )

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self.faces) // self.recipe.batch_size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; epochs count from 0."""
        return prefetch(self._batches(epoch))

    def _batches(self, epoch: int) -> Iterator[Batch]:
        generator = np.random.default_rng((self.recipe.seed, epoch))
        order = generator.permutation(len(self.faces))
        count, size = self.recipe.batch_size, self.recipe.size_in(epoch)
        for step in range(len(self)):
            yield self._batch(order[step * count : (step + 1) * count], size, generator)

    def _batch(self, chosen: NDArray[np.int64], size: int, generator: np.random.Generator) -> Batch:
        placements, crops = [], []
        for i in chosen:
            placement = place_face(
                self.faces.landmarks[i],
                self.faces.head_poses[i],
                self.layout,
                crop_scale=self.recipe.crop_scale,
                size=size,
                generator=generator,
            )
            canvas = self.faces.canvases[i]
            crops.append(augment_face(canvas, placement, size=size, generator=generator))
            placements.append(placement)
        crops += [
            augment_negative(self.negatives[i], size=size, generator=generator)
            for i in generator.integers(max(len(self.negatives), 1), size=self.recipe.negatives)
        ]
        return Batch(
            to_network_input(np.stack(crops)),
            torch.from_numpy(np.stack([placement.landmarks for placement in placements])),
            torch.from_numpy(np.stack([placement.head_pose for placement in placements])),
            torch.from_numpy(self.faces.pose_weights[chosen]),
        )


def to_network_input(crops: NDArray[np.uint8]) -> Tensor:
    """Turn (N, S, S, 3) uint8 RGB crops into (N, 3, S, S) float images in [-1, 1]."""
    images = torch.from_numpy(crops).permute(0, 3, 1, 2)
    return images.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def prefetch(batches: Iterator[_Item], *, depth: int = 3) -> Iterator[_Item]:
    """Prepare batches on a thread while the network trains; an error there is raised here."""
    ready: queue.Queue[_Item | BaseException | None] = queue.Queue(depth)

    def produce() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:  # noqa: BLE001
            ready.put(error)

    cv2.setNumThreads(1)
    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
