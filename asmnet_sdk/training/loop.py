"""The loop that every network is trained in: epochs, averaged weights, checkpoints, the log."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.torch_files import UNREAD, save_state, why_unread
from asmnet_sdk.whole_files import write_text

__all__ = ["CHECKPOINT_FILE", "CPU", "LOG_FILE", "LoopRecipe", "Record", "TrainingLoop"]

CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"

Record: TypeAlias = dict[str, float]
Tensors: TypeAlias = tuple[Tensor, ...] | list[Tensor]
_Batch = TypeVar("_Batch")

CPU = torch.device("cpu")

_STATEFUL = ("network", "average", "optimizer", "schedule")
_LARGEST_GRADIENT = 5.0


class LoopRecipe(Protocol):
    """What the loop itself takes from a recipe."""

    @property
    def learning_rate(self) -> float:
        """The highest one."""

    @property
    def weight_decay(self) -> float:
        """AdamW's decoupled weight decay."""

    @property
    def average_decay(self) -> float:
        """Decay of the exponential moving average of the weights."""

    @property
    def seed(self) -> int:
        """Seed of what chance there is within the network."""


class TrainingLoop(ABC, Generic[_Batch]):
    """Trains one network with AdamW; checkpoints let a run continue.

    Who extends it says what the batches are, what is minimised, how the rate goes, when it ends,
    and what is measured.

    Args:
        network: What is trained.
        recipe: How.
        folder: Receives ``checkpoint.pt`` and ``log.jsonl``, a line an epoch.
        device: Where the network learns.

    Attributes:
        epoch: How many epochs are done.
        minutes: How long they took, validation left out.
        records: What the log says of each.
    """

    epochs_a_checkpoint: int = 1
    """Every so many epochs, and after the last, the network is validated and saved."""
    loss_weights: Mapping[str, float] = MappingProxyType({})
    """How much each loss counts; 1 where nothing is said."""

    network: nn.Module
    recipe: LoopRecipe

    def __init__(
        self,
        network: nn.Module,
        recipe: LoopRecipe,
        *,
        folder: Path,
        device: torch.device = CPU,
    ) -> None:
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.device = device
        self.folder = folder
        self.average = AveragedModel(
            self.network, multi_avg_fn=_warmed_average(recipe.average_decay), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            _decay_groups(self.network, recipe.weight_decay), lr=recipe.learning_rate, fused=True
        )
        self.epoch = 0
        self.minutes = 0.0
        self.records: list[Record] = []
        self.schedule = self._make_schedule()

    @abstractmethod
    def _make_schedule(self) -> LRScheduler:
        """Return what sets the learning rate after each batch."""

    @property
    @abstractmethod
    def is_finished(self) -> bool:
        """Whether there is nothing left to train."""

    @property
    def is_at_checkpoint(self) -> bool:
        """Whether the epoch that was done last is one to validate and save."""
        return self.epoch % self.epochs_a_checkpoint == 0 or self.is_finished

    @abstractmethod
    def _batches(self) -> Iterator[_Batch]:
        """Return the batches of the next epoch."""

    @abstractmethod
    def _losses(self, batch: _Batch) -> dict[str, Tensor]:
        """Return what is to be small, by name."""

    @abstractmethod
    def _validate(self) -> Record:
        """Measure the averaged network."""

    def resume(self) -> None:
        """Continue from the folder's checkpoint, if there is one.

        What the log says of later epochs is dropped: they are run again.

        Raises:
            InvalidInputError: The checkpoint is damaged, of another network, or of other photos.
        """
        path = self.folder / CHECKPOINT_FILE
        if not path.exists():
            return
        now = self._planned_batches
        self._load(path)
        if self._planned_batches != now:
            raise InvalidInputError(
                f"{self.folder} began as a run of {self._planned_batches} batches and is one of "
                f"{now} now, so photos came or went: name another folder as out, and weights.pt of "
                "this one as start_from to go on from there"
            )
        self.records = self._read_log()
        write_text(self.folder / LOG_FILE, map(_to_line, self.records))

    @property
    def _planned_batches(self) -> int | None:
        """How many batches the schedule of the learning rate is made for, if it says so."""
        planned: int | None = self.schedule.state_dict().get("total_steps")
        return planned

    def _load(self, path: Path) -> None:
        try:
            state = torch.load(path, weights_only=True, map_location=self.device)
            self.epoch, self.minutes = state["epoch"], state.get("minutes", 0.0)
            for name in _STATEFUL:
                getattr(self, name).load_state_dict(state[name])
        except UNREAD as exc:
            raise InvalidInputError(
                f"{path} is no checkpoint of this run ({why_unread(exc)}): delete it to start anew"
            ) from exc

    def _read_log(self) -> list[Record]:
        """Return what the log says of the epochs done."""
        log = self.folder / LOG_FILE
        try:
            records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            return [record for record in records if record["epoch"] <= self.epoch]
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise InvalidInputError(
                f"{log} is no log of a run ({exc}): delete {self.folder} to start anew"
            ) from exc

    def run_epoch(self, on_batch: Callable[[], None] = lambda: None) -> Record:
        """Train one epoch; some, and the last, are validated and saved.

        Args:
            on_batch: Called after each batch, to show progress.

        Returns:
            What the log says of it: epoch, seconds, mean losses, validation figures.
        """
        before = self.minutes
        losses = self._train_epoch(on_batch)
        self.epoch += 1
        record: Record = {"epoch": self.epoch, "seconds": round(60 * (self.minutes - before), 1)}
        record |= {name: float(f"{loss:.5g}") for name, loss in losses.items()}
        is_saved = self.is_at_checkpoint
        if is_saved:
            record |= self._validate()
        self._note(record)
        if is_saved:
            self._save()
        return record

    def _note(self, record: Record) -> None:
        self.records.append(record)
        write_text(self.folder / LOG_FILE, map(_to_line, self.records))

    def _begin_epoch(self) -> None:
        torch.manual_seed(self.recipe.seed + self.epoch)  # dropout of a resumed run
        self.network.train()

    def _train_epoch(self, on_batch: Callable[[], None]) -> Record:
        """Learn from the batches, or from as many as there is time for; return the mean losses."""
        self._begin_epoch()
        totals: Record = {}
        started, before, count = time.monotonic(), self.minutes, 0
        for batch in self._batches():
            count += 1
            for name, loss in self._learn(batch).items():
                totals[name] = totals.get(name, 0.0) + loss
            self.minutes = before + (time.monotonic() - started) / 60
            self.schedule.step()
            on_batch()
            if self.is_finished:
                break
        return {name: total / count for name, total in totals.items()}

    def _learn(self, batch: _Batch) -> Record:
        losses = self._losses(batch)
        weighted = (self.loss_weights.get(name, 1.0) * loss for name, loss in losses.items())
        self.optimizer.zero_grad(set_to_none=True)
        sum(weighted, start=torch.zeros(())).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return {name: loss.item() for name, loss in losses.items()}

    def _save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in _STATEFUL}
        state |= {"epoch": self.epoch, "minutes": self.minutes}
        save_state(state, self.folder / CHECKPOINT_FILE)


def _to_line(record: Record) -> str:
    return f"{json.dumps(record)}\n"


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
    trained = [p for p in network.parameters() if p.requires_grad]
    weights = [p for p in trained if p.ndim > 1]
    others = [p for p in trained if p.ndim <= 1]
    return [
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
