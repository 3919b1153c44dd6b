from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asmnet_sdk import FaceAligner
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.training.samples import sure_samples
from lab.damages import DAMAGES
from lab.hard_faces import Seen, look_at, read_wflw_slice
from tests.dot_model import METADATA, write_dot_model
from tests.training.test_covers import face_shape

SIDE = 256


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_changes_the_picture_and_keeps_its_form(name):
    canvas = np.random.default_rng(0).integers(40, 255, (SIDE, SIDE, 3), np.uint8)
    points = face_shape() + 80
    before = canvas.copy()
    damaged, moved = DAMAGES[name](canvas, points, np.random.default_rng(1))
    assert np.array_equal(canvas, before)
    assert damaged.shape == canvas.shape
    assert damaged.dtype == np.uint8
    assert not np.array_equal(damaged, canvas)
    assert moved.shape == (68, 2)


def test_tilt_moves_landmarks_with_their_pixels():
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    points = face_shape() + 80
    x, y = np.round(points[30]).astype(int)
    canvas[y - 1 : y + 2, x - 1 : x + 2] = 255
    damaged, moved = DAMAGES["tilted by 30 degrees"](canvas, points, np.random.default_rng(1))
    rows, columns = np.nonzero(damaged[..., 0] > 100)
    assert np.hypot(columns.mean() - moved[30, 0], rows.mean() - moved[30, 1]) < 1


def test_error_in_percent_of_the_face_leaves_out_unknown_points():
    points = face_shape()
    shifted = transform_points([[1, 0, 3], [0, 1, 4]], points).astype(np.float32)

    class Shifted:
        landmarks = shifted

    labels = points.copy()
    labels[0] = np.nan
    side = max(np.ptp(labels[1:, 0]), np.ptp(labels[1:, 1]))
    seen = Seen(Shifted(), labels, np.zeros(3), np.ones(68))
    assert seen.size_percent == pytest.approx(100 * 5 / side, rel=1e-4)


def test_wflw_slice_has_attributes_and_points(tmp_path):
    head = ["photo", "pose", "expression", "illumination", "make_up", "occlusion", "blur"]
    head += [f"{axis}{k}" for k in range(68) for axis in "xy"]
    row = ["one", "1", "0", "0", "0", "1", "0", *(str(i / 2) for i in range(136))]
    (tmp_path / "faces.csv").write_text("\n".join([",".join(head), ",".join(row)]) + "\n")
    [face] = read_wflw_slice(tmp_path)
    assert face.attributes == {"pose", "occlusion"}
    assert face.landmarks[1].tolist() == [1.0, 1.5]
    assert face.photo == tmp_path / "one.jpg"


def test_models_of_98_points_are_judged_at_the_68_of_them(tmp_path):
    dense = write_dot_model(
        tmp_path / "dense.onnx", metadata=replace(METADATA, layout="WFLW_98"), points=98
    )
    canvas = np.full((1, SIDE, SIDE, 3), 90, np.uint8)
    samples = sure_samples(canvas, (face_shape() + 80)[None], np.zeros((1, 3), np.float32))
    [seen] = look_at(FaceAligner(dense, device="cpu", passes=1), samples)
    assert seen.errors.shape == (68,)
    assert seen.face.landmark_visible.shape == (68,)
