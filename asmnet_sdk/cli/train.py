"""``asmnet train``: train a network as a configuration file says."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.parsing import Subcommands, at_least_one
from asmnet_sdk.cli.terminal import ProgressBar

if TYPE_CHECKING:
    from asmnet_sdk.training.configuration import RunConfig

__all__ = ["add_parser", "train"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "train",
        help="train a network",
        description=(
            "Train a network on annotated photos. A run that was interrupted continues from its "
            "last checkpoint. The run folder receives the configuration, checkpoint, log, curves, "
            "pictures of validation faces and, in the end, the weights."
        ),
        epilog=(
            "Examples:\n"
            "  asmnet train run.toml\n"
            "  asmnet train run.toml --network asmnet-paper --objective asm --out runs/asm\n"
            "Needs PyTorch: pip install 'asmnet-sdk[train]'"
        ),
    )
    parser.add_argument(
        "config", type=Path, metavar="CONFIG.toml", help="data, network and recipe of the run"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="run folder (default: as in CONFIG)"
    )
    parser.add_argument(
        "--network",
        metavar="NAME",
        help="asmnet, asmnet-paper or mobilenetv2-paper (default: as in CONFIG)",
    )
    parser.add_argument(
        "--objective", metavar="NAME", help="wing, mse or asm (default: as in CONFIG)"
    )
    parser.add_argument(
        "--threads", type=at_least_one, metavar="N", help="threads of torch (default: as in CONFIG)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train as the file says, with what the arguments replace."""
    from asmnet_sdk.training.configuration import read_config

    names = ("out", "network", "objective", "threads")
    given = {name: getattr(options, name) for name in names}
    replaced = {name: value for name, value in given.items() if value is not None}
    train(replace(read_config(options.config), **replaced))
    return 0


def train(config: RunConfig) -> None:
    """Train from the last checkpoint to the last epoch, telling of each."""
    from asmnet_sdk.training.run import draw_run, finish_run, prepare_run

    trainer = prepare_run(config)
    print(  # noqa: T201
        f"{len(trainer.source.faces)} faces, {len(trainer.validation)} for validation; "
        f"{trainer.epoch} of {config.recipe.epochs} epochs done"
    )
    while not trainer.is_finished:
        label = f"epoch {trainer.epoch + 1}/{config.recipe.epochs}"
        with ProgressBar(len(trainer.source), label) as bar:
            record = trainer.run_epoch(bar.advance)
        print(_line(record), flush=True)  # noqa: T201
        draw_run(trainer)
    finish_run(trainer)
    print(f"finished: asmnet export {config.out} MODEL.onnx")  # noqa: T201


def _line(record: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:g}" for name, value in record.items())
