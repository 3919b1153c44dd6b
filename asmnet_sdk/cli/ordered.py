"""Work on many items in several threads; outcomes come in the order of the items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TypeAlias, TypeVar

__all__ = ["Outcome", "work_in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Outcome: TypeAlias = Callable[[], Result]

_AHEAD = 4


@contextmanager
def work_in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Iterator[tuple[Item, Outcome[Result]]]]:
    """Work on items in threads; one worker works in the caller's thread instead.

    Items are taken only a few ahead of the outcome that is looked at, so results never pile up.
    Leaving the block drops what has not begun and waits for what has.

    Args:
        work: What is done with an item; may raise.
        items: The items.
        workers: Threads at work at the same time.

    Yields:
        Pairs of an item and its outcome, in the order of the items. Calling the outcome gives
        what ``work`` returned, or raises what it raised.
    """
    if workers == 1:
        yield ((item, partial(work, item)) for item in items)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="asmnet")
    try:
        yield _outcomes(pool, work, iter(items), ahead=_AHEAD * workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcomes(
    pool: ThreadPoolExecutor,
    work: Callable[[Item], Result],
    items: Iterator[Item],
    *,
    ahead: int,
) -> Iterator[tuple[Item, Outcome[Result]]]:
    begun: deque[tuple[Item, Future[Result]]] = deque()
    begun.extend((item, pool.submit(work, item)) for item in islice(items, ahead))
    while begun:
        item, future = begun.popleft()
        yield item, future.result
        begun.extend((following, pool.submit(work, following)) for following in islice(items, 1))
