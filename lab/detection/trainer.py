"""The training loop of the detector."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from asmnet_sdk.training.batches import prefetch
from asmnet_sdk.training.trainer import decay_groups, save_state, warmed_average
from lab.detection.batches import DetectionBatch, make_batches
from lab.detection.inference import judge, validation_mosaics, whole_photo
from lab.detection.losses import detection_losses
from lab.detection.networks import DetectionNetwork, cell_centers, decode_boxes
from lab.detection.photos import DetectionPhoto

__all__ = ["DetectionRecipe", "DetectionTrainer"]

logger = logging.getLogger("asmnet_sdk.training")

_SIZE = 320
_STATEFUL = ("network", "average", "optimizer", "schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRecipe:
    """How the detector is trained.

    Attributes:
        epochs: Number of epochs; after each one is a checkpoint.
        batches: Batches of an epoch.
        pixels: Pixels of a batch, in thousands.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: AdamW's decoupled weight decay.
        average_decay: Decay of the exponential moving average of the weights.
        box_weight: Weight of the box loss beside the score loss.
        seed: Seed of weights and pictures.
    """

    epochs: int
    batches: int = 200
    pixels: int = 2100
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    average_decay: float = 0.998
    box_weight: float = 2.0
    seed: int = 0


class DetectionTrainer:
    """Trains one network; a checkpoint an epoch lets a run continue.

    Args:
        network: What is trained.
        recipe: How.
        photos: Photos to train on.
        validation: Photos that measure each epoch.
        folder: Receives ``checkpoint.pt`` and ``log.jsonl``.
        mosaics: How many mosaics of the validation photos measure each epoch, too.
    """

    def __init__(
        self,
        network: DetectionNetwork,
        recipe: DetectionRecipe,
        *,
        photos: Sequence[DetectionPhoto],
        validation: Sequence[DetectionPhoto],
        folder: Path,
        mosaics: int = 40,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.photos = photos
        self.folder = folder
        self.validation = {
            "photos": [whole_photo(photo, _SIZE) for photo in validation],
            "mosaics": validation_mosaics(validation, size=_SIZE, count=mosaics),
        }
        self.average = AveragedModel(
            self.network, multi_avg_fn=warmed_average(recipe.average_decay), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            decay_groups(self.network, recipe.weight_decay), lr=recipe.learning_rate
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            recipe.learning_rate,
            total_steps=recipe.epochs * recipe.batches,
            pct_start=0.1,
        )
        self.epoch = 0

    def run(self) -> DetectionNetwork:
        """Train from the folder's checkpoint, or from the start, to the last epoch.

        Returns:
            The averaged network, evaluating.
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
            self._save(checkpoint)
        return self._averaged.eval()

    @property
    def _averaged(self) -> DetectionNetwork:
        return cast(DetectionNetwork, self.average.module)

    def _train_epoch(self) -> dict[str, float]:
        self.network.train()
        totals: dict[str, float] = {}
        batches = make_batches(
            self.photos,
            batches=self.recipe.batches,
            pixels=1000 * self.recipe.pixels,
            generator=np.random.default_rng((self.recipe.seed, self.epoch)),
        )
        for batch in prefetch(batches):
            losses = self._losses(batch)
            self.optimizer.zero_grad(set_to_none=True)
            (losses["score"] + self.recipe.box_weight * losses["box"]).backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.schedule.step()
            self.average.update_parameters(self.network)
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0.0) + loss.item() / self.recipe.batches
        return totals

    def _losses(self, batch: DetectionBatch) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            found = self.network(batch.pictures)
        centers, strides = cell_centers(*batch.pictures.shape[2:])
        boxes = decode_boxes(found.log_distances, centers, strides)
        return detection_losses(found.score_logits, boxes, batch.kinds, batch.boxes)

    def _report(self, losses: dict[str, float], seconds: float) -> None:
        record = {"epoch": self.epoch, "seconds": round(seconds, 1)}
        record |= {name: round(loss, 4) for name, loss in losses.items()}
        for name, examples in self.validation.items():
            figures = judge(self._averaged, examples, score_threshold=0.5)
            record |= {f"{name}_{key}": round(v, 4) for key, v in asdict(figures).items()}
        line = json.dumps(record)
        logger.info("%s", line)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _save(self, path: Path) -> None:
        state = {name: getattr(self, name).state_dict() for name in _STATEFUL}
        save_state(state | {"epoch": self.epoch, "recipe": asdict(self.recipe)}, path)

    def _restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.epoch = state["epoch"]
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        logger.info("continuing %s after epoch %d", path, self.epoch)
