"""Batches of augmented crops, prepared beside the network while it trains."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.training.augmentation import (
    augment_face,
    augment_negative,
    augment_turned_away,
)
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.placing import FaceLabels, place_face, place_turned_away
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["Batch", "BatchSource", "prefetch", "to_network_input"]

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N faces followed by M negatives; labels are those of the faces, NaN where unknown.

    Attributes:
        crops: (N + M, S, S, 3) uint8 RGB.
        landmarks: (N, K, 2) in [0, 1] of the crop.
        landmark_weights: (N, K) how far each is trusted.
        landmark_visible: (N, K) 1 seen, 0 hidden.
        head_poses: (N, 3) yaw, pitch, roll in degrees.
        pose_weights: (N,) how far each is trusted.
    """

    crops: Tensor
    landmarks: Tensor
    landmark_weights: Tensor
    landmark_visible: Tensor
    head_poses: Tensor
    pose_weights: Tensor

    @property
    def images(self) -> Tensor:
        """The crops as a network takes them."""
        return to_network_input(self.crops)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchSource:
    """All batches of a run; each depends on the seed, its epoch and its number there alone.

    Attributes:
        faces: The faces. An epoch shows each once; or, with ``epoch_faces`` in the recipe, so many,
            drawn by their ``draw_weights``.
        negatives: (M, S, S, 3) uint8 RGB crops without a face.
        layout: The layout of the landmarks.
        recipe: Gives sizes and seed.
        workers: Processes that prepare batches; 0: a thread does.

    Raises:
        InvalidInputError: There are too few faces or negatives for a batch.
    """

    faces: FaceSamples
    negatives: NDArray[np.uint8]
    layout: Layout
    recipe: Recipe
    workers: int = 0

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
        return (self.recipe.epoch_faces or len(self.faces)) // self.recipe.batch_size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; epochs count from 0."""
        batches = _EpochBatches(self, epoch)
        cv2.setNumThreads(1)  # after a fork, threads of OpenCV's own would be waited for forever
        if not self.workers:
            return prefetch(map(batches.__getitem__, range(len(batches))))
        return iter(
            DataLoader(
                batches,
                batch_size=None,
                num_workers=self.workers,
                collate_fn=_as_it_is,
                # Elsewhere forked processes may hang, and others get a copy of all faces.
                multiprocessing_context="fork" if sys.platform == "linux" else None,
            )
        )

    def first_batch(self) -> Batch:
        """Return the first batch of the first epoch."""
        return _EpochBatches(self, 0)[0]

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the faces of an epoch, in the order in which it shows them."""
        return self._order(np.random.default_rng((self.recipe.seed, epoch)))

    def batch(self, epoch: int, step: int, chosen: NDArray[np.int64]) -> Batch:
        """Return one batch of an epoch, of the faces of these indices."""
        generator = np.random.default_rng((self.recipe.seed, epoch, step))
        return self._batch(chosen, self.recipe.size_in(epoch), generator)

    def _order(self, generator: np.random.Generator) -> NDArray[np.int64]:
        if not self.recipe.epoch_faces:
            return generator.permutation(len(self.faces))
        return self._drawn(self.recipe.epoch_faces, generator)

    def _drawn(self, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
        shares = self.faces.draw_weights.astype(np.float64)
        return generator.choice(len(shares), count, p=shares / shares.sum())

    def _batch(self, chosen: NDArray[np.int64], size: int, generator: np.random.Generator) -> Batch:
        drawn = [self._face(i, size, generator) for i in chosen]
        crops = [crop for crop, _ in drawn] + self._crops_without_face(size, generator)
        labels = [label for _, label in drawn]

        def stack(name: str) -> Tensor:
            return torch.from_numpy(np.stack([getattr(label, name) for label in labels]))

        return Batch(
            torch.from_numpy(np.stack(crops)),
            stack("landmarks"),
            stack("landmark_weights"),
            stack("landmark_visible"),
            stack("head_pose"),
            torch.from_numpy(self.faces.pose_weights[chosen]),
        )

    def labels_of(self, i: int) -> FaceLabels:
        """Return what is known of a face; landmarks in pixels of its canvas."""
        faces = self.faces
        return FaceLabels(
            landmarks=faces.landmarks[i],
            landmark_weights=faces.landmark_weights[i],
            landmark_visible=faces.landmark_visible[i],
            head_pose=faces.head_poses[i],
        )

    def _face(
        self, i: int, size: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.uint8], FaceLabels]:
        """Return a crop of a face and the labels it has there."""
        faces = self.faces
        placement = place_face(
            self.labels_of(i),
            self.layout,
            crop_scale=self.recipe.crop_scale,
            size=size,
            jitter=self.recipe.jitter,
            generator=generator,
        )
        other = faces.canvases[int(generator.integers(len(faces)))]
        crop, visible = augment_face(
            faces.canvases[i],
            placement,
            size=size,
            others=[other],
            damage=self.recipe.damage,
            generator=generator,
        )
        return crop, replace(placement.labels, landmark_visible=visible)

    def _crops_without_face(
        self, size: int, generator: np.random.Generator
    ) -> list[NDArray[np.uint8]]:
        """Return pictures without a face, and faces on their side or head."""
        recipe, crops = self.recipe, []
        for _ in range(recipe.negatives):
            if generator.random() < recipe.turned_away:
                crops.append(self._turned_away(size, generator))
            else:
                crop = self.negatives[int(generator.integers(len(self.negatives)))]
                crops.append(
                    augment_negative(crop, size=size, damage=recipe.damage, generator=generator)
                )
        return crops

    def _turned_away(self, size: int, generator: np.random.Generator) -> NDArray[np.uint8]:
        (i,) = self._drawn(1, generator)
        matrix = place_turned_away(
            self.faces.landmarks[i],
            crop_scale=self.recipe.crop_scale,
            size=size,
            generator=generator,
        )
        canvas, damage = self.faces.canvases[i], self.recipe.damage
        return augment_turned_away(canvas, matrix, size=size, damage=damage, generator=generator)


class _EpochBatches(Dataset[Batch]):
    """The batches of one epoch, each of which can be made without those before it."""

    def __init__(self, source: BatchSource, epoch: int) -> None:
        self.source, self.epoch, self.order = source, epoch, source.order(epoch)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, step: int) -> Batch:
        count = self.source.recipe.batch_size
        chosen = self.order[step * count : (step + 1) * count]
        return self.source.batch(self.epoch, step, chosen)


def _as_it_is(batch: Any) -> Any:
    return batch


def to_network_input(crops: NDArray[np.uint8] | Tensor) -> Tensor:
    """Turn (N, S, S, 3) uint8 RGB crops into (N, 3, S, S) float images in [-1, 1]."""
    images = torch.as_tensor(crops).permute(0, 3, 1, 2)
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

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
