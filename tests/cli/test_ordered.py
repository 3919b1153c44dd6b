"""Work in several threads, outcomes in order."""

from __future__ import annotations

import threading
import time

import pytest

from asmnet_sdk.cli.ordered import work_in_order
from asmnet_sdk.runtime.cores import usable_cores


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_outcomes_come_in_the_order_of_the_items(workers):
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number % 5 == 0 else 0)
        return number * number

    with work_in_order(slow_at_first, range(20), workers=workers) as outcomes:
        assert [(item, outcome()) for item, outcome in outcomes] == [(n, n * n) for n in range(20)]


def test_workers_work_at_the_same_time():
    """Each waits for the other: one alone would never get through."""
    meeting = threading.Barrier(2, timeout=60)
    with work_in_order(lambda _: meeting.wait(), range(6), workers=2) as outcomes:
        assert sorted(outcome() for _, outcome in outcomes) == [0, 0, 0, 1, 1, 1]


def test_one_worker_works_in_the_calling_thread_and_only_when_looked_at():
    calls = []

    def work(number: int) -> threading.Thread:
        calls.append(number)
        return threading.current_thread()

    with work_in_order(work, range(3), workers=1) as outcomes:
        _, outcome = next(outcomes)
        assert calls == []
        assert outcome() is threading.current_thread()
        assert calls == [0]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_is_raised_where_its_outcome_is_looked_at_and_the_rest_goes_on(workers):
    def work(number: int) -> int:
        if number == 2:
            raise ValueError(f"no {number}")
        return number

    with work_in_order(work, range(5), workers=workers) as outcomes:
        for item, outcome in outcomes:
            if item == 2:
                with pytest.raises(ValueError, match="no 2"):
                    outcome()
            else:
                assert outcome() == item


def test_items_are_taken_only_a_few_ahead():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    with work_in_order(lambda n: n, items(), workers=2) as outcomes:
        for _ in range(10):
            next(outcomes)[1]()
    assert 10 <= len(taken) <= 20


def test_leaving_early_waits_for_what_has_begun_and_drops_the_rest():
    done = []

    def work(number: int) -> None:
        time.sleep(0.02)
        done.append(number)

    def stop_at_the_first() -> None:
        with work_in_order(work, range(100), workers=2) as outcomes:
            next(outcomes)[1]()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_at_the_first()
    count = len(done)
    time.sleep(0.1)
    assert 1 <= count <= 4
    assert len(done) == count


def test_there_is_a_core_to_use():
    assert usable_cores() >= 1
