"""The training loop: batches, optimiser, averaged weights, checkpoints and validation."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from asmnet_sdk.layouts import Layout
from asmnet_sdk.metrics import head_pose_errors, inter_ocular_nme
from asmnet_sdk.preprocessing import crop_matrix, cut_crop, image_to_crop
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.augmentation import augment_face, augment_negative
from asmnet_sdk.training.losses import error_radius_loss, head_pose_loss, wing_loss
from asmnet_sdk.training.networks import Prediction
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["Batch", "Recipe", "Trainer", "predict_batches", "to_network_input", "upright_crops"]

logger = logging.getLogger("asmnet_sdk.training")

Tensors: TypeAlias = tuple[Tensor, ...] | list[Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: Passes over the faces.
        size: Side of the crops in pixels.
        crop_scale: Crop side / longer side of the face box.
        batch_size: Faces in a batch.
        negatives: Crops without a face added to each batch.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: AdamW's decoupled weight decay.
        average_decay: Decay of the exponential moving average of the weights.
        pose_weight: Weight of the head pose loss (per degree) beside the landmark loss (per
            percent of the crop side).
        radius_weight: Weight of the loss of the error radius.
        face_weight: Weight of the cross entropy of the face score.
        seed: Seed of weights, order and augmentation.
    """

    epochs: int
    size: int = 128
    crop_scale: float = 1.35
    batch_size: int = 64
    negatives: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    average_decay: float = 0.998
    pose_weight: float = 0.3
    radius_weight: float = 0.1
    face_weight: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N faces followed by M negatives; labels are those of the faces."""

    images: Tensor
    landmarks: Tensor
    head_poses: Tensor
    pose_weights: Tensor


class Trainer:
    """Trains one network; a checkpoint a few epochs apart lets a run continue."""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        layout: Layout,
        *,
        faces: FaceSamples,
        validation: FaceSamples,
        negatives: NDArray[np.uint8],
        folder: Path,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.layout = layout
        self.faces = faces
        self.validation = validation
        self.negatives = negatives
        self.folder = folder
        self.average = AveragedModel(
            self.network, multi_avg_fn=_warmed_average(recipe.average_decay), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            _decay_groups(self.network, recipe.weight_decay), lr=recipe.learning_rate
        )
        self.steps_per_epoch = len(faces) // recipe.batch_size
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            recipe.learning_rate,
            total_steps=recipe.epochs * self.steps_per_epoch,
            pct_start=0.15,
        )
        self.epoch = 0

    def run(self) -> nn.Module:
        """Train from the folder's checkpoint, or from the start, to the last epoch.

        Returns:
            The averaged network in evaluation mode.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint = self.folder / "checkpoint.pt"
        if checkpoint.exists():
            self._restore(checkpoint)
        while self.epoch < self.recipe.epochs:
            started = time.monotonic()
            losses = self._train_epoch()
            self.epoch += 1
            self._report(losses, time.monotonic() - started)
            if self.epoch % 5 == 0 or self.epoch == self.recipe.epochs:
                self._save(checkpoint)
        return self.average.module.eval()

    def _train_epoch(self) -> dict[str, float]:
        self.network.train()
        totals: dict[str, float] = {}
        for batch in _prefetch(self._batches()):
            losses = self._losses(batch)
            self.optimizer.zero_grad(set_to_none=True)
            sum(losses.values(), start=torch.zeros(())).backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.schedule.step()
            self.average.update_parameters(self.network)
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0.0) + loss.item() / self.steps_per_epoch
        return totals

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            predicted: Prediction = self.network(batch.images)
        count = len(batch.landmarks)
        landmarks = predicted.landmarks[:count]
        is_face = torch.zeros(len(batch.images))
        is_face[:count] = 1
        return {
            "landmarks": 100 * wing_loss(landmarks, batch.landmarks),
            "head_pose": self.recipe.pose_weight
            * head_pose_loss(predicted.head_pose[:count], batch.head_poses, batch.pose_weights),
            "radius": self.recipe.radius_weight
            * error_radius_loss(predicted.landmark_log_sigma[:count], landmarks, batch.landmarks),
            "face": self.recipe.face_weight
            * F.binary_cross_entropy_with_logits(predicted.face_logit.float(), is_face),
        }

    def _batches(self) -> Iterator[Batch]:
        generator = np.random.default_rng((self.recipe.seed, self.epoch))
        order = generator.permutation(len(self.faces))
        size = self.recipe.batch_size
        for step in range(self.steps_per_epoch):
            yield self._batch(order[step * size : (step + 1) * size], generator)

    def _batch(self, chosen: NDArray[np.int64], generator: np.random.Generator) -> Batch:
        faces = [
            augment_face(
                self.faces.canvases[i],
                self.faces.landmarks[i],
                self.faces.head_poses[i],
                self.layout,
                crop_scale=self.recipe.crop_scale,
                size=self.recipe.size,
                generator=generator,
            )
            for i in chosen
        ]
        negatives = [
            augment_negative(self.negatives[i], size=self.recipe.size, generator=generator)
            for i in generator.integers(len(self.negatives), size=self.recipe.negatives)
        ]
        crops, landmarks, head_poses = zip(*faces, strict=True)
        return Batch(
            to_network_input(np.stack([*crops, *negatives])),
            torch.from_numpy(np.stack(landmarks)),
            torch.from_numpy(np.stack(head_poses)),
            torch.from_numpy(self.faces.pose_weights[chosen]),
        )

    def _report(self, losses: dict[str, float], seconds: float) -> None:
        record: dict[str, Any] = {"epoch": self.epoch, "seconds": round(seconds, 1)}
        record |= {name: round(loss, 4) for name, loss in losses.items()}
        if self.epoch % 5 == 0 or self.epoch == self.recipe.epochs:
            record |= self._validate()
        line = json.dumps(record)
        logger.info("%s", line)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _validate(self) -> dict[str, float]:
        network = self.average.module.eval()
        crops, truth = upright_crops(self.validation, self.recipe.size, self.recipe.crop_scale)
        landmarks, head_poses = predict_batches(network, crops)[:2]
        nme = inter_ocular_nme(landmarks, truth, self.layout).mean()
        yaw, pitch, roll = head_pose_errors(head_poses, self.validation.head_poses).tolist()
        figures = {"val_nme": nme, "val_yaw": yaw, "val_pitch": pitch, "val_roll": roll}
        return {name: round(float(value), 3) for name, value in figures.items()}

    def _save(self, path: Path) -> None:
        state = {
            "epoch": self.epoch,
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def _restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.epoch = state["epoch"]
        for name in ("network", "average", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        logger.info("continuing %s after epoch %d", path, self.epoch)


def to_network_input(crops: NDArray[np.uint8]) -> Tensor:
    """Turn (N, S, S, 3) uint8 RGB crops into (N, 3, S, S) float images in [-1, 1]."""
    images = torch.from_numpy(crops).permute(0, 3, 1, 2)
    return images.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def upright_crops(
    samples: FaceSamples, size: int, crop_scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut each face at its true box, as prediction does: crops, and landmarks in [0, 1]."""
    crops, landmarks = [], []
    for canvas, points in zip(samples.canvases, samples.landmarks, strict=True):
        matrix = crop_matrix(BoundingBox.around(points), crop_scale=crop_scale, size=size)
        crops.append(cut_crop(canvas, matrix, (size, size)))
        landmarks.append(image_to_crop(points, matrix, size))
    return np.stack(crops), np.stack(landmarks)


@torch.inference_mode()
def predict_batches(
    network: nn.Module, crops: NDArray[np.uint8], *, batch_size: int = 64
) -> tuple[NDArray[np.float32], ...]:
    """Predict crops in batches: the fields of ``Prediction`` as arrays."""
    parts = [
        network(to_network_input(crops[start : start + batch_size]))
        for start in range(0, len(crops), batch_size)
    ]
    return tuple(torch.cat(field).numpy() for field in zip(*parts, strict=True))


def _warmed_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Return an exponential moving average that soon forgets the initial weights."""

    @torch.no_grad()
    def update(averages: Tensors, currents: Tensors, count: Tensor | int) -> None:
        steps = int(count)
        weight = 1 - min(decay, (1 + steps) / (10 + steps))
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():
                average.lerp_(current, weight)
            else:
                average.copy_(current)

    return update


def _decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay the weights of convolutions and linear layers, not biases and norms."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _prefetch(batches: Iterator[Batch], *, depth: int = 3) -> Iterator[Batch]:
    """Prepare batches on a thread while the network trains; an error there is raised here."""
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(depth)

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
