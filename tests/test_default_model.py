"""The default weights: conventions on real faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.datasets import find_head_pose_file, read_300w
from asmnet_sdk.evaluation.accuracy import evaluate, summarise
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.images.loading import load_image
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX, GRACE_HOPPER_BOX
from tests.golden import BOXES


@pytest.mark.parametrize("name", BOXES)
def test_right_is_the_subjects(aligner: FaceAligner, name):
    """In these frontal portraits the subject's right eye and mouth corner lie on the left."""
    [face] = aligner.predict(EXAMPLES / name, BOXES[name])
    right_eye, left_eye, nose, right_mouth, left_mouth = face.five_points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]


@pytest.mark.parametrize("name", BOXES)
def test_mirrored_photo_gives_mirrored_face(aligner: FaceAligner, name):
    image = load_image(EXAMPLES / name)
    box = BoundingBox(*BOXES[name])
    width = image.shape[1]
    mirrored_box = BoundingBox(width - 1 - box.x_max, box.y_min, width - 1 - box.x_min, box.y_max)
    [face] = aligner.predict(image, box, color="rgb")
    [mirrored] = aligner.predict(np.ascontiguousarray(image[:, ::-1]), mirrored_box, color="rgb")
    back = mirrored.landmarks[list(aligner.layout.mirror)] * [-1, 1] + [width - 1, 0]
    assert np.linalg.norm(back - face.landmarks, axis=1).mean() < 0.02 * box.height
    assert mirrored.head_pose.yaw == pytest.approx(-face.head_pose.yaw, abs=3)
    assert mirrored.head_pose.roll == pytest.approx(-face.head_pose.roll, abs=3)
    assert mirrored.head_pose.pitch == pytest.approx(face.head_pose.pitch, abs=3)


@pytest.mark.parametrize("clockwise_degrees", [-25, 25])
def test_turning_the_photo_clockwise_adds_to_roll(aligner: FaceAligner, clockwise_degrees):
    image = load_image(EXAMPLES / "grace_hopper.jpg")
    box = BoundingBox(*GRACE_HOPPER_BOX)
    turn = cv2.getRotationMatrix2D(box.center, -clockwise_degrees, 1.0)
    turned = cv2.warpAffine(image, turn, image.shape[1::-1])
    [face] = aligner.predict(image, box, color="rgb")
    turned_box = BoundingBox.around(transform_points(turn, face.landmarks))
    [turned_face] = aligner.predict(turned, turned_box, color="rgb")
    assert turned_face.head_pose.roll - face.head_pose.roll == pytest.approx(
        clockwise_degrees, abs=4
    )
    expected = transform_points(turn, face.landmarks)
    assert np.linalg.norm(turned_face.landmarks - expected, axis=1).mean() < 0.03 * box.height


def test_face_scores_high_and_background_low(aligner: FaceAligner):
    """The flag and the round badge on the sleeve are no faces."""
    photo = EXAMPLES / "astronaut.jpg"
    face, flag, badge = aligner.predict(
        photo, [ASTRONAUT_BOX, (0, 20, 90, 110), (130, 360, 210, 440)]
    )
    assert face.score > 0.9
    assert flag.score < 0.5
    assert badge.score < 0.5
    assert face.landmark_visible.mean() > 0.95
    assert badge.landmark_visible.mean() < 0.6
    assert badge.landmark_sigma.mean() > 2 * face.landmark_sigma.mean()


def test_accuracy_on_the_common_test_set(aligner: FaceAligner, common_test_set):
    """The figure in the model file, measured again; and signs of yaw, pitch and roll."""
    faces = read_300w(common_test_set, head_pose_file=find_head_pose_file(common_test_set))
    results = evaluate(aligner, faces)
    figures = summarise(results)[-1]
    assert figures.nme_percent == pytest.approx(aligner.model.figures["nme_percent"], abs=0.01)
    assert figures.nme_percent <= 4.2
    for angle in ("yaw", "pitch", "roll"):
        predicted = [getattr(result.face.head_pose, angle) for result in results]
        labelled = [getattr(result.annotated.head_pose, angle) for result in results]
        assert np.corrcoef(predicted, labelled)[0, 1] > 0.9


def test_predict_crop_looks_as_often_as_passes_says():
    photo = load_image(EXAMPLES / "grace_hopper.jpg")
    whole = BoundingBox(*GRACE_HOPPER_BOX).scaled(1.4).clipped(photo.shape[1], photo.shape[0])
    x_min, y_min, x_max, y_max = (round(edge) for edge in whole)
    upright = np.ascontiguousarray(photo[y_min:y_max, x_min:x_max])
    upside_down = np.ascontiguousarray(upright[::-1, ::-1])
    with FaceAligner() as auto, FaceAligner(passes=1) as once, FaceAligner(passes=2) as twice:
        first, second = (it.predict_crop(upright, color="rgb") for it in (once, twice))
        turned = auto.predict_crop(upside_down, color="rgb")
        assert once.predict_crop(upside_down, color="rgb").score < 0.5
    apart = np.linalg.norm(first.landmarks - second.landmarks, axis=1)
    assert 0 < apart.mean() < 0.02 * whole.height
    assert turned.score > 0.9
    assert abs(turned.head_pose.roll) == pytest.approx(180, abs=10)
    back = np.subtract(upright.shape[1::-1], 1) - turned.landmarks
    assert np.linalg.norm(back - first.landmarks, axis=1).mean() < 0.02 * whole.height


def test_points_outside_the_photo_cannot_be_seen(aligner):
    photo = load_image(EXAMPLES / "grace_hopper.jpg")
    box = BoundingBox(*GRACE_HOPPER_BOX)
    cut = photo[: round(box.y_min + 0.8 * box.height)]
    [face] = aligner.predict(np.ascontiguousarray(cut), box, color="rgb")
    is_below = face.landmarks[:, 1] > len(cut) - 0.5
    assert 3 <= is_below.sum() < 30
    assert (face.landmark_visible[is_below] == 0).all()
    assert (face.landmark_visible[~is_below] > 0).all()
    assert face.landmark_visible[27] > 0.9  # the bridge of the nose
