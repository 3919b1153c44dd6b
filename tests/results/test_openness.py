from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import HeadPose
from asmnet_sdk.results.openness import eye_openness, lip_openness
from tests.turned_eyes import eyes_of


@pytest.mark.parametrize("yaw", [-40, 0, 25])
@pytest.mark.parametrize("pitch", [-25, 0, 25])
@pytest.mark.parametrize("roll", [0, 70])
def test_openness_is_that_of_the_head_seen_from_the_front(yaw, pitch, roll):
    pose = HeadPose(yaw, pitch, roll)
    found = eye_openness(eyes_of(pose), pose.rotation_matrix)
    assert found == pytest.approx((0.4, 0.4), abs=1e-3)


def test_upper_lid_counts_twice():
    frontal = HeadPose(0, 0, 0)
    high, low = (
        eye_openness(eyes_of(frontal, upper=u, lower=w), frontal.rotation_matrix)[0]
        for u, w in ((0.3, 0), (0, 0.3))
    )
    assert (high, low) == pytest.approx((0.4, 0.2), abs=1e-3)


def test_eye_turned_away_is_finite():
    for yaw in (-90, -70, 70, 90):
        pose = HeadPose(yaw, 0, 0)
        assert np.isfinite(eye_openness(eyes_of(pose), pose.rotation_matrix)).all()
    assert eye_openness(np.zeros((68, 2), np.float32), np.eye(3)) == (0, 0)


def test_lips_in_one_place_are_closed():
    assert lip_openness(np.zeros((68, 2), np.float32)) == 0


def test_openness_of_an_eye_that_is_hardly_seen_stays_between_0_and_1():
    generator = np.random.default_rng(0)
    for yaw in (-88, -70, 70, 88):
        for _ in range(50):
            points = generator.normal(0, 1, (68, 2)).astype(np.float32)
            eyes = eye_openness(points, HeadPose(yaw, 0, 0).rotation_matrix)
            assert 0 <= min(eyes) <= max(eyes) <= 1
