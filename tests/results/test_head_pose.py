from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import HeadPose, InvalidInputError


def test_pose_unpacks_into_yaw_pitch_roll():
    yaw, pitch, roll = HeadPose(1, 2, 3)
    assert (yaw, pitch, roll) == (1, 2, 3)


def test_repr_shows_tenths_and_evaluates():
    assert repr(HeadPose(1.26, -2, 0)) == "HeadPose(yaw=+1.3, pitch=-2.0, roll=+0.0)"
    assert eval(repr(HeadPose(1.5, -2, 0))) == HeadPose(1.5, -2, 0)


def test_matrix_there_and_back():
    pose = HeadPose(yaw=-35, pitch=12, roll=170)
    np.testing.assert_allclose(tuple(HeadPose.from_matrix(pose.rotation_matrix)), tuple(pose))


@pytest.mark.parametrize("matrix", [np.eye(2), np.ones((3, 3)), np.full((3, 3), np.nan)])
def test_what_is_no_rotation_is_refused(matrix):
    with pytest.raises(InvalidInputError, match="orthonormal"):
        HeadPose.from_matrix(matrix)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_reflection_is_no_rotation(axis):
    matrix = HeadPose(20, 10, 5).rotation_matrix
    matrix[axis] *= -1
    with pytest.raises(InvalidInputError, match=r"determinant -1.*one axis is flipped"):
        HeadPose.from_matrix(matrix)


def test_direction_is_where_the_nose_points():
    assert HeadPose(30, 0, 50).direction == pytest.approx((-0.5, 0, 0.75**0.5))
    assert HeadPose(0, 30, 0).direction == pytest.approx((0, 0.5, 0.75**0.5))


def test_angle_between_poses_is_that_of_one_turn():
    assert HeadPose(20, 0, 0).angle_between(HeadPose(-25, 0, 0)) == pytest.approx(45)
    assert HeadPose(0, 0, 179).angle_between(HeadPose(0, 0, -179)) == pytest.approx(2)
    assert HeadPose(7, 8, 9).angle_between(HeadPose(7, 8, 9)) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("roll", [0, 40, 180])
@pytest.mark.parametrize(
    ("azimuth", "elevation"), [(0, 0), (30, -10), (-95, 20), (170, 5), (85, -60)]
)
def test_azimuth_and_elevation_keep_their_meaning_at_any_yaw(azimuth, elevation, roll):
    aside, up = np.radians([azimuth, elevation])
    nose = [-np.sin(aside) * np.cos(up), np.sin(up), np.cos(aside) * np.cos(up)]
    right = np.cross([0, 1, 0], nose)
    right /= np.linalg.norm(right)
    upright = np.column_stack([right, np.cross(nose, right), nose])
    pose = HeadPose.from_matrix(upright @ HeadPose(0, 0, roll).rotation_matrix)
    assert pose.azimuth == pytest.approx(azimuth)
    assert pose.elevation == pytest.approx(elevation)


def test_near_the_profile_pitch_and_roll_trade_off():
    """The example of docs/conventions.md: seen from the side, looking 10 degrees down."""
    pose = HeadPose(80, -90, -90)
    assert (pose.azimuth, pose.elevation) == (pytest.approx(90), pytest.approx(-10))
