from __future__ import annotations

import numpy as np
import pytest

from lab.mesh_points import NOSE
from lab.outlines import far_side, is_jaw, slide_to_outline


@pytest.fixture
def mesh() -> np.ndarray:
    """A ladder of points: at each height the face reaches from -1 to 1, its nose to 5."""
    points = np.zeros((478, 3))
    points[:, 1] = np.linspace(0, 10, 478)
    points[:, 0] = np.where(np.arange(478) % 2, 1.0, -1.0)
    points[NOSE, 0] = 5.0
    return points


def points_at(x: float, count: int = 68) -> np.ndarray:
    return np.column_stack([np.full(count, x), np.linspace(1, 9, count), np.zeros(count)])


@pytest.mark.parametrize(("count", "chin", "last"), [(68, 8, 16), (98, 16, 32)])
def test_chin_is_not_of_the_jaw(count, chin, last):
    jaw = is_jaw(count)
    assert not jaw[chin]
    assert jaw[0]
    assert jaw[last]
    assert not jaw[last + 1 :].any()


@pytest.mark.parametrize(("yaw", "far"), [(40.0, 0), (-40.0, 16)])
def test_nose_to_the_image_left_makes_that_side_the_far_one(yaw, far):
    points = points_at(0.0)
    points[:8, 0], points[9:17, 0] = -1.0, 1.0
    points[31], points[35] = (-1.0, 4.0, 0.0), (1.0, 4.0, 0.0)
    is_far = far_side(points, yaw)
    assert is_far[far]
    assert not is_far[16 - far]
    assert not is_far[27:36].any()


def test_frontal_face_has_no_far_side():
    assert not far_side(points_at(-1.0), 9.0).any()


@pytest.mark.parametrize(("yaw", "outline"), [(70.0, -1.0), (-70.0, 1.0)])
def test_chosen_points_go_to_the_outline_without_the_nose_at_their_height(mesh, yaw, outline):
    points = points_at(0.0)
    chosen = np.arange(68) < 5
    moved = slide_to_outline(points, mesh, chosen, yaw)
    np.testing.assert_array_equal(moved[:5, 0], outline)
    np.testing.assert_array_equal(moved[5:], points[5:])
    np.testing.assert_array_equal(moved[:, 1:], points[:, 1:])


def test_point_beyond_the_outline_stays(mesh):
    points = points_at(2.0)
    moved = slide_to_outline(points, mesh, np.ones(68, np.bool_), -70.0)
    np.testing.assert_array_equal(moved, points)
