"""What the names in a configuration stand for: layout, network, objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import LAYOUTS, Layout, layout_from_table
from asmnet_sdk.training.batches import BatchSource
from asmnet_sdk.training.configuration import RunConfig
from asmnet_sdk.training.networks import NETWORKS, FaceNetwork
from asmnet_sdk.training.objectives import OBJECTIVES, Objective

__all__ = ["device_of", "layout_of", "network_maker", "objective_maker"]

_Value = TypeVar("_Value")


def device_of(config: RunConfig) -> torch.device:
    """Return where the network learns.

    Raises:
        InvalidInputError: The name means none, or torch cannot use it.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = ["cpu", *(["cuda"] if count else []), *(f"cuda:{index}" for index in range(count))]
    if config.device == "auto":
        return torch.device("cuda" if count else "cpu")
    if config.device not in names:
        raise InvalidInputError(
            f"device is {config.device!r}; torch {torch.__version__} can use {', '.join(names)}"
        )
    return torch.device(config.device)


def layout_of(config: RunConfig) -> Layout:
    """Return the layout of the photos.

    Raises:
        InvalidInputError: There is none of this name.
    """
    if config.layout_table is not None:
        return layout_from_table(config.layout_table)
    return _choose("layout", config.layout, LAYOUTS)


def network_maker(config: RunConfig) -> Callable[[], FaceNetwork]:
    """Return what makes a fresh network for the layout.

    Raises:
        InvalidInputError: There is no network, or no layout, of this name.
    """
    make_network = _choose("network", config.network, NETWORKS)
    return partial(make_network, layout_of(config).point_count)


def objective_maker(config: RunConfig) -> Callable[[BatchSource, Path], Objective]:
    """Return what makes the objective from the batches; it may leave files in the run folder.

    Raises:
        InvalidInputError: There is no objective of this name.
    """
    return _choose("objective", config.objective, OBJECTIVES)


def _choose(what: str, name: str, values: Mapping[str, _Value]) -> _Value:
    if name not in values:
        raise InvalidInputError(f"no {what} {name!r}; there are {', '.join(values)}")
    return values[name]
