"""The command ``asmnet``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import asmnet_sdk
from asmnet_sdk.cli import (
    benchmark,
    doctor,
    download,
    evaluate,
    export,
    models,
    predict,
    train,
    video,
)
from asmnet_sdk.errors import AsmnetError

__all__ = ["main"]

_COMMANDS = (predict, video, evaluate, benchmark, models, download, doctor, train, export)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 all went well, 1 something failed, 2 wrong usage, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except BrokenPipeError:
        # Whoever read the output has enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (AsmnetError, OSError) as error:
        print(f"asmnet: error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("asmnet: interrupted", file=sys.stderr)  # noqa: T201
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asmnet",
        description="Facial landmarks and head pose on a plain CPU.",
        epilog="Exit codes: 0 success, 1 something failed, 2 wrong usage, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=asmnet_sdk.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser
