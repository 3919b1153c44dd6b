"""One run: from photos and a configuration to a folder that holds the trained network.

The run folder holds ``run.toml`` (the configuration), ``checkpoint.pt``, ``log.jsonl``,
``curves.png``, ``validation.png`` and, once it is finished, ``weights.pt``: the averaged weights,
calibrated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import cv2
import torch

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.layouts import LAYOUTS, Layout, layout_from_table
from asmnet_sdk.training.batches import BatchSource, to_network_input
from asmnet_sdk.training.calibration import calibrate_sigma
from asmnet_sdk.training.configuration import (
    RunConfig,
    flat_values,
    read_config,
    write_config,
)
from asmnet_sdk.training.fine_tuning import start_file
from asmnet_sdk.training.inference import upright_crops
from asmnet_sdk.training.networks import NETWORKS, FaceNetwork, SpatialAsmnet
from asmnet_sdk.training.objectives import OBJECTIVES
from asmnet_sdk.training.onnx_weights import take_onnx_weights
from asmnet_sdk.training.pictures import draw_curves, draw_validation
from asmnet_sdk.training.run_faces import (
    load_further,
    load_run_negatives,
    load_training_faces,
    read_faces,
)
from asmnet_sdk.training.samples import (
    FaceSamples,
    load_face_samples,
)
from asmnet_sdk.training.start_poses import with_start_poses
from asmnet_sdk.training.trainer import CHECKPOINT_FILE, Trainer, save_state
from asmnet_sdk.training.weights import load_weights, take_weights

__all__ = [
    "CONFIG_FILE",
    "WEIGHTS_FILE",
    "draw_run",
    "finish_run",
    "load_run",
    "model_metadata",
    "prepare_run",
]

CONFIG_FILE = "run.toml"
WEIGHTS_FILE = "weights.pt"

logger = logging.getLogger("asmnet_sdk.training")

_MAY_CHANGE = {"out", "threads"}
_Value = TypeVar("_Value")


def prepare_run(config: RunConfig) -> Trainer:
    """Read the photos and make the trainer, which continues where the run folder's run stopped.

    Raises:
        InvalidInputError: The configuration or a photo cannot be used, or the folder holds
            another run.
    """
    layout = _layout_of(config)
    make_network = _choose("network", config.network, NETWORKS)
    make_objective = _choose("objective", config.objective, OBJECTIVES)
    training, validation = read_faces(config, layout)
    config.out.mkdir(parents=True, exist_ok=True)
    _claim_folder(config)
    torch.manual_seed(config.recipe.seed)
    torch.set_num_threads(config.threads)
    network = make_network(layout.point_count)
    validating = load_face_samples(validation, layout)
    faces, recipe = load_training_faces(config, training, layout)
    if config.start_from:
        fresh = _start(network, config, validating)
        if not any("pose" in name for name in fresh):
            faces = with_start_poses(faces, network, recipe)
    negatives = load_run_negatives(config, training)
    source = BatchSource(faces=faces, negatives=negatives, layout=layout, recipe=recipe)
    trainer = Trainer(
        network,
        make_objective(source, config.out),
        source,
        validation=validating,
        further_validation=load_further(config),
        folder=config.out,
    )
    trainer.resume()
    return trainer


def _start(network: FaceNetwork, config: RunConfig, faces: FaceSamples) -> list[str]:
    """Take the weights of an earlier run or of a model file; return what starts anew."""
    assert config.start_from is not None
    file = start_file(config.start_from)
    if file.suffix == ".pt":
        fresh = take_weights(network, file)
    else:
        crops, _ = upright_crops(
            faces, size=config.recipe.size, crop_scale=config.recipe.crop_scale
        )
        fresh = take_onnx_weights(network, file, to_network_input(crops[:64]))
    if fresh:
        logger.info("not in %s, so they start anew: %s", config.start_from, ", ".join(fresh))
    return fresh


def draw_run(trainer: Trainer) -> None:
    """Write the pictures of a run of at least one epoch into its folder."""
    pictures = {
        "curves.png": draw_curves(trainer.records),
        "validation.png": draw_validation(
            trainer.averaged_network,
            trainer.validation,
            trainer.source.layout,
            size=trainer.recipe.size,
            crop_scale=trainer.recipe.crop_scale,
        ),
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(trainer.folder / name), picture)


def finish_run(trainer: Trainer) -> None:
    """Leave pictures and averaged weights in the run folder; an error radius is calibrated."""
    trainer.take_best()
    network = trainer.averaged_network
    if isinstance(network, SpatialAsmnet):
        recipe = trainer.recipe
        calibrate_sigma(network, trainer.validation, size=recipe.size, crop_scale=recipe.crop_scale)
    save_state(network.state_dict(), trainer.folder / WEIGHTS_FILE)
    draw_run(trainer)


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
    make_network = _choose("network", config.network, NETWORKS)
    network = make_network(_layout_of(config).point_count)
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


def _layout_of(config: RunConfig) -> Layout:
    if config.layout_table is not None:
        return layout_from_table(config.layout_table)
    return _choose("layout", config.layout, LAYOUTS)


def _choose(what: str, name: str, values: Mapping[str, _Value]) -> _Value:
    if name not in values:
        raise InvalidInputError(f"no {what} {name!r}; there are {', '.join(values)}")
    return values[name]


def _claim_folder(config: RunConfig) -> None:
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
