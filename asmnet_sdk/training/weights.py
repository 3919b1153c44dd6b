"""Weights of earlier runs: all of them for the same network, what fits for a like one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.shared_points import Carry
from asmnet_sdk.training.torch_files import UNREAD, why_unread

__all__ = ["load_weights", "take_weights"]


def load_weights(network: FaceNetwork, path: Path) -> None:
    """Load weights into a network.

    Raises:
        InvalidInputError: The file cannot be read, or its weights are those of another network.
    """
    state = _read_weights(path)
    try:
        network.load_state_dict(state)
    except RuntimeError as exc:
        kind = type(network).__name__
        raise InvalidInputError(f"{path} holds no weights of {kind}: {exc}") from exc


def take_weights(network: FaceNetwork, path: Path, carry: Carry | None = None) -> list[str]:
    """Take from the weights of a like network what fits: its trunk, and each layer of equal shape.

    So a network with other heads, or for another layout, starts from what was learned before.

    Args:
        network: The network.
        path: The file.
        carry: Gives what layers of another shape take over; None: nothing.

    Returns:
        The names of what the file does not hold, or holds in another shape.

    Raises:
        InvalidInputError: The file cannot be read, or holds another trunk.
    """
    wanted, found = network.state_dict(), _read_weights(path)
    fitting = {
        name: found[name]
        for name, value in wanted.items()
        if name in found and found[name].shape == value.shape
    }
    fitting |= carry(found, wanted) if carry else {}
    fresh = sorted(wanted.keys() - fitting.keys())
    if any(name.startswith("trunk.") for name in fresh) or not fitting:
        raise InvalidInputError(f"{path} holds no weights of {type(network).__name__}'s trunk")
    network.load_state_dict(fitting, strict=False)
    return fresh


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except UNREAD as exc:
        raise InvalidInputError(f"{path} holds no weights: {why_unread(exc)}") from exc
    return state
