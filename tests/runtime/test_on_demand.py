"""One value for all threads, another one for each process."""

from __future__ import annotations

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from asmnet_sdk.errors import ModelError
from asmnet_sdk.runtime.on_demand import OnDemand


class SlowMaker:
    def __init__(self) -> None:
        self.made = 0
        self.is_at_work = threading.Event()

    def __call__(self) -> object:
        self.is_at_work.set()
        time.sleep(0.05)
        self.made += 1
        return object()


def fixed() -> list[int]:
    return [1, 2]


def test_threads_that_ask_first_share_one_value():
    make = SlowMaker()
    value = OnDemand(make, name="it")
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: value.get(), range(8)))
    assert make.made == 1
    assert len({id(one) for one in values}) == 1


def test_closing_waits_for_a_first_load_and_ends_it():
    make = SlowMaker()
    value = OnDemand(make, name="it")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(value.get)
        make.is_at_work.wait()
        assert value.close() is first.result()
    with pytest.raises(ModelError, match=r"^it was closed$"):
        value.get()
    assert make.made == 1


def test_closed_before_use_makes_nothing():
    make = SlowMaker()
    value = OnDemand(make, name="it")
    assert value.close() is None
    with pytest.raises(ModelError, match="it was closed"):
        value.get()
    assert make.made == 0


def test_forgotten_value_is_made_again():
    value = OnDemand(fixed, name="it")
    first = value.get()
    assert value.forget() is first
    assert value.get() is not first


def test_pickled_value_is_made_anew_and_stays_closed():
    value = OnDemand(fixed, name="it")
    value.get().append(3)
    assert pickle.loads(pickle.dumps(value)).get() == [1, 2]
    value.close()
    with pytest.raises(ModelError, match="it was closed"):
        pickle.loads(pickle.dumps(value)).get()
