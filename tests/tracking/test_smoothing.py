from __future__ import annotations

import math

import numpy as np
import pytest

from asmnet_sdk import Face, HeadPose, InvalidInputError
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.tracking.smoothing import FaceSmoother, OneEuroFilter

RATE = 30
SHAPE = np.random.default_rng(1).uniform(-0.5, 0.5, (68, 2))
SHAPE[:2] = [[-0.5, -0.5], [0.5, 0.5]]


def face_at(points, pose=(0.0, 0.0, 0.0)) -> Face:
    return Face(landmarks=points, head_pose=HeadPose(*pose), box=BoundingBox.around(points))


def smooth(points, *, poses=None, smoother=None):
    """Return what a smoother makes of (T, 68, 2) landmarks and (T, 3) poses."""
    smoother = smoother or FaceSmoother()
    poses = np.zeros((len(points), 3)) if poses is None else poses
    faces = [
        smoother.smooth(face_at(p, pose), elapsed_seconds=1 / RATE)
        for p, pose in zip(points, poses, strict=True)
    ]
    angles = [(f.head_pose.yaw, f.head_pose.pitch, f.head_pose.roll) for f in faces]
    return np.array([f.landmarks for f in faces]), np.array(angles)


def test_one_euro_filter_gives_the_values_of_the_paper():
    """Algorithm 1 by hand: 10 Hz, min cutoff 1 Hz, beta 0.5, derivative cutoff 1 Hz.

    alpha(1 Hz) = 1 / (1 + 10 / (2 pi)) = 0.385870.
    x = 1: dx = 10, filtered 3.858695, cutoff 2.929348, alpha 0.647957.
    x = 1: dx = 3.520428, filtered 3.728168, cutoff 2.864084, alpha 0.642801.
    x = -2: dx = -28.742505, filtered -8.801276, cutoff 5.400638, alpha 0.772382.
    """
    one_euro = OneEuroFilter(min_cutoff_hz=1.0, beta=0.5, derivative_cutoff_hz=1.0)
    values = [one_euro.update([[x]], elapsed_seconds=0.1)[0, 0] for x in (0, 1, 1, -2)]
    assert values == pytest.approx([0, 0.647957, 0.874251, -1.345768], abs=2e-6)


def test_what_carries_the_points_passes_unfiltered():
    """Weight 0.385870 of what is left: 0.385870 * (3 - 2) on top of 2."""
    one_euro = OneEuroFilter(min_cutoff_hz=1.0, beta=0.0)
    one_euro.update([[0.0]], elapsed_seconds=0.1)
    value = one_euro.update([[3.0]], elapsed_seconds=0.1, carried=[[2.0]])
    assert value[0, 0] == pytest.approx(2.385870, abs=2e-6)


def test_speeds_of_noise_do_not_raise_the_cutoff():
    """Values by hand: dx = 1 / 0.1 s, filtered 3.858695; the cutoff is 1 + 0.5 * (that - 3)."""
    one_euro = OneEuroFilter(min_cutoff_hz=1.0, beta=0.5, rest_speed=3.0)
    one_euro.update([[0.0]], elapsed_seconds=0.1)
    weight = 1 / (1 + 1 / (2 * math.pi * 1.4293475 * 0.1))
    assert one_euro.update([[1.0]], elapsed_seconds=0.1)[0, 0] == pytest.approx(weight, abs=1e-6)


def test_longer_steps_weigh_the_new_value_more():
    one_euro = OneEuroFilter(min_cutoff_hz=1.0, beta=0.0)
    one_euro.update([[0.0]], elapsed_seconds=1.0)
    weight = 1 / (1 + 1 / (2 * math.pi) / 0.5)
    assert one_euro.update([[1.0]], elapsed_seconds=0.5)[0, 0] == pytest.approx(weight)


def test_infinite_cutoff_switches_the_filter_off():
    one_euro = OneEuroFilter(min_cutoff_hz=math.inf, beta=1.0)
    for value in (3.0, -8.0, 100.0):
        assert one_euro.update([[value]], elapsed_seconds=0.1)[0, 0] == pytest.approx(value)


def test_reset_forgets_the_past():
    one_euro = OneEuroFilter(min_cutoff_hz=0.1, beta=0.0)
    one_euro.update([[0.0]], elapsed_seconds=0.1)
    one_euro.reset()
    assert one_euro.update([[5.0]], elapsed_seconds=0.1)[0, 0] == 5.0


def test_turned_points_are_filtered_alike():
    points = np.random.default_rng(0).normal(0, 1, (20, 5, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    filters = [OneEuroFilter(min_cutoff_hz=0.5, beta=2.0) for _ in range(2)]
    for row in points:
        straight = filters[0].update(row, elapsed_seconds=0.1)
        turned = filters[1].update(row @ turn.T, elapsed_seconds=0.1)
        np.testing.assert_allclose(turned, straight @ turn.T, atol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_cutoff_hz": 0, "beta": 1},
        {"min_cutoff_hz": 1, "beta": -1},
        {"min_cutoff_hz": 1, "beta": math.inf},
        {"min_cutoff_hz": math.nan, "beta": 1},
        {"min_cutoff_hz": 1, "beta": 1, "derivative_cutoff_hz": 0},
        {"min_cutoff_hz": 1, "beta": 1, "rest_speed": -0.1},
    ],
)
def test_cutoffs_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInputError, match=r"needed: (above 0|0 or more)"):
        OneEuroFilter(**wrong)


@pytest.mark.parametrize("size", [30, 300])
def test_still_face_trembles_a_third_as_much(size):
    """Noise of 0.2 % of the face size and 0.2 degrees, as camera noise makes it."""
    random = np.random.default_rng(0)
    points = size * (SHAPE + random.normal(0, 0.002, (150, 68, 2)))
    poses = random.normal(0, 0.2, (150, 3))
    smoothed, angles = smooth(points, poses=poses)
    assert points[30:].std(axis=0).mean() > 3 * smoothed[30:].std(axis=0).mean()
    assert poses[30:].std(axis=0).mean() > 3 * angles[30:].std(axis=0).mean()


@pytest.mark.parametrize("face_sizes_per_second", [0.25, 1, 4])
def test_moving_face_trails_by_less_than_half_a_frame(face_sizes_per_second):
    size, step = 100, 100 * face_sizes_per_second / RATE
    points = size * SHAPE + step * np.arange(60)[:, None, None] * [1, 0]
    smoothed, _ = smooth(points)
    lag_frames = (points - smoothed)[30:, :, 0].mean() / step
    assert 0 <= round(lag_frames, 3) < 0.5


def test_mouth_that_opens_trails_by_less_than_a_frame():
    """A few points move by themselves, by 6 % of the face size in a third of a second."""
    size = 100
    opened = 0.06 * size * (1 - np.cos(3 * np.pi * np.arange(90) / RATE)) / 2
    points = np.repeat(size * SHAPE[np.newaxis], 90, axis=0)
    points[:, 60:, 1] += opened[:, np.newaxis]
    smoothed, _ = smooth(points)
    speed, behind = (
        values[30:, 60:, 1].ravel() for values in (np.gradient(points, axis=0), points - smoothed)
    )
    assert 0 < (behind @ speed) / (speed @ speed) < 1
    assert np.abs(points - smoothed)[30:, :60].max() < 0.003 * size


def test_turning_head_trails_by_less_than_half_a_frame():
    poses = np.outer(np.arange(60) - 40, [2.0, -2.0, 0.0])
    _, angles = smooth(np.broadcast_to(SHAPE, (60, 68, 2)), poses=poses)
    lag_frames = (poses - angles)[30:, 0].mean() / 2
    assert 0 <= round(lag_frames, 3) < 0.5


def test_head_pose_is_smoothed_alike_at_any_yaw():
    """Near the profile, pitch and roll jump by many degrees where the head hardly moves."""
    random = np.random.default_rng(0)
    poses = random.normal([2, -8, 0], 1, (60, 3)) + np.outer(np.arange(60), [0.1, 0, 0])
    to_profile = HeadPose(yaw=84, pitch=0, roll=0).rotation_matrix
    turned = [HeadPose.from_matrix(to_profile @ HeadPose(*pose).rotation_matrix) for pose in poses]
    shapes = np.broadcast_to(SHAPE, (60, 68, 2))
    _, frontal = smooth(shapes, poses=poses)
    _, profile = smooth(shapes, poses=[tuple(pose) for pose in turned])
    for pose, at_profile in zip(frontal, profile, strict=True):
        wanted = HeadPose.from_matrix(to_profile @ HeadPose(*pose).rotation_matrix)
        assert HeadPose(*at_profile).angle_between(wanted) < 1e-4


def test_small_and_large_faces_are_smoothed_alike():
    points = SHAPE + np.random.default_rng(0).normal(0, 0.01, (40, 68, 2)).cumsum(axis=0)
    small, _ = smooth(20 * points)
    large, _ = smooth(400 * points)
    np.testing.assert_allclose(large, 20 * small, rtol=1e-4, atol=1e-3)


def test_roll_passes_180_degrees_the_short_way():
    rolls = np.array([179, -179] * 5, float)
    poses = np.column_stack([np.zeros((10, 2)), rolls])
    _, angles = smooth(
        np.broadcast_to(SHAPE, (10, 68, 2)),
        poses=poses,
        smoother=FaceSmoother(min_cutoff_hz=1, beta=0),
    )
    assert np.abs(angles[:, 2]).min() >= 179 - 1e-9
    assert np.abs(angles[:, 2]).max() <= 180
