from __future__ import annotations

import threading

import pytest

from asmnet_sdk.runtime.cores import map_on_threads, usable_cores


def test_there_is_a_core_to_use():
    assert usable_cores() >= 1


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_results_keep_the_order_of_the_arguments(threads):
    assert map_on_threads(lambda n: n * n, range(20), threads) == [n * n for n in range(20)]


def test_as_many_threads_as_asked_work_at_once_the_callers_among_them():
    together = threading.Barrier(3, timeout=60)

    def meet(_: int) -> str:
        together.wait()
        return threading.current_thread().name

    names = map_on_threads(meet, range(3), 3)
    assert len(set(names)) == 3
    assert threading.current_thread().name in names


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_reaches_the_caller(threads):
    with pytest.raises(ZeroDivisionError):
        map_on_threads(lambda n: 1 // n, [2, 1, 0, 1], threads)
