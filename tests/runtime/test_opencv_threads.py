"""OpenCV's number of threads is one for the process: the smallest limit holds, while it lives."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator

import cv2
import pytest

from asmnet_sdk.runtime import opencv_threads
from asmnet_sdk.runtime.opencv_threads import OpenCvThreads


@pytest.fixture(autouse=True)
def seven_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seven threads, and no limit of an aligner that another test has left."""
    gc.collect()
    monkeypatch.setattr(opencv_threads, "_LIMITS", {})
    before = cv2.getNumThreads()
    cv2.setNumThreads(7)
    yield
    cv2.setNumThreads(before)


def test_smallest_limit_holds_until_it_is_lifted():
    three, two = OpenCvThreads(3), OpenCvThreads(2)
    wide = OpenCvThreads(5)
    assert cv2.getNumThreads() == 2
    two.lift()
    assert cv2.getNumThreads() == 3
    two.lift()
    three.lift()
    assert cv2.getNumThreads() == 5
    wide.lift()
    assert cv2.getNumThreads() == 7


def test_limit_ends_with_its_owner():
    limit = OpenCvThreads(1)
    assert cv2.getNumThreads() == 1
    del limit
    assert cv2.getNumThreads() == 7


def test_pickled_limit_holds_where_it_is_unpickled():
    limit = OpenCvThreads(1)
    data = pickle.dumps(limit)
    limit.lift()
    assert cv2.getNumThreads() == 7
    restored = pickle.loads(data)
    assert cv2.getNumThreads() == 1
    restored.lift()
