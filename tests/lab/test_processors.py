"""What counts as the same numbers on another processor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from asmnet_sdk.datasets import AnnotatedFace
from lab.processors import compare

POINTS = np.random.default_rng(0).uniform(0, 100, (68, 2))
POINTS[36], POINTS[45] = (20, 40), (70, 40)  # the outer eye corners, 50 px apart


def found(shift: float = 0.0, yaw: float = 0.0) -> dict[str, Any]:
    points = POINTS + np.array([shift, 0])
    return {"landmarks": points.tolist(), "head_pose": {"yaw": yaw, "pitch": 1.0, "roll": 2.0}}


@pytest.fixture
def truth(tmp_path) -> list[AnnotatedFace]:
    return [AnnotatedFace(photo=tmp_path / "a.jpg", subset="a", landmarks=POINTS)]


def test_same_numbers_are_kept(truth):
    here = [found(), found(0.5)]
    result = compare(here, here, [found()], truth, nme_of_float=0.96)
    assert result.nme_percent == pytest.approx(1.0, abs=1e-4)
    assert result.nme_difference == 0
    assert result.nme_over_float == pytest.approx(0.04, abs=1e-4)
    assert (result.usual_angle_degrees, result.worst_angle_degrees) == (0, 0)
    assert result.is_kept


@pytest.mark.parametrize(
    ("portrait", "photo", "nme_of_float"), [(0.6, 0.0, 0.0), (0.0, 0.02, 0.0), (0.0, 0.0, -0.06)]
)
def test_figures_past_their_limits_are_not(portrait, photo, nme_of_float, truth):
    there, here = [found(portrait), found(photo)], [found(), found()]
    assert not compare(there, here, [found()], truth, nme_of_float=nme_of_float).is_kept


def test_angles_are_told_and_have_no_limit():
    result = compare([found(yaw=3)], [found()], [found()], [])
    assert result.worst_angle_degrees == 3
    assert result.usual_angle_degrees == pytest.approx(2.7)
    assert math.isnan(result.nme_percent)
    assert result.is_kept
