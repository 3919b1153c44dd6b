"""The training loop of the detector."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
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
from lab.detection.inference import judge
from lab.detection.losses import detection_losses
from lab.detection.mosaics import Example, PhotoPool
from lab.detection.networks import DetectionNetwork, cell_centers, decode_boxes

__all__ = ["DetectionRecipe", "DetectionTrainer"]

logger = logging.getLogger("asmnet_sdk.training")

_STATEFUL = ("network", "average", "optimizer")


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

    def rate_at(self, step: int, minutes: float) -> float:
        """Return the learning rate of a batch, after so many batches and minutes."""
        left = 1 - minutes / self.minutes
        share = min(1.0, (step + 1) / self.warmup, left / self.cooldown)
        return self.learning_rate * max(0.0, share)


class DetectionTrainer:
    """Trains one network; a checkpoint an epoch lets a run continue.

    Args:
        network: What is trained.
        recipe: How.
        pool: Photos to train on.
        validation: Name -> labelled pictures that measure each epoch.
        folder: Receives ``checkpoint.pt`` and ``log.jsonl``.
    """

    def __init__(
        self,
        network: DetectionNetwork,
        recipe: DetectionRecipe,
        *,
        pool: PhotoPool,
        validation: Mapping[str, Sequence[Example]],
        folder: Path,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.pool = pool
        self.folder = folder
        self.validation = validation
        self.average = AveragedModel(
            self.network, multi_avg_fn=warmed_average(recipe.average_decay), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            decay_groups(self.network, recipe.weight_decay), lr=recipe.learning_rate
        )
        self.epoch = 0
        self.step = 0
        self.minutes = 0.0

    def run(self) -> DetectionNetwork:
        """Train from the folder's checkpoint, or from the start, until the time is over.

        Returns:
            The averaged network, evaluating.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoint = self.folder / "checkpoint.pt"
        if checkpoint.exists():
            self._restore(checkpoint)
        while self.minutes < self.recipe.minutes:
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
        if self.recipe.frozen:
            self._freeze()
        totals: dict[str, float] = {}
        batches = make_batches(
            self.pool,
            batches=self.recipe.batches,
            pixels=1000 * self.recipe.pixels,
            generator=np.random.default_rng((self.recipe.seed, self.epoch)),
        )
        started, minutes, steps = time.monotonic(), self.minutes, self.step
        for batch in prefetch(batches):
            for group in self.optimizer.param_groups:
                group["lr"] = self.recipe.rate_at(self.step, self.minutes)
            losses = self._losses(batch)
            self.optimizer.zero_grad(set_to_none=True)
            self._total(losses).backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.average.update_parameters(self.network)
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0.0) + loss.item()
            self.step += 1
            self.minutes = minutes + (time.monotonic() - started) / 60
            if self.minutes >= self.recipe.minutes:
                break
        return {name: total / (self.step - steps) for name, total in totals.items()}

    def _freeze(self) -> None:
        network = self.network
        for module in (network.stem, network.stride_4, network.stages[0]):
            module.eval().requires_grad_(False)

    def _total(self, losses: dict[str, Tensor]) -> Tensor:
        recipe = self.recipe
        total = losses["score"] + recipe.box_weight * losses["box"]
        return total + recipe.roll_weight * losses["roll"]

    def _losses(self, batch: DetectionBatch) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=bool(self.recipe.half_precision)):
            found = self.network(batch.pictures)
        centers, strides = cell_centers(*batch.pictures.shape[2:])
        boxes = decode_boxes(found.log_distances, centers, strides)
        return detection_losses(found, boxes, batch.kinds, batch.boxes, batch.rolls)

    def _report(self, losses: dict[str, float], seconds: float) -> None:
        record = {"epoch": self.epoch, "step": self.step, "seconds": round(seconds, 1)}
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
        counts = {"epoch": self.epoch, "step": self.step, "minutes": self.minutes}
        save_state(state | counts | {"recipe": asdict(self.recipe)}, path)

    def _restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.epoch = state["epoch"]
        self.step, self.minutes = state.get("step", 0), state.get("minutes", 0.0)
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        logger.info("continuing %s after epoch %d", path, self.epoch)
