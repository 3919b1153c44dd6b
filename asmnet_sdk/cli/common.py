"""Arguments and output that several commands share."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.models import DEFAULT_MODEL

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner

__all__ = [
    "ProgressBar",
    "Subcommands",
    "add_aligner_arguments",
    "check_writable",
    "make_aligner",
    "print_table",
]

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_aligner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose model and device."""
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="NAME|FILE|OWNER/NAME",
        help="registry name, model file or Hub repository (default: %(default)s)",
    )
    parser.add_argument(
        "--detector",
        default="default",
        metavar="NAME",
        help="what finds the faces: asmnet-detector or yunet (default: %(default)s)",
    )
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)"
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="threads of one inference (default: all cores)"
    )
    parser.add_argument(
        "--passes", type=int, default=1, metavar="1|2", help="looks at each face (default: 1)"
    )
    parser.add_argument("--offline", action="store_true", help="never touch the network")


def make_aligner(options: argparse.Namespace) -> FaceAligner:
    """Make the aligner that the arguments ask for."""
    from asmnet_sdk.aligner import FaceAligner

    return FaceAligner(
        options.model,
        detector=options.detector,
        device=options.device,
        threads=options.threads,
        passes=options.passes,
        local_files_only=options.offline,
    )


def check_writable(path: Path) -> None:
    """Refuse a path that cannot be written before the work is done, not after.

    Raises:
        InvalidInputError: It is a folder, or this user may not write it.
    """
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder; needed: a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InvalidInputError(f"{path} may not be written by this user")


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns: texts to the left, numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [all(_looks_numeric(cell) for cell in column[1:]) for column in columns]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        print("  ".join(cells).rstrip())  # noqa: T201


def _looks_numeric(text: str) -> bool:
    return text == "-" or text.replace(".", "").replace("-", "").isdigit()


class ProgressBar:
    """A bar on standard error while long work runs; silent where that is no terminal."""

    _WIDTH = 30

    def __init__(self, total: int | None, label: str) -> None:
        """Start the clock; a total of None is unknown: the bar shows count and rate alone."""
        self._total = total
        self._label = label
        self._done = 0
        self._started = time.monotonic()
        self._shown = (total is None or total > 1) and sys.stderr.isatty()

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            sys.stderr.write("\n")

    def advance(self) -> None:
        """Count one piece of work as done."""
        self._done += 1
        if not self._shown:
            return
        rate = self._done / max(time.monotonic() - self._started, 1e-9)
        sys.stderr.write(f"\r{self._label} {self._gauge()} {rate:.1f}/s ")
        sys.stderr.flush()

    def _gauge(self) -> str:
        if self._total is None:
            return str(self._done)
        filled = min(self._WIDTH * self._done // self._total, self._WIDTH)
        bar = "#" * filled + "." * (self._WIDTH - filled)
        return f"[{bar}] {self._done}/{self._total}"
