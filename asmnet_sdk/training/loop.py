"""A whole run: its epochs, with a word to whoever listens, and what it leaves in its folder."""

from __future__ import annotations

from typing import Protocol

from asmnet_sdk.training.configuration import RunConfig
from asmnet_sdk.training.run import draw_run, finish_run, prepare_run
from asmnet_sdk.training.trainer import Record, Trainer

__all__ = ["Listener", "train"]


class Listener(Protocol):
    """What is told of a run while it goes on."""

    def on_start(self, trainer: Trainer) -> None:
        """Hear that the photos are read; an interrupted run continues after ``trainer.epoch``."""

    def on_batch(self) -> None:
        """Hear that one batch more is done."""

    def on_epoch(self, record: Record) -> None:
        """Hear the figures of an epoch."""


def train(config: RunConfig, listener: Listener) -> Trainer:
    """Train from the last checkpoint to the last epoch; the run folder receives all results.

    Raises:
        InvalidInputError: The configuration or a photo cannot be used, or the folder holds
            another run.
    """
    trainer = prepare_run(config)
    listener.on_start(trainer)
    if config.start_from and not trainer.records:
        listener.on_epoch(trainer.measure_start())
    while not trainer.is_finished:
        record = trainer.run_epoch(listener.on_batch)
        draw_run(trainer)
        listener.on_epoch(record)
    finish_run(trainer)
    return trainer
