"""How long a run will take on this machine, before it starts."""

from __future__ import annotations

import time
from copy import deepcopy

import torch

from asmnet_sdk.training.trainer import Trainer

__all__ = ["seconds_to_go"]


def seconds_to_go(trainer: Trainer) -> float:
    """Return about how long the epochs to go take: from one batch, made and learned from twice.

    Validation and pictures come on top; early stopping may end it sooner. The network stays as
    it is.
    """
    network = deepcopy(trainer.network).train()
    took = 0.0
    for _ in range(2):  # the first one also warms up
        started = time.monotonic()
        batch = trainer.source.first_batch()
        made = time.monotonic()
        batch = batch.to(trainer.device)
        losses = trainer.objective(network(batch.images), batch, 0)
        sum(losses.values(), start=torch.zeros(())).backward()
        for loss in losses.values():
            loss.item()  # waits for the device
        learned = time.monotonic()
        making = (made - started) / max(1, trainer.source.workers)
        took = max(making, learned - made)  # the next one is made meanwhile
    return took * len(trainer.source) * (trainer.recipe.epochs - trainer.epoch)
