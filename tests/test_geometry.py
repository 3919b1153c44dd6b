from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.geometry import (
    compose,
    euler_to_rotation,
    fit_similarity,
    intersection_over_union,
    invert,
    mean_head_pose,
    rotate_head_pose,
    rotation_to_euler,
    scale_of,
    transform_points,
    wrap_angle,
)

TURN_AND_SHIFT = np.array([[0.0, -2.0, 5.0], [2.0, 0.0, -1.0]])


def test_transform_points_applies_matrix_to_columns():
    points = transform_points(TURN_AND_SHIFT, [[1, 0], [0, 1]])
    np.testing.assert_allclose(points, [[5, 1], [3, -1]])


def test_compose_applies_inner_first():
    shift = np.array([[1.0, 0, 10], [0, 1, 0]])
    np.testing.assert_allclose(
        transform_points(compose(TURN_AND_SHIFT, shift), [0, 0]),
        transform_points(TURN_AND_SHIFT, [10, 0]),
    )


def test_invert_undoes_transform():
    points = np.array([[3.0, -7.0], [0.5, 0.25]])
    back = transform_points(invert(TURN_AND_SHIFT), transform_points(TURN_AND_SHIFT, points))
    np.testing.assert_allclose(back, points, atol=1e-12)


def test_scale_of_similarity_is_its_length_factor():
    assert scale_of(TURN_AND_SHIFT) == pytest.approx(2.0)


def test_fit_similarity_recovers_exact_transform():
    points = np.random.default_rng(0).normal(size=(5, 2))
    fitted = fit_similarity(points, transform_points(TURN_AND_SHIFT, points))
    np.testing.assert_allclose(fitted, TURN_AND_SHIFT, atol=1e-12)


def test_fit_similarity_never_mirrors():
    points = np.array([[0.0, 0], [2, 0], [0, 1]])
    assert np.linalg.det(fit_similarity(points, points * [-1, 1])[:, :2]) > 0


def test_intersection_over_union_values():
    overlaps = intersection_over_union([[0, 0, 2, 2], [5, 5, 6, 6]], [[1, 0, 3, 2]])
    np.testing.assert_allclose(overlaps, [[2 / 6], [0]])


def test_euler_to_rotation_matches_written_out_convention():
    """R = Rx Ry Rz with the matrices of 300W-LP / AFLW2000-3D, written out."""
    yaw, pitch, roll = np.radians([20.0, -35.0, 10.0])
    about_x = [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    about_y = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    about_z = [[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    expected = np.array(about_x) @ about_y @ about_z
    np.testing.assert_allclose(euler_to_rotation([20.0, -35.0, 10.0]), expected, atol=1e-12)


def test_rotation_to_euler_inverts_euler_to_rotation():
    angles = np.random.default_rng(1).uniform(-80, 80, size=(50, 3))
    np.testing.assert_allclose(rotation_to_euler(euler_to_rotation(angles)), angles, atol=1e-9)


def test_turning_a_frontal_picture_clockwise_is_positive_roll():
    np.testing.assert_allclose(rotate_head_pose([0, 0, 0], 30.0), [0, 0, 30], atol=1e-9)


def test_turning_the_picture_a_quarter_turns_left_gaze_into_up_gaze():
    """A nose that points to the image's left points up after a clockwise quarter turn."""
    _, pitch, _ = rotate_head_pose([40, 0, 0], 90.0)
    assert pitch == pytest.approx(40)


@pytest.mark.parametrize(
    ("first", "second", "mean"),
    [
        ((10, 4, -2), (20, 4, -2), (15, 4, -2)),
        ((0, 0, 170), (0, 0, -178), (0, 0, 176)),
        ((84, 0, 0), (88, 180, 180), (88, 0, 0)),
        ((33, -12, 7), (33, -12, 7), (33, -12, 7)),
    ],
)
def test_mean_of_heads_is_the_rotation_between_them(first, second, mean):
    """Angles alone would average a head upside down to an upright one."""
    assert mean_head_pose(first, second) == pytest.approx(mean, abs=0.01)


def test_mean_of_heads_is_as_far_from_both():
    generator = np.random.default_rng(0)
    for _ in range(50):
        first = generator.uniform((-90, -180, -180), (90, 180, 180))
        second = first + generator.normal(0, 20, 3)
        mean, *ends = (euler_to_rotation(h) for h in (mean_head_pose(first, second), first, second))
        assert np.trace(mean @ ends[0].T) == pytest.approx(np.trace(mean @ ends[1].T), abs=1e-9)
        assert np.trace(mean @ ends[0].T) >= np.trace(ends[1] @ ends[0].T) - 1e-9


def test_angles_wrap_to_half_a_turn_either_way():
    assert [wrap_angle(angle) for angle in (0, 190, -190, 180, 725)] == [0, -170, 170, -180, 5]
    np.testing.assert_array_equal(wrap_angle(np.array([359.0, -180.0])), [-1, -180])
