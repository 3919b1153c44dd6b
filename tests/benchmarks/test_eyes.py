from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import HeadPose
from asmnet_sdk.datasets import AnnotatedFace
from tests.conftest import REPOSITORY
from tests.results.test_openness import eyes_of


@pytest.fixture
def eyes(monkeypatch):
    import importlib

    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    return importlib.import_module("eyes")


def test_gap_counts_both_lids_alike(eyes):
    pose = HeadPose(20, 10, 5)
    for upper, lower in ((0.3, 0.1), (0.1, 0.3), (0.2, 0.2)):
        truth = AnnotatedFace(
            photo=Path("a.jpg"), subset="a", landmarks=eyes_of(pose, upper=upper, lower=lower)
        )
        assert eyes.annotated_gaps(truth, pose) == pytest.approx([0.4, 0.4], abs=1e-3)


def test_area_under_curve_is_the_share_of_ordered_pairs(eyes):
    assert eyes.area_under_curve(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 1
    assert eyes.area_under_curve(np.array([1.0, 4.0]), np.array([2.0, 4.0])) == 0.625


def test_rates_are_shares_below_the_limit(eyes):
    gaps = np.array([0.0] * 4 + [0.3] * 40 + [0.15])
    openness = np.array([0.1, 0.1, 0.21, 0.5] + [0.3] * 39 + [0.15] + [0.0])
    result = eyes.figures(gaps, openness, np.zeros((45, 2)))
    assert (result["closed"], result["open"], result["left_out"]) == (4, 40, 1)
    rates = {row["limit"]: row for row in result["rates"]}
    assert rates[0.22]["closed_found"] == 0.75
    assert rates[0.22]["open_taken_for_closed"] == 0.025
    assert result["median_open_by_yaw"] == {-40: None, -20: None, 0: 0.3, 20: None, 40: None}
