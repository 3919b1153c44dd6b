"""Faces of unlabelled photos: what two teachers agree on, weighed by how far they do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68, WFLW_98, FaceAligner
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import convert_landmarks
from lab.dense_map import DenseMap
from lab.unlabelled import Teachers, label_weights, pack_folder
from tests.conftest import REPOSITORY

PHOTO = REPOSITORY / "examples" / "astronaut.jpg"
SHARED = convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, IBUG_68).astype(int)
IDENTITY = DenseMap(np.zeros(196), np.zeros((197, 136)))


@pytest.fixture(scope="module")
def aligner():
    with FaceAligner("asmnet-68", threads=1, passes=1) as aligner:
        yield aligner


def teachers(aligner, shift=0.0):
    """Two teachers of one mind; the second one sees every point ``shift`` of the face lower."""

    def dense(image, box):
        points = np.tile(np.asarray(box.center, np.float32), (98, 1))
        [face] = aligner.predict(image, [box], color="rgb")
        lower = np.array([0, shift * max(box.width, box.height)])
        points[SHARED] = face.landmarks + lower
        return points

    return Teachers(aligner, dense, IDENTITY)


def the_face(aligner):
    [face] = teachers(aligner).faces(load_image(PHOTO))
    return face


def test_teachers_that_agree_give_a_sure_label(aligner):
    canvas, points = the_face(aligner)
    samples = teachers(aligner).label(canvas, points, np.random.default_rng(0))
    np.testing.assert_allclose(samples.landmarks[0], points, atol=2.5)
    assert samples.landmark_weights.min() > 0.5
    assert samples.draw_weights == 1
    assert np.isnan(samples.head_poses).all()
    assert samples.pose_weights == 0


def test_where_they_differ_the_label_lies_between_and_counts_less(aligner):
    canvas, points = the_face(aligner)
    agreed, apart = (
        teachers(aligner, shift).label(canvas, points, np.random.default_rng(0))
        for shift in (0, 0.05)
    )
    moved = apart.landmarks[0] - agreed.landmarks[0]
    side = np.ptp(points, axis=0).max()
    np.testing.assert_allclose(moved[:, 1].mean(), 0.025 * side, atol=0.1)
    np.testing.assert_allclose(moved[:, 0], 0, atol=0.1)
    assert apart.landmark_weights.mean() < 0.5 * agreed.landmark_weights.mean()


def test_face_on_which_they_disagree_is_left_out(aligner):
    canvas, points = the_face(aligner)
    assert teachers(aligner, 0.12).label(canvas, points, np.random.default_rng(0)) is None


def test_turned_heads_count_by_the_square_root():
    apart = np.array([0, 0.035, 0.07])
    np.testing.assert_allclose(label_weights(apart, 0, is_turned=False), [1, 0.5, 0.2], rtol=1e-6)
    np.testing.assert_allclose(label_weights(apart, 0.02, is_turned=False), [0.5, 0.25, 0.1])
    np.testing.assert_allclose(
        label_weights(apart, 0, is_turned=True), np.sqrt([1, 0.5, 0.2]), rtol=1e-6
    )


def test_folder_is_packed_face_by_face_and_small_faces_are_left_out(aligner, tmp_path):
    photo = cv2.imread(str(PHOTO))
    cv2.imwrite(str(tmp_path / "large.jpg"), photo)
    cv2.imwrite(str(tmp_path / "small.jpg"), cv2.resize(photo, None, fx=0.25, fy=0.25))
    samples, looked_at = pack_folder(teachers(aligner), tmp_path)
    assert len(samples) == looked_at == 1
    assert samples.canvases.shape == (1, 256, 256, 3)
