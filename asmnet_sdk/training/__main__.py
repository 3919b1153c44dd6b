"""Train without a configuration file: the keys of ``asmnet train`` as arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from asmnet_sdk.errors import AsmnetError
from asmnet_sdk.training.configuration import Recipe, RunConfig, make_config
from asmnet_sdk.training.loop import Record
from asmnet_sdk.training.run import train
from asmnet_sdk.training.trainer import Trainer


class _Lines:
    """Prints a line at the start and after each epoch."""

    def on_start(self, trainer: Trainer) -> None:
        print(f"{len(trainer.source.faces)} faces, {trainer.epoch} epochs done", flush=True)

    def on_batch(self) -> None:
        pass

    def on_epoch(self, record: Record) -> None:
        print("  ".join(f"{name} {value:g}" for name, value in record.items()), flush=True)


def main() -> None:
    """Train as the arguments say."""
    try:
        train(parse_arguments(), _Lines())
    except AsmnetError as error:
        sys.exit(f"python -m asmnet_sdk.training: error: {error}")


def parse_arguments(arguments: Sequence[str] | None = None) -> RunConfig:
    """Turn arguments, by default those of the command line, into a run."""
    return make_config(vars(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m asmnet_sdk.training",
        description=__doc__,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("out", type=Path, help="run folder")
    parser.add_argument(
        "photos", type=Path, nargs="+", help="300-W layout folders, WFLW lists, COCO files"
    )
    parser.add_argument("--validation", type=Path, nargs="*", help="photos that only validate")
    parser.add_argument("--extra", type=Path, nargs="*", help="photos that only train")
    parser.add_argument("--repeat", type=int, help="shows of each annotated face in an epoch")
    parser.add_argument("--network", help="asmnet, asmnet-paper or mobilenetv2-paper")
    parser.add_argument("--objective", help="wing, mse or asm")
    parser.add_argument("--layout", help="landmark layout of the photos")
    parser.add_argument("--start-from", type=Path, help="weights.pt of an earlier run")
    parser.add_argument("--device", help="auto, cpu, cuda or cuda:1")
    parser.add_argument("--workers", type=int, help="processes that prepare batches")
    parser.add_argument("--threads", type=int, help="threads of torch")
    for field in fields(Recipe):
        flag = f"--{field.name.replace('_', '-')}"
        if field.type == "bool":
            parser.add_argument(flag, action=argparse.BooleanOptionalAction)
        else:
            parser.add_argument(flag, type=int if field.type == "int" else float)
    return parser


if __name__ == "__main__":
    main()
