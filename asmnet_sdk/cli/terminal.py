"""What commands show on a terminal: tables and progress; and the files that they may write."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import textwrap
import threading
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from asmnet_sdk.errors import InvalidInputError

__all__ = [
    "STANDARD_OUTPUT",
    "ProgressBar",
    "check_files",
    "complain",
    "counted",
    "is_read_by_people",
    "is_watched",
    "print_table",
    "say_done",
    "shortened",
    "stopped_like_interrupted",
]

STANDARD_OUTPUT = Path("-")
"""The name of standard output where an option wants a file."""


def is_read_by_people() -> bool:
    """Say whether standard output is a terminal, not a pipe or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_watched() -> bool:
    """Say whether standard output or standard error is a terminal."""
    return is_read_by_people() or (sys.stderr is not None and sys.stderr.isatty())


def complain(message: str) -> None:
    """Print an error on standard error; a terminal gets it wrapped between words."""
    text = f"asmnet: error: {message}"
    if sys.stderr is not None and sys.stderr.isatty():
        columns = shutil.get_terminal_size().columns
        text = textwrap.fill(text, columns, break_long_words=False, break_on_hyphens=False)
    print(text, file=sys.stderr)


def say_done(what: str, outputs: Iterable[Path | None]) -> None:
    """Say on standard error what was done, and which of the files that were asked for exist."""
    written = [str(path) for path in outputs if path is not None and path.exists()]
    print(what + (f", wrote {' and '.join(written)}" if written else ""), file=sys.stderr)


def counted(number: int, noun: str) -> str:
    """Return "1 face", "2 faces"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shortened(text: str, columns: int) -> str:
    """Return a text that takes at most so many columns, its middle left out."""
    if _columns_of(text) <= columns:
        return text
    kept = columns - 3
    while kept > 0 and _columns_of(text[: kept - kept // 2] + text[-(kept // 2) :]) > columns - 3:
        kept -= 1
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


@contextmanager
def stopped_like_interrupted() -> Iterator[None]:
    """Let SIGTERM, by which services and containers are stopped, end the work as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def check_files(files: Iterable[Path | None], *, printable: Iterable[Path | None] = ()) -> None:
    """Refuse outputs that cannot be written before the work is done, not after.

    Args:
        files: Where they go; None is an output that was not asked for.
        printable: Where others go that may also be printed (``STANDARD_OUTPUT``).

    Raises:
        InvalidInputError: Two go to one place, or one to a folder, to a folder that cannot be made,
            where this user may not write, or to standard output although it cannot be printed.
    """
    texts = [path for path in printable if path is not None]
    paths = [*(path for path in files if path is not None), *texts]
    if len({path.resolve() for path in paths}) < len(paths):
        raise InvalidInputError("two outputs go to the same place: name another for one of them")
    for path in paths:
        if path != STANDARD_OUTPUT or path not in texts:
            _check_writable(path)


def _check_writable(path: Path) -> None:
    if path == STANDARD_OUTPUT:
        raise InvalidInputError("'-' is standard output, which this is not for; name a file")
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder; needed: a file to write")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InvalidInputError(
            f"{path} cannot be written: its folder cannot be made ({exc.strerror})"
        ) from exc
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InvalidInputError(f"{path} may not be written by this user")


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns: texts to the left, numbers to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(_columns_of(cell) for cell in column) for column in columns]
    numeric = [all(_looks_numeric(cell) for cell in column[1:]) for column in columns]
    for row in (header, *rows):
        cells = [
            _padded(cell, width, to_right=right)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        print("  ".join(cells).rstrip())


def _padded(cell: str, width: int, *, to_right: bool) -> str:
    space = " " * (width - _columns_of(cell))
    return space + cell if to_right else cell + space


def _columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian letters are two wide."""
    letters = [letter for letter in text if not unicodedata.combining(letter)]
    return len(letters) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in letters)


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "-"
    return True


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
        sys.stderr.write(f"\r{self._label} {self._gauge()}{self._time_left(rate)} {rate:5.1f}/s ")
        sys.stderr.flush()

    def _time_left(self, rate: float) -> str:
        if self._total is None:
            return ""
        minutes, seconds = divmod(round((self._total - self._done) / rate), 60)
        return f" {minutes}:{seconds:02} left"

    def _gauge(self) -> str:
        if self._total is None:
            return str(self._done)
        filled = min(self._WIDTH * self._done // self._total, self._WIDTH)
        bar = "#" * filled + "." * (self._WIDTH - filled)
        return f"[{bar}] {self._done}/{self._total}"
