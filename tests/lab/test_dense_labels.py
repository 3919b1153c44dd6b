from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68, WFLW_98, HeadPose
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.layouts import convert_landmarks
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import sure_samples
from lab.dense_labels import (
    Teachers,
    complete_landmarks,
    label_folder,
    label_samples,
    mean_of_views,
)

GENERATOR = np.random.default_rng(0)
DENSE = GENERATOR.uniform(40, 160, (98, 2)).astype(np.float32)
TRUTH = convert_landmarks(DENSE, WFLW_98, IBUG_68)


def exact(image, box):
    """A labeller that knows the face, and its mirror image by a dark left edge."""
    if image[0, 0, 0] == 0:
        return DENSE
    mirrored = DENSE[list(WFLW_98.mirror)].copy()
    mirrored[:, 0] = image.shape[1] - 1 - mirrored[:, 0]
    return mirrored


def picture():
    image = np.full((200, 210, 3), 255, np.uint8)
    image[:, 0] = 0
    return image


def test_shared_points_stay_and_the_others_follow_their_neighbours():
    found = DENSE + GENERATOR.normal(0, 2, DENSE.shape).astype(np.float32)
    completed = complete_landmarks(found, TRUTH)
    np.testing.assert_allclose(convert_landmarks(completed, WFLW_98, IBUG_68), TRUTH, atol=1e-4)
    between = (completed - found)[[0, 2]].mean(axis=0)
    np.testing.assert_allclose((completed - found)[1], between, atol=1e-4)
    pupil = (completed - found)[[68, 69, 71, 72, 73, 75]].mean(axis=0)
    np.testing.assert_allclose((completed - found)[97], pupil, atol=1e-4)


def test_network_that_is_off_by_a_shift_is_corrected_everywhere():
    completed = complete_landmarks(DENSE + np.float32(3), TRUTH)
    np.testing.assert_allclose(completed, DENSE, atol=1e-4)


def test_views_of_the_mirror_image_are_mirrored_back():
    box = BoundingBox.around(DENSE)
    mean = mean_of_views(exact, picture(), box, generator=np.random.default_rng(1))
    np.testing.assert_allclose(mean, DENSE, atol=1e-3)


@pytest.fixture
def faces(tmp_path):
    photo = tmp_path / "photos" / "one.png"
    photo.parent.mkdir()
    cv2.imwrite(str(photo), picture())
    return [
        AnnotatedFace(
            photo=photo, subset="helen", landmarks=TRUTH, head_pose=HeadPose(1.5, -2.0, 3.25)
        )
    ]


def test_labels_read_back_with_photo_and_head_pose(faces, tmp_path):
    assert label_folder(Teachers(dense=exact), faces, tmp_path / "dense") == 1
    [face] = read_annotations(tmp_path / "dense")
    np.testing.assert_allclose(face.landmarks, DENSE, atol=2e-3)
    assert face.photo.resolve() == faces[0].photo.resolve()
    assert face.head_pose == HeadPose(1.5, -2.0, 3.25)


def test_faces_on_which_network_and_labels_disagree_are_left_out(faces, tmp_path):
    def far_off(image, box):
        return exact(image, box) + 60

    assert label_folder(Teachers(dense=far_off), faces, tmp_path / "dense") == 0


def test_pupils_come_from_their_own_teacher_where_both_agree(faces):
    eye = np.linalg.norm(DENSE[60] - DENSE[64])
    moved = DENSE[[96, 97]] + np.array([[0.1 * eye, 0], [200, 0]], np.float32)
    teachers = Teachers(dense=exact, pupils=lambda image, box: moved)
    found = teachers.complete(picture(), TRUTH, np.random.default_rng(0))
    np.testing.assert_allclose(found[96], moved[0], atol=1e-3)
    np.testing.assert_allclose(found[97], DENSE[97], atol=1e-3)


def test_packed_faces_have_no_points_beside_unknown_ones():
    points = TRUTH[None].copy()
    points[0, 0] = np.nan  # the first of the jaw
    samples = sure_samples(picture()[None], points, np.zeros((1, 3), np.float32))
    samples.landmark_weights[0, 1] = 0.25
    dense = label_samples(Teachers(dense=exact), samples)
    assert np.flatnonzero(~np.isfinite(dense.landmarks[0]).all(axis=1)).tolist() == [0, 1]
    np.testing.assert_allclose(dense.landmarks[0, 2:], DENSE[2:], atol=1e-3)
    assert dense.landmark_weights[0, [1, 2, 3, 4]].tolist() == [0.25, 0.25, 0.25, 1]


def test_packed_faces_that_the_network_misses_keep_their_points():
    def far_off(image, box):
        return exact(image, box) + 60

    samples = sure_samples(picture()[None], TRUTH[None], np.zeros((1, 3), np.float32))
    dense = label_samples(Teachers(dense=far_off), samples)
    known = np.isfinite(dense.landmarks[0]).all(axis=1)
    assert known.sum() == 68
    np.testing.assert_allclose(convert_landmarks(dense.landmarks[0], WFLW_98, IBUG_68), TRUTH)
