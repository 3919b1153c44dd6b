"""The training loop: optimiser, averaged weights, checkpoints, validation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.evaluation.metrics import head_pose_errors, inter_ocular_nme
from asmnet_sdk.training.batches import Batch, BatchSource
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import FaceNetwork, Prediction
from asmnet_sdk.training.objectives import Losses, Objective
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["CHECKPOINT_FILE", "LOG_FILE", "Trainer", "decay_groups", "save_state", "warmed_average"]

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"
BEST_FILE = "best.pt"

Tensors: TypeAlias = tuple[Tensor, ...] | list[Tensor]
Record: TypeAlias = dict[str, float]

_CHECKPOINT_EVERY = 5
# Error in % of the longer side of the face box: unlike an NME, no single profile rules its mean.
_JUDGED_BY = "val_error"
_HAS_BFLOAT16 = torch.cpu._is_avx512_bf16_supported()  # elsewhere it is many times slower
_STATEFUL = ("network", "average", "optimizer", "schedule")


class Trainer:
    """Trains one network; a checkpoint a few epochs apart lets a run continue.

    Args:
        network: What is trained.
        objective: What is minimised.
        source: The batches.
        validation: Faces that measure each checkpoint.
        further_validation: Name -> further faces that measure it, by the error in percent of the
            longer side of the face box.
        folder: Receives ``checkpoint.pt`` and ``log.jsonl``, a line an epoch.

    Attributes:
        epoch: How many epochs are done.
        records: What the log says of each.
    """

    def __init__(
        self,
        network: FaceNetwork,
        objective: Objective,
        source: BatchSource,
        *,
        validation: FaceSamples,
        further_validation: Mapping[str, FaceSamples] = MappingProxyType({}),
        folder: Path,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = objective
        self.source = source
        self.recipe = source.recipe
        self.validation = validation
        self.further_validation = further_validation
        self.folder = folder
        self.average = AveragedModel(
            self.network, multi_avg_fn=warmed_average(self.recipe.average_decay), use_buffers=True
        )
        if self.recipe.frozen_blocks:
            for each in (self.network, self.averaged_network):
                each.trunk.freeze_start(self.recipe.frozen_blocks)
        self.optimizer = torch.optim.AdamW(
            decay_groups(self.network, self.recipe.weight_decay), lr=self.recipe.learning_rate
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            self.recipe.learning_rate,
            total_steps=self.recipe.epochs * len(source),
            pct_start=0.15,
        )
        self.epoch = 0
        self.records: list[Record] = []

    @property
    def averaged_network(self) -> FaceNetwork:
        """The network with averaged weights: what a run is for."""
        return cast(FaceNetwork, self.average.module)

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch is done, or the error has not fallen for too long."""
        return self.epoch >= self.recipe.epochs or self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether so many validations as the recipe's patience says brought no lower error."""
        errors = [record[_JUDGED_BY] for record in self.records if _JUDGED_BY in record]
        since_best = len(errors) - 1 - errors.index(min(errors)) if errors else 0
        return 0 < self.recipe.patience <= since_best

    def take_best(self) -> None:
        """Give the averaged network its best weights, where the recipe's patience kept them."""
        path = self.folder / BEST_FILE
        if self.recipe.patience and path.exists():
            self.averaged_network.load_state_dict(torch.load(path, weights_only=True))

    def resume(self) -> None:
        """Continue from the folder's checkpoint, if there is one.

        What the log says of later epochs is dropped: they are run again.

        Raises:
            InvalidInputError: The checkpoint is damaged, or of another network.
        """
        path = self.folder / CHECKPOINT_FILE
        if not path.exists():
            return
        try:
            state = torch.load(path, weights_only=True)
            self.epoch = state["epoch"]
            for name in _STATEFUL:
                getattr(self, name).load_state_dict(state[name])
        except (OSError, RuntimeError, ValueError, LookupError, EOFError, UnpicklingError) as exc:
            reason = str(exc).partition("\n")[0]
            raise InvalidInputError(
                f"{path} is no checkpoint of this run ({reason}): delete it to start anew"
            ) from exc
        log = self.folder / LOG_FILE
        records = map(json.loads, log.read_text(encoding="utf-8").splitlines())
        self.records = [record for record in records if record["epoch"] <= self.epoch]
        log.write_text("".join(map(_to_line, self.records)), encoding="utf-8")

    def measure_start(self) -> Record:
        """Validate what the run starts from: no run ends with weights that are worse.

        Returns:
            What the log says of it, as of epoch 0.
        """
        record: Record = {"epoch": 0, "seconds": 0.0} | self._validate()
        self._note(record)
        self._keep_if_best()
        return record

    def run_epoch(self, on_batch: Callable[[], None] = lambda: None) -> Record:
        """Train one epoch; every fifth and the last are validated and saved.

        Args:
            on_batch: Called after each batch, to show progress.

        Returns:
            What the log says of it: epoch, seconds, mean losses, validation figures.
        """
        started = time.monotonic()
        losses = self._train_epoch(on_batch)
        self.epoch += 1
        record: Record = {"epoch": self.epoch, "seconds": round(time.monotonic() - started, 1)}
        record |= {name: float(f"{loss:.5g}") for name, loss in losses.items()}
        is_saved = self.epoch % _CHECKPOINT_EVERY == 0 or self.is_finished
        if is_saved:
            record |= self._validate()
        self._note(record)
        if is_saved:
            self._save()
            self._keep_if_best()
        return record

    def _note(self, record: Record) -> None:
        self.records.append(record)
        with (self.folder / LOG_FILE).open("a", encoding="utf-8") as file:
            file.write(_to_line(record))

    @property
    def best(self) -> Record:
        """What the log says of the weights that the run is for: the best, or the last."""
        validated = [record for record in self.records if _JUDGED_BY in record]
        if not self.recipe.patience:
            return validated[-1]
        return min(validated, key=lambda record: record[_JUDGED_BY])

    def _keep_if_best(self) -> None:
        errors = [record[_JUDGED_BY] for record in self.records if _JUDGED_BY in record]
        if self.recipe.patience and errors[-1] == min(errors):
            save_state(self.averaged_network.state_dict(), self.folder / BEST_FILE)

    def _train_epoch(self, on_batch: Callable[[], None]) -> Record:
        torch.manual_seed(self.recipe.seed + self.epoch)  # dropout of a resumed run
        self.network.train()
        totals: Record = {}
        for batch in self.source.epoch(self.epoch):
            losses = self._losses(batch)
            self.optimizer.zero_grad(set_to_none=True)
            sum(losses.values(), start=torch.zeros(())).backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.schedule.step()
            self.average.update_parameters(self.network)
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0.0) + loss.item() / len(self.source)
            on_batch()
        return totals

    def _losses(self, batch: Batch) -> Losses:
        with torch.autocast("cpu", torch.bfloat16, enabled=_HAS_BFLOAT16):
            predicted: Prediction = self.network(batch.images)
        return self.objective(predicted, batch, self.epoch)

    def _validate(self) -> Record:
        crops, truth = upright_crops(
            self.validation, size=self.recipe.size, crop_scale=self.recipe.crop_scale
        )
        predicted = predict_crops(self.averaged_network, crops)
        nme = inter_ocular_nme(predicted.landmarks.numpy(), truth, self.source.layout).mean()
        apart = np.linalg.norm(predicted.landmarks.numpy() - truth, axis=2)
        figures = {_JUDGED_BY: 100 * self.recipe.crop_scale * float(apart.mean())}
        figures["val_nme"] = float(nme)
        known = np.isfinite(self.validation.head_poses).all(axis=1)
        if known.any():
            head_pose = predicted.head_pose.numpy()[known]
            errors = head_pose_errors(head_pose, self.validation.head_poses[known]).tolist()
            figures |= dict(zip(("val_yaw", "val_pitch", "val_roll"), errors, strict=True))
        for name, samples in self.further_validation.items():
            figures |= self._further_figures(name, samples)
        return {name: round(value, 3) for name, value in figures.items()}

    def _further_figures(self, name: str, samples: FaceSamples) -> Record:
        crops, truth = upright_crops(
            samples, size=self.recipe.size, crop_scale=self.recipe.crop_scale
        )
        predicted = predict_crops(self.averaged_network, crops)
        errors = np.linalg.norm(predicted.landmarks.numpy() - truth, axis=2)
        figures = {f"{name}_error": 100 * self.recipe.crop_scale * float(np.nanmean(errors))}
        known = np.isfinite(samples.head_poses).all(axis=1)
        if known.any():
            apart = predicted.head_pose.numpy()[known] - samples.head_poses[known]
            figures[f"{name}_yaw"] = float(np.abs(apart[:, 0]).mean())
        return figures

    def _save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in _STATEFUL}
        state |= {"epoch": self.epoch, "recipe": asdict(self.recipe)}
        save_state(state, self.folder / CHECKPOINT_FILE)


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write what ``torch.load`` reads; the file appears only when it is complete."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _to_line(record: Record) -> str:
    return f"{json.dumps(record)}\n"


def warmed_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
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


def decay_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay the weights of convolutions and linear layers, not biases and norms."""
    trained = [p for p in network.parameters() if p.requires_grad]
    weights = [p for p in trained if p.ndim > 1]
    others = [p for p in trained if p.ndim <= 1]
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
