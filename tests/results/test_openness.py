from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import HeadPose
from asmnet_sdk.results.openness import eye_openness, lip_openness


def eyes_of(pose: HeadPose, *, upper: float = 0.2, lower: float = 0.2) -> np.ndarray:
    """The two eyes of a head in space, turned; 1 wide as its front shows them."""
    lids = np.array(
        [(-0.5, 0), (-0.2, upper), (0.2, upper), (0.5, 0), (0.2, -lower), (-0.2, -lower)]
    )
    tilt = np.radians(20)
    points = np.zeros((68, 2), np.float32)
    for order, side in (((36, 37, 38, 39, 40, 41), 1), ((45, 44, 43, 42, 47, 46), -1)):
        x, y = lids.T
        in_head = np.stack([side * x, y, x * np.tan(tilt)], axis=-1)
        in_space = in_head @ pose.rotation_matrix.T
        points[list(order)] = 100 * in_space[:, :2] * (1, -1) + (200 + 100 * side, 200)
    return points


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
