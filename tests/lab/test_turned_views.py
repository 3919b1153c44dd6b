from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")

from lab.mesh_points import MESH_TO_IBUG, OVAL
from lab.turned_views import SourceView, turn_view

SIDE = 200


@pytest.fixture(scope="module")
def source() -> SourceView:
    """A face like half a globe: near points in the middle, ears in the plane of its centre."""
    generator = np.random.default_rng(0)
    angle, radius = generator.uniform(0, 2 * np.pi, 478), np.sqrt(generator.uniform(0, 0.9, 478))
    angle[OVAL], radius[OVAL] = np.linspace(-np.pi / 2, 1.5 * np.pi, 36, endpoint=False), 1.0
    flat = 100 + 60 * np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    mesh = np.column_stack([flat, -60 * np.sqrt(np.clip(1 - radius**2, 0, 1))])
    mesh[234], mesh[454] = (40, 100, 0), (160, 100, 0)
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[:, :100], picture[:, 100:] = (255, 0, 0), (0, 0, 255)
    landmarks = mesh[MESH_TO_IBUG, :2].astype(np.float32)
    return SourceView(picture=picture, landmarks=landmarks, mesh=mesh, head_pose=np.zeros(3))


def triangles_of(mesh: np.ndarray) -> np.ndarray:
    """Triangles between each point and its neighbours, enough to cover the face."""
    nearest = np.linalg.norm(mesh[:, None, :2] - mesh[None, :, :2], axis=2).argsort(axis=1)
    return np.vstack([nearest[:, [0, i, i + 1]] for i in range(1, 7)])


def test_unturned_view_leaves_landmarks_where_they_were(source):
    view = turn_view(source, triangles_of(source.mesh), np.zeros(3), size=128, canvas_scale=2.0)
    before = source.landmarks - source.landmarks.mean(axis=0)
    after = view.landmarks - view.landmarks.mean(axis=0)
    scale = np.linalg.norm(after) / np.linalg.norm(before)
    assert np.abs(after - scale * before).max() < 0.05
    assert view.visible.mean() > 0.9


@pytest.mark.parametrize(("yaw", "moves"), [(60.0, -1), (-60.0, 1)])
def test_nose_goes_to_the_image_left_with_positive_yaw(source, yaw, moves):
    pose = np.array([yaw, 0, 0])
    view = turn_view(source, triangles_of(source.mesh), pose, size=128, canvas_scale=2.0)
    depth = source.mesh[MESH_TO_IBUG, 2]
    nearest = 17 + depth[17:].argmin()
    ears = view.landmarks[[1, 15]].mean(axis=0)
    assert moves * (view.landmarks[nearest, 0] - ears[0]) > 10


def test_far_side_is_hidden_in_a_profile(source):
    pose = np.array([80.0, 0, 0])
    view = turn_view(source, triangles_of(source.mesh), pose, size=128, canvas_scale=2.0)
    assert view.visible[:8].sum() == 0
    assert view.visible[9:17].mean() > 0.5


def test_positive_pitch_lifts_the_nose(source):
    pose = np.array([0, 30.0, 0])
    view = turn_view(source, triangles_of(source.mesh), pose, size=128, canvas_scale=2.0)
    depth = source.mesh[MESH_TO_IBUG, 2]
    nearest = 17 + depth[17:].argmin()
    still = turn_view(source, triangles_of(source.mesh), np.zeros(3), size=128, canvas_scale=2.0)
    ears_up = view.landmarks[[1, 15], 1].mean() - view.landmarks[nearest, 1]
    ears_before = still.landmarks[[1, 15], 1].mean() - still.landmarks[nearest, 1]
    assert ears_up > ears_before + 5
