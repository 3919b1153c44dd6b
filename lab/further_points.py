"""Teach a network of 68 landmarks the 30 further ones of WFLW; all that it knows stays as it is.

``python -m lab.further_points RUN.toml`` takes the configuration of ``asmnet train``, with
``layout = "WFLW_98"`` and a network for iBUG's points as ``start_from``. Only the rows of the new
points learn (their maps, error radius and visibility), so a batch takes a third of the time, and
the 68 shared points, head pose and face score stay those of the start.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import torch

from asmnet_sdk.layouts import shared_points
from asmnet_sdk.training.calibration import calibrate_sigma
from asmnet_sdk.training.choices import layout_of
from asmnet_sdk.training.configuration import RunConfig, read_config
from asmnet_sdk.training.fine_tuning import start_file
from asmnet_sdk.training.networks import FaceNetwork, SpatialAsmnet
from asmnet_sdk.training.run import draw_run, prepare_run, start_layout
from asmnet_sdk.training.run_folder import WEIGHTS_FILE
from asmnet_sdk.training.shared_points import ROWS
from asmnet_sdk.training.torch_files import save_state
from asmnet_sdk.training.trainer import Trainer
from lab.dense_labels import BESIDE

__all__ = ["FurtherPointsTrainer", "keep_all_but", "start_beside"]

logger = logging.getLogger("asmnet_sdk.training")


class FurtherPointsTrainer(Trainer):
    """Trains a network whose batch norms stay as they are."""

    def _begin_epoch(self) -> None:
        super()._begin_epoch()
        self.network.eval()


def keep_all_but(network: FaceNetwork, points: Collection[int]) -> None:
    """Let only the rows of some points learn."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in ROWS)
        if name in ROWS:
            learns = torch.zeros_like(parameter)
            learns[list(points)] = 1
            parameter.register_hook(learns.mul)


@torch.no_grad()
def start_beside(network: FaceNetwork, points: Collection[int]) -> None:
    """Let each point that only WFLW has begin as the mean of those beside it."""
    for name, parameter in network.named_parameters():
        if name in ROWS:
            for point in points:
                parameter[point] = parameter[list(BESIDE[point])].mean(dim=0)


def teach(config: RunConfig) -> Trainer:
    """Train the points that the start lacks, and leave the weights in the run folder."""
    assert config.start_from is not None
    layout = layout_of(config)
    start = start_layout(start_file(config.start_from))
    assert start is not None
    new = sorted(set(range(layout.point_count)) - shared_points(start, layout).keys())
    still = replace(config, recipe=replace(config.recipe, weight_decay=0.0))
    trainer = prepare_run(still, FurtherPointsTrainer)
    if not trainer.epoch:
        start_beside(trainer.network, new)
        trainer.average.module.load_state_dict(trainer.network.state_dict())
    keep_all_but(trainer.network, new)
    while not trainer.is_finished:
        record = trainer.run_epoch()
        logger.info("%s", "  ".join(f"{name} {value:g}" for name, value in record.items()))
    return trainer


def main() -> None:
    """Train from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.further_points", description=__doc__)
    parser.add_argument("run", type=Path, help="configuration file")
    trainer = teach(read_config(parser.parse_args().run))
    network, recipe = trainer.averaged_network.cpu(), trainer.recipe
    assert isinstance(network, SpatialAsmnet)
    calibrate_sigma(
        network,
        trainer.validation,
        size=recipe.size,
        crop_scale=recipe.crop_scale,
        points=sorted(BESIDE),
    )
    save_state(network.state_dict(), trainer.folder / WEIGHTS_FILE)
    draw_run(trainer)


if __name__ == "__main__":
    main()
