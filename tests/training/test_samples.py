from __future__ import annotations

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.layouts import FIVE_POINT, IBUG_68
from asmnet_sdk.training.samples import FaceSamples, load_faceless, roll_of_points
from tests.training.dotted_batches import dotted_samples


def test_samples_are_saved_loaded_and_joined(tmp_path):
    samples = dotted_samples(3, yaw=20)
    samples.save(tmp_path / "faces.npz")
    joined = FaceSamples.join([FaceSamples.load(tmp_path / "faces.npz"), dotted_samples(1)])
    assert len(joined) == 4
    assert np.array_equal(joined.landmarks[:3], samples.landmarks)
    assert joined.head_poses[:, 0].tolist() == [20, 20, 20, 0]


def test_file_without_packed_faces_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InvalidInputError, match=r"other\.npz holds no packed faces"):
        FaceSamples.load(tmp_path / "other.npz")


def turned(points: np.ndarray, clockwise_degrees: float) -> np.ndarray:
    angle = np.radians(clockwise_degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T).astype(np.float32)


@pytest.mark.parametrize("degrees", [-170, -60, 0, 35, 120])
def test_roll_of_a_profile_is_told_by_eyes_and_mouth(degrees):
    points = np.zeros((68, 2), np.float32)
    points[36:48, 1], points[48:68, 1] = -20, 20
    points[45] = points[36] - (0.1, 0)  # in a profile the outer corners may even change sides
    assert roll_of_points(turned(points, degrees), IBUG_68) == pytest.approx(degrees, abs=0.5)


def test_roll_leaves_unknown_points_out():
    points = np.zeros((68, 2), np.float32)
    points[36:48, 1], points[48:68, 1] = -20, 20
    points[50:60] = np.nan
    assert roll_of_points(points) == pytest.approx(0, abs=1e-4)


def test_roll_of_five_points():
    points = np.array([[-10, -10], [10, -10], [0, 0], [-8, 10], [8, 10]], np.float32)
    assert roll_of_points(turned(points, 25), FIVE_POINT) == pytest.approx(25, abs=1e-3)


def test_roll_of_points_of_no_known_layout_is_none():
    assert roll_of_points(np.zeros((7, 2), np.float32)) == 0


def test_faceless_pictures_give_the_square_in_their_middle(tmp_path):
    wide = np.zeros((200, 600, 3), np.uint8)
    wide[:, 200:400] = (255, 0, 0)  # OpenCV's blue
    cv2.imwrite(str(tmp_path / "a.png"), wide)
    cv2.imwrite(str(tmp_path / "b.JPG"), np.full((80, 80, 3), 255, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    crops = load_faceless(tmp_path)
    assert crops.shape == (2, 160, 160, 3)
    assert (crops[0] == (0, 0, 255)).all()
    assert (crops[1] == 255).all()


@pytest.mark.parametrize("name", [".", "missing"])
def test_faceless_folder_without_pictures_is_refused(tmp_path, name):
    with pytest.raises(InvalidInputError, match=r"no picture at .*needed: a folder of pictures"):
        load_faceless(tmp_path / name)
