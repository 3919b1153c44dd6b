"""What a run leaves in its folder, and how it is found there.

The run folder holds ``run.toml`` (the configuration), ``checkpoint.pt``, ``log.jsonl``,
``curves.png``, ``validation.png`` and, once it is finished, ``weights.pt``: the averaged weights,
calibrated.
"""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.training.choices import network_maker
from asmnet_sdk.training.configuration import (
    RunConfig,
    flat_values,
    read_config,
    write_config,
)
from asmnet_sdk.training.loop import CHECKPOINT_FILE
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.weights import load_weights

__all__ = ["CONFIG_FILE", "WEIGHTS_FILE", "claim_folder", "load_run", "model_metadata"]

CONFIG_FILE = "run.toml"
WEIGHTS_FILE = "weights.pt"

_MAY_CHANGE = {"out", "device", "workers", "threads"}


def claim_folder(config: RunConfig) -> None:
    """Write the configuration into the run folder, unless another run lies there."""
    path = config.out / CONFIG_FILE
    if path.exists() and (config.out / CHECKPOINT_FILE).exists():
        before, now = flat_values(read_config(path)), flat_values(config)
        changed = {name for name in before if before[name] != now[name]} - _MAY_CHANGE
        if changed:
            raise InvalidInputError(
                f"{config.out} holds a run with other values of {', '.join(sorted(changed))}: "
                f"continue it with asmnet train {path}, or name another folder"
            )
    write_config(config, path)


def load_run(folder: Path) -> tuple[RunConfig, FaceNetwork]:
    """Load what a finished run left: its configuration and its network, evaluating.

    Raises:
        InvalidInputError: The folder holds no finished run.
    """
    path = folder / CONFIG_FILE
    if not path.exists():
        raise InvalidInputError(f"{folder} is no run folder: it holds no {CONFIG_FILE}")
    config = read_config(path)
    weights = folder / WEIGHTS_FILE
    if not weights.exists():
        raise InvalidInputError(
            f"the run in {folder} is not finished; to continue it: asmnet train {path}"
        )
    network = network_maker(config)()
    load_weights(network, weights)
    return config, network.eval()


def model_metadata(
    config: RunConfig, *, name: str, training_data: str, licence: str
) -> ModelMetadata:
    """Return what the model file of a run says of itself."""
    return ModelMetadata(
        name=name,
        layout=config.layout,
        layout_table=config.layout_table,
        input_size=config.recipe.size,
        crop_scale=config.recipe.crop_scale,
        training_data=training_data,
        licence=licence,
    )
