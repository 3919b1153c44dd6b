"""Run the cases of a target in processes of their own, which may crash or hang."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2

from tests.fuzz.watching import MOST_BYTES, Tally, random_of, watch

__all__ = ["Patience", "run_target"]

_BATCH = 100
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a process may take; waiting for a processor that others use counts as nothing.

    Attributes:
        start_seconds: Processor time until the first case.
        case_seconds: Processor time of a case.
        asleep_seconds: Time in which no thread wants a processor or a disk, at the start or in a
            case.
    """

    start_seconds: float = 300.0
    case_seconds: float = 20.0
    asleep_seconds: float = 120.0


def run_target(
    name: str,
    seed: int,
    count: int,
    *,
    module: str = "tests.fuzz.targets",
    patience: Patience | None = None,
) -> Tally:
    """Run the cases 0 to ``count`` of a target, going on after a crash or a hang.

    ``module`` is the one whose ``TARGETS`` has the target.
    """
    tally = Tally()
    start = 0
    while start < count:
        start = _run_until_it_dies(
            name, seed, range(start, count), tally, module=module, patience=patience or Patience()
        )
    return tally


def _run_until_it_dies(
    name: str, seed: int, cases: range, tally: Tally, *, module: str, patience: Patience
) -> int:
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
        while _wait(receiver, work.pid, at, patience):
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
        tally.findings.append(f"did not start, exit code {work.exitcode}")
        return cases.stop
    tally.cases += at.value + 1 - cases.start - done
    tally.findings.append(f"case {at.value}: ended the process, exit code {work.exitcode}")
    return int(at.value) + 1


def _wait(receiver: Connection, pid: int | None, at: Any, patience: Patience) -> bool:
    """Wait for the next batch; no if the process works, or sleeps, without end."""
    case, used, asleep = at.value, _processor_seconds(pid), 0.0
    while not receiver.poll(_LOOK_SECONDS):
        if at.value != case:
            case, used, asleep = at.value, _processor_seconds(pid), 0.0
        elif _sleeps(pid):
            asleep += _LOOK_SECONDS
        most = patience.start_seconds if case < 0 else patience.case_seconds
        if _processor_seconds(pid) - used > most or asleep > patience.asleep_seconds:
            return False
    return True


def _processor_seconds(pid: int | None) -> float:
    try:
        words = _status_words(Path(f"/proc/{pid}/stat"))
    except OSError:  # it has ended
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _sleeps(pid: int | None) -> bool:
    """Return whether all threads wait for something other than a processor or a disk."""
    try:
        threads = [_status_words(path) for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # one has ended: something goes on
        return False
    return all(words[0] == "S" for words in threads)


def _status_words(path: Path) -> list[str]:
    """Return what Linux says of a process or thread, from its state on."""
    return path.read_text().rpartition(")")[2].split()


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
