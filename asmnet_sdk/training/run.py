"""One run: from photos and a configuration to a folder that holds the trained network."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch

from asmnet_sdk.landmarks.contract import read_contract
from asmnet_sdk.layouts import Layout, shared_points
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.batches import BatchSource, to_network_input
from asmnet_sdk.training.blending import Start
from asmnet_sdk.training.calibration import calibrate_sigma
from asmnet_sdk.training.choices import (
    device_of,
    layout_of,
    network_maker,
    objective_maker,
)
from asmnet_sdk.training.configuration import RunConfig, read_config
from asmnet_sdk.training.fine_tuning import start_file
from asmnet_sdk.training.inference import upright_crops
from asmnet_sdk.training.loop import Record
from asmnet_sdk.training.networks import FaceNetwork, SpatialAsmnet
from asmnet_sdk.training.onnx_weights import take_onnx_weights
from asmnet_sdk.training.pictures import draw_curves, draw_validation
from asmnet_sdk.training.run_faces import (
    REPLAY,
    load_further,
    load_run_negatives,
    load_training_faces,
    read_faces,
)
from asmnet_sdk.training.run_folder import CONFIG_FILE, WEIGHTS_FILE, claim_folder
from asmnet_sdk.training.samples import FaceSamples, load_face_samples
from asmnet_sdk.training.shared_points import Carry, carry_points
from asmnet_sdk.training.start_poses import (
    PoseTeacher,
    file_poses,
    network_poses,
    with_start_poses,
)
from asmnet_sdk.training.torch_files import save_state
from asmnet_sdk.training.trainer import Trainer
from asmnet_sdk.training.weights import take_weights
from asmnet_sdk.whole_files import write_bytes

__all__ = [
    "Listener",
    "draw_run",
    "finish_run",
    "prepare_run",
    "start_layout",
    "take_start",
    "train",
]

logger = logging.getLogger("asmnet_sdk.training")

_START_FACES = 64  # that say what batch norms see


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
        if trainer.is_at_checkpoint:
            draw_run(trainer)
        listener.on_epoch(record)
    finish_run(trainer)
    return trainer


def prepare_run(config: RunConfig, make_trainer: type[Trainer] = Trainer) -> Trainer:
    """Read the photos and make the trainer, which continues where the run folder's run stopped.

    Args:
        config: The run.
        make_trainer: Its kind of trainer.

    Raises:
        InvalidInputError: The configuration or a photo cannot be used, or the folder holds
            another run.
    """
    layout, device = layout_of(config), device_of(config)
    make_network, make_objective = network_maker(config), objective_maker(config)
    training, validation = read_faces(config, layout)
    config.out.mkdir(parents=True, exist_ok=True)
    claim_folder(config)
    torch.manual_seed(config.recipe.seed)
    torch.set_num_threads(config.threads)
    network = make_network()
    validating = load_face_samples(validation, layout)
    faces, recipe = load_training_faces(config, training, layout)
    start = None
    if config.start_from:
        start, faces = _start_with(network, config, faces, device)
    negatives = load_run_negatives(config, training)
    source = BatchSource(
        faces=faces, negatives=negatives, layout=layout, recipe=recipe, workers=config.workers
    )
    trainer = make_trainer(
        network,
        make_objective(source, config.out),
        source,
        validation=validating,
        further_validation=load_further(config, layout),
        folder=config.out,
        start=start,
        device=device,
    )
    trainer.resume()
    return trainer


def _start_with(
    network: FaceNetwork, config: RunConfig, faces: FaceSamples, device: torch.device
) -> tuple[Start, FaceSamples]:
    """Give a network its start; return that, and the faces with the poses that it sees."""
    start = Start.of(network, take_start(network, config, faces))
    if not config.start_poses:
        return start, faces
    teacher = _pose_teacher(config, network.to(device), start.fresh)
    return start, faces if teacher is None else with_start_poses(faces, teacher)


def take_start(network: FaceNetwork, config: RunConfig, faces: FaceSamples) -> list[str]:
    """Take the weights of an earlier run or of a model file; return what starts anew.

    Args:
        network: What takes them.
        config: Says where they are, and how the crops are cut.
        faces: Faces that train, for the batch norms, which a model file lacks.
    """
    assert config.start_from is not None
    file = start_file(config.start_from)
    some = faces.take(np.linspace(0, len(faces) - 1, min(len(faces), _START_FACES)).astype(int))
    carry = _carry_to(config, file, some)
    if file.suffix == ".pt":
        fresh = take_weights(network, file, carry)
    else:
        crops, _ = upright_crops(some, size=config.recipe.size, crop_scale=config.recipe.crop_scale)
        fresh = take_onnx_weights(network, file, to_network_input(crops), carry)
    if fresh:
        logger.info("not in %s, so they start anew: %s", config.start_from, ", ".join(fresh))
    return fresh


def _carry_to(config: RunConfig, file: Path, faces: FaceSamples) -> Carry | None:
    """Return what takes over the points that a start for another layout shares with the run's."""
    layout, start = layout_of(config), start_layout(file)
    if start is None or start.name == layout.name:
        return None
    shared = shared_points(start, layout)
    logger.info("%s shares %d of %d points", file, len(shared), layout.point_count)
    return partial(carry_points, shared=shared, shapes=faces.landmarks)


def start_layout(file: Path) -> Layout | None:
    """Return the layout of a model file, or of the run that left weights, if it is known."""
    if file.suffix != ".pt":
        return read_contract(OnnxSession(file, device="cpu"))[1]
    config = file.parent / CONFIG_FILE
    return layout_of(read_config(config)) if config.exists() else None


def _pose_teacher(
    config: RunConfig, network: FaceNetwork, fresh: Collection[str]
) -> PoseTeacher | None:
    """Return what gives poses to faces without: the start, where it can; None where nothing can."""
    assert config.start_from is not None
    file = start_file(config.start_from)
    if file.suffix != ".pt":
        return file_poses(file)
    has_pose = not any("pose" in name for name in fresh)
    return network_poses(network, config.recipe) if has_pose else None


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
        write_bytes(trainer.folder / name, cv2.imencode(".png", picture)[1].tobytes())


def finish_run(trainer: Trainer) -> None:
    """Leave pictures and averaged weights in the run folder.

    An error radius is calibrated on all faces that validate.
    """
    replay = trainer.further_validation.get(REPLAY)
    trainer.averaged_network.cpu()
    trainer.take_best()
    trainer.blend(replay)
    network, recipe = trainer.averaged_network, trainer.recipe
    if isinstance(network, SpatialAsmnet):
        faces = FaceSamples.join([trainer.validation, *trainer.further_validation.values()])
        calibrate_sigma(network, faces, size=recipe.size, crop_scale=recipe.crop_scale)
    save_state(network.state_dict(), trainer.folder / WEIGHTS_FILE)
    draw_run(trainer)
