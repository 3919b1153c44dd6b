"""``asmnet train``: train a network as a configuration file says."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.parsing import Subcommands, at_least_one, whole_number
from asmnet_sdk.cli.terminal import ProgressBar

if TYPE_CHECKING:
    from asmnet_sdk.training.trainer import Trainer

__all__ = ["add_parser"]

_COLUMNS = 80


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
        "--device", metavar="NAME", help="auto, cpu, cuda or cuda:1 (default: as in CONFIG)"
    )
    parser.add_argument(
        "--workers",
        type=whole_number,
        metavar="N",
        help="processes that prepare batches (default: as in CONFIG)",
    )
    parser.add_argument(
        "--threads", type=at_least_one, metavar="N", help="threads of torch (default: as in CONFIG)"
    )
    parser.set_defaults(
        run=run, interrupted="interrupted: the same command goes on from its checkpoint"
    )


def run(options: argparse.Namespace) -> int:
    """Train as the file says, with what the arguments replace."""
    from asmnet_sdk.training import check_extra
    from asmnet_sdk.training.configuration import read_config

    check_extra()
    names = ("out", "network", "objective", "device", "workers", "threads")
    given = {name: getattr(options, name) for name in names}
    replaced = {name: value for name, value in given.items() if value is not None}
    config = replace(read_config(options.config), **replaced)
    from asmnet_sdk.training.run import train

    with ExitStack() as stack:
        trainer = train(config, _Terminal(stack))
    _say_what_was_gained(trainer)
    print(f"finished: asmnet export {config.out} MODEL.onnx")
    return 0


def _say_what_was_gained(trainer: Trainer) -> None:
    """Compare the weights that are kept with those that the run started from."""
    start, best, blended = trainer.records[0], trainer.best, trainer.blended
    if start["epoch"]:
        return
    if best is start or blended.get("share") == 0:
        print("nothing was better on the validation photos than the start: its weights are kept")
        return
    kept = f"those of epoch {best['epoch']:.0f}"
    if blended:
        kept = f"{100 * blended['share']:.0f} % of the way from the start to {kept}"
    print(f"kept are the weights {kept}")
    for name, faces in (("val_error", "validation faces"), ("replay_error", "replayed faces")):
        if name in start:
            now = (blended or best)[name]
            print(
                f"error on {faces}: {start[name]:.2f} % of the face at the start, {now:.2f} % now"
            )


class _Terminal:
    """Shows a bar for each epoch, and a line of its figures."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def on_start(self, trainer: Trainer) -> None:
        self._trainer = trainer
        print(
            f"{len(trainer.source.faces)} faces, {len(trainer.validation)} for validation; "
            f"{trainer.epoch} of {trainer.recipe.epochs} epochs done; on {trainer.device}"
        )
        self._say_how_long()
        self._begin_epoch()

    def _say_how_long(self) -> None:
        from asmnet_sdk.training.estimating import seconds_to_go

        if not self._trainer.is_finished:
            minutes = seconds_to_go(self._trainer) / 60
            print(f"about {minutes:.1f} minutes to go on this machine", flush=True)

    def on_batch(self) -> None:
        self._bar.advance()

    def on_epoch(self, record: Mapping[str, float]) -> None:
        self._stack.close()
        line = "  ".join(f"{name} {value:.4g}" for name, value in record.items())
        print(textwrap.fill(line, _COLUMNS, subsequent_indent="    "), flush=True)
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        if not self._trainer.is_finished:
            label = f"epoch {self._trainer.epoch + 1}/{self._trainer.recipe.epochs}"
            self._bar = self._stack.enter_context(ProgressBar(len(self._trainer.source), label))
