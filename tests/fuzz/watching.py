"""Run one case: what came of it, how long it took and how much memory it had at its peak."""

from __future__ import annotations

import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeAlias

from asmnet_sdk import AsmnetError

LONGEST_SECONDS = 2.0
"""A case may take so much processor time, all threads together."""

USUAL_BYTES = 64 * 2**20
"""A case may take so much memory, beside what its target allows for a large picture."""

MOST_BYTES = 3 * 2**30
"""Memory beyond this is refused to the process that runs the cases (``RLIMIT_AS``)."""

_OUT_OF_MEMORY = ("insufficient memory", "bad_alloc", "bad allocation", "failed to allocate")
_MEASURES_MEMORY = sys.platform == "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call of the code under test.

    Attributes:
        run: The call; it also raises ``AssertionError`` where the result makes no sense.
        more_bytes: Memory that it may take beside ``USUAL_BYTES``.
        more_seconds: Processor time that it may take beside ``LONGEST_SECONDS``.
    """

    run: Callable[[], object]
    more_bytes: int = 0
    more_seconds: float = 0.0


Target: TypeAlias = Callable[[Path], Callable[[Random], Case]]
"""Prepares in a folder of its own what makes the cases."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of the cases of one target."""

    cases: int = 0
    results: int = 0
    findings: list[str] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    largest: tuple[int, int] = (0, -1)

    def add(self, other: Tally) -> None:
        """Take in the cases of another tally."""
        self.cases += other.cases
        self.results += other.results
        self.findings += other.findings
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)


def random_of(target: str, seed: int, index: int) -> Random:
    """Return the source of all chance in a case."""
    return Random(f"{target}/{seed}/{index}")


def watch(case: Case, index: int, tally: Tally) -> None:
    """Run a case and enter it into the tally."""
    _forget_peak()
    before = _memory("VmRSS")
    start = time.process_time()
    failure = _run(case, tally)
    seconds = time.process_time() - start
    taken = _memory("VmHWM") - before
    tally.cases += 1
    tally.slowest = max(tally.slowest, (seconds, index))
    tally.largest = max(tally.largest, (taken, index))
    if not failure and seconds > LONGEST_SECONDS + case.more_seconds:
        failure = f"took {seconds:.1f} s"
    if not failure and taken > USUAL_BYTES + case.more_bytes:
        failure = f"took {taken >> 20} MiB, {(USUAL_BYTES + case.more_bytes) >> 20} MiB allowed"
    if failure:
        tally.findings.append(f"case {index}: {failure}")


def _run(case: Case, tally: Tally) -> str:
    """Return what went wrong, or an empty text for a result or an error of the package."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            case.run()
    except AsmnetError as error:
        causes = f"{error} {error.__cause__}".lower()
        return str(error) if any(sign in causes for sign in _OUT_OF_MEMORY) else ""
    except BaseException as error:  # that any other may come is the point
        if isinstance(error, KeyboardInterrupt):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        return f"{type(error).__name__} at {place}: {str(error)[:120]!r}"
    tally.results += 1
    return ""


def _forget_peak() -> None:
    """Let the highest memory so far count from now on."""
    if _MEASURES_MEMORY:
        Path("/proc/self/clear_refs").write_text("5")


def _memory(entry: str) -> int:
    """Return bytes by their name in Linux's status of a process; 0 elsewhere."""
    if not _MEASURES_MEMORY:
        return 0
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{entry}:")[2].split()[0]) * 1024
