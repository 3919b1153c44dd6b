from __future__ import annotations

import numpy as np
import pytest

from lab.mesh_points import NOSE
from lab.outlines import far_jaw, slide_to_outline


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


@pytest.mark.parametrize(
    ("count", "yaw", "far"),
    [
        (68, 40.0, range(8)),
        (68, -40.0, range(9, 17)),
        (98, 40.0, range(16)),
        (98, -40.0, range(17, 33)),
        (68, 9.0, range(0)),
    ],
)
def test_far_jaw_is_where_the_nose_points_without_the_chin(count, yaw, far):
    assert far_jaw(count, yaw) == list(far)


@pytest.mark.parametrize(("yaw", "outline"), [(70.0, -1.0), (-70.0, 1.0)])
def test_chosen_points_go_to_the_outline_without_the_nose_at_their_height(mesh, yaw, outline):
    points = points_at(0.0)
    moved = slide_to_outline(points, mesh, list(range(5)), yaw)
    np.testing.assert_array_equal(moved[:5, 0], outline)
    np.testing.assert_array_equal(moved[5:], points[5:])
    np.testing.assert_array_equal(moved[:, 1:], points[:, 1:])


def test_point_beyond_the_outline_stays(mesh):
    points = points_at(2.0)
    moved = slide_to_outline(points, mesh, list(range(68)), -70.0)
    np.testing.assert_array_equal(moved, points)
