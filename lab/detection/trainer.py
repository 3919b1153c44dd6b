"""The training of the detector: for a given time, its schedule, losses and validation."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from asmnet_sdk.training.loop import Record, TrainingLoop
from lab.detection.batches import DetectionBatch, load_batches, to_network_input
from lab.detection.inference import judge
from lab.detection.losses import detection_losses
from lab.detection.mosaics import Example, PhotoPool
from lab.detection.networks import DetectionNetwork, cell_centers, decode_boxes

__all__ = ["DetectionRecipe", "DetectionTrainer"]

logger = logging.getLogger("asmnet_sdk.training")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRecipe:
    """How the detector is trained.

    Attributes:
        minutes: How long it learns, restarts not counted.
        cooldown: In this last share of the time the learning rate falls to 0.
        warmup: In so many of the first batches it rises from 0.
        batches: Batches of an epoch; after each epoch is a checkpoint.
        pixels: Pixels of a batch, in thousands.
        learning_rate: What it is in between.
        weight_decay: AdamW's decoupled weight decay.
        average_decay: Decay of the exponential moving average of the weights.
        box_weight: Weight of the box loss beside the score loss.
        roll_weight: Weight of the loss of the tilt.
        half_precision: 1 for bfloat16 where the processor computes it, else slow; 0 for float32.
        frozen: 1 to leave the layers up to stride 8 as they are, which saves half of the time;
            0 to train all.
        seed: Seed of weights and pictures.
    """

    minutes: float
    cooldown: float = 0.4
    warmup: int = 100
    batches: int = 200
    pixels: int = 2100
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    average_decay: float = 0.998
    box_weight: float = 2.0
    roll_weight: float = 0.5
    half_precision: int = 0
    frozen: int = 0
    seed: int = 0

    def rate_share(self, step: int, minutes: float) -> float:
        """Return the share of the learning rate after so many batches and minutes."""
        left = 1 - minutes / self.minutes
        return max(0.0, min(1.0, (step + 1) / self.warmup, left / self.cooldown))


class DetectionTrainer(TrainingLoop[DetectionBatch]):
    """Trains one detector for a given time.

    Args:
        network: What is trained.
        recipe: How.
        pool: Photos to train on.
        validation: Name -> labelled pictures that measure each epoch.
        folder: As for ``TrainingLoop``.
    """

    network: DetectionNetwork
    recipe: DetectionRecipe

    def __init__(
        self,
        network: DetectionNetwork,
        recipe: DetectionRecipe,
        *,
        pool: PhotoPool,
        validation: Mapping[str, Sequence[Example]],
        folder: Path,
    ) -> None:
        self.pool = pool
        self.validation = validation
        self.loss_weights = {"box": recipe.box_weight, "roll": recipe.roll_weight}
        super().__init__(network, recipe, folder=folder)

    def run(self) -> DetectionNetwork:
        """Train from the folder's checkpoint, or from the start, until the time is over.

        Returns:
            The averaged network, evaluating.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.resume()
        while not self.is_finished:
            logger.info("%s", self.run_epoch())
        return self._averaged.eval()

    @property
    def is_finished(self) -> bool:
        """Whether the time is over."""
        return self.minutes >= self.recipe.minutes

    @property
    def _averaged(self) -> DetectionNetwork:
        return cast(DetectionNetwork, self.average.module)

    def _make_schedule(self) -> LRScheduler:
        return LambdaLR(self.optimizer, lambda step: self.recipe.rate_share(step, self.minutes))

    def _begin_epoch(self) -> None:
        super()._begin_epoch()
        if self.recipe.frozen:
            network = self.network
            for module in (network.stem, network.stride_4, network.stages[0]):
                module.eval().requires_grad_(False)

    def _batches(self) -> Iterator[DetectionBatch]:
        return load_batches(
            self.pool,
            batches=self.recipe.batches,
            pixels=1000 * self.recipe.pixels,
            seed=(self.recipe.seed, self.epoch),
        )

    def _losses(self, batch: DetectionBatch) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=bool(self.recipe.half_precision)):
            found = self.network(to_network_input(batch.pictures))
        centers, strides = cell_centers(*batch.pictures.shape[1:3])
        boxes = decode_boxes(found.log_distances, centers, strides)
        return detection_losses(found, boxes, batch.kinds, batch.boxes, batch.rolls)

    def _validate(self) -> Record:
        record: Record = {}
        for name, examples in self.validation.items():
            figures = judge(self._averaged, examples, score_threshold=0.35)
            record |= {f"{name}_{key}": round(v, 4) for key, v in asdict(figures).items()}
        return record
