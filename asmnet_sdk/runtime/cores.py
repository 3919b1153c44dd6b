"""How many processor cores there are to use, and work shared out among threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_on_threads", "usable_cores"]

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_on_threads(
    function: Callable[[_Argument], _Result], arguments: Sequence[_Argument], threads: int
) -> list[_Result]:
    """Apply a function to each argument, on this thread and as many others as make ``threads``."""
    if threads <= 1:
        return [function(argument) for argument in arguments]
    results: dict[int, _Result] = {}
    waiting = deque(range(len(arguments)))

    def work() -> None:
        while True:
            try:
                index = waiting.popleft()
            except IndexError:  # nothing is left to do
                return
            results[index] = function(arguments[index])

    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(work) for _ in range(threads - 1)]
        work()
        for other in others:
            other.result()
    return [results[index] for index in range(len(arguments))]
