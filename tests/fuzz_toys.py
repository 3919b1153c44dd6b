"""Targets with faults of every kind, to see that the fuzz run finds them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from asmnet_sdk import InvalidInputError
from tests.fuzz.watching import Case


def _refuse() -> None:
    raise InvalidInputError("no")


def _fail() -> None:
    raise KeyError("lost")


def _refuse_after_failing_to_allocate() -> None:
    raise InvalidInputError("no") from MemoryError("Failed to allocate memory")


def _work_long() -> None:
    end = time.process_time() + 2.2
    while time.process_time() < end:
        pass


def _work_on() -> None:
    while True:
        pass


def _wait_for_a_processor() -> None:
    """Stand still for five seconds, able to go on: as on a machine that others keep busy."""
    subprocess.Popen(["sh", "-c", f"sleep 5; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)


def _starved(_: Path) -> Callable[[Random], Case]:
    _wait_for_a_processor()
    return lambda _: Case(run=_wait_for_a_processor)


def _never_ready(_: Path) -> Callable[[Random], Case]:
    raise KeyError("lost")


def _target(*runs: Callable[[], object]) -> Callable[[Path], Callable[[Random], Case]]:
    """Return a target whose only case, or whose cases in turn, do this."""

    def target(_: Path) -> Callable[[Random], Case]:
        left = list(runs)
        return lambda _: Case(run=left.pop(0))

    return target


TARGETS = {
    "good": _target(lambda: 1, _refuse),
    "raises": _target(_fail),
    "warns": _target(lambda: warnings.warn("odd", RuntimeWarning, stacklevel=1)),
    "asserts": _target(lambda: np.testing.assert_array_equal(1, 2)),
    "hides": _target(_refuse_after_failing_to_allocate),
    "slow": _target(_work_long),
    "large": _target(lambda: np.ones(2**27, np.uint8).sum()),
    "giant": _target(lambda: np.zeros(2**36, np.uint8)),
    "hangs": _target(lambda: 1, _work_on),
    "sleeps": _target(lambda: 1, lambda: time.sleep(600)),
    "starved": _starved,
    "never ready": _never_ready,
    "crashes": _target(lambda: 1, lambda: ctypes.string_at(0)),
}
