"""Run the cases of a target in processes of their own, which may crash or hang."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2

from tests.fuzz.watching import MOST_BYTES, Tally, random_of, watch

__all__ = ["run_target"]

_BATCH = 100
_STUCK_PROCESSOR_SECONDS = 20.0
_STUCK_SECONDS = 600.0


def run_target(name: str, seed: int, count: int, *, module: str = "tests.fuzz.targets") -> Tally:
    """Run the cases 0 to ``count`` of a target, going on after a crash or a hang.

    ``module`` is the one whose ``TARGETS`` has the target.
    """
    tally = Tally()
    start = 0
    while start < count:
        start = _run_until_it_dies(name, seed, range(start, count), tally, module=module)
    return tally


def _run_until_it_dies(name: str, seed: int, cases: range, tally: Tally, *, module: str) -> int:
    """Run cases in one process; return the one to go on with."""
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    at = spawn.Value("q", -1, lock=False)
    work = spawn.Process(
        target=_work, args=(name, seed, cases, at, sender), kwargs={"module": module}
    )
    work.start()
    sender.close()
    done = 0
    try:
        while _wait(receiver, work.pid, at):
            batch: Tally = receiver.recv()
            tally.add(batch)
            done += batch.cases
    except EOFError:
        pass
    else:
        work.kill()
    work.join()
    if done == len(cases):
        return cases.stop
    if at.value < 0:
        raise RuntimeError(f"target {name} did not start, exit code {work.exitcode}")
    tally.cases += at.value + 1 - cases.start - done
    tally.findings.append(f"case {at.value}: ended the process, exit code {work.exitcode}")
    return int(at.value) + 1


def _wait(receiver: Connection, pid: int | None, at: Any) -> bool:
    """Wait for the next batch; no if a case takes up the processor, or time, without end."""
    case, began, used = at.value, time.monotonic(), _processor_seconds(pid)
    while not receiver.poll(2.0):
        if at.value != case or case < 0:
            case, used = at.value, _processor_seconds(pid)
        if _processor_seconds(pid) - used > _STUCK_PROCESSOR_SECONDS:
            return False
        if time.monotonic() - began > _STUCK_SECONDS:
            return False
    return True


def _processor_seconds(pid: int | None) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended, or this is not Linux
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _work(name: str, seed: int, cases: range, at: Any, sender: Connection, *, module: str) -> None:
    """Run cases in this process, which may die of it."""
    _be_quiet()
    with tempfile.TemporaryDirectory() as folder:
        case_of = importlib.import_module(module).TARGETS[name](Path(folder))
        os.chdir(folder)
        _limit_memory()
        for start in range(cases.start, cases.stop, _BATCH):
            tally = Tally()
            for index in range(start, min(start + _BATCH, cases.stop)):
                at.value = index
                watch(case_of(random_of(name, seed, index)), index, tally)
            sender.send(tally)


def _be_quiet() -> None:
    """Let decoders say nothing, and use one thread, so that processor time is running time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    cv2.setNumThreads(1)


def _limit_memory() -> None:
    import resource  # there is none on Windows

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
