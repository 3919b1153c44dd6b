from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from asmnet_sdk import (
    FIVE_POINT,
    IBUG_68,
    WFLW_98,
    BoundingBox,
    FaceAligner,
    HeadPose,
    InvalidInputError,
    load_image,
)
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.accuracy import evaluate, predict_at, summarise
from asmnet_sdk.layouts import convert_landmarks
from tests.dot_model import BOX, picture_with_dots

DOTS = np.array([(40, 30), (60, 34), (52, 60)], np.float32)
TRUTH = DOTS[np.arange(68) % 3]
TRUTH[45] = (60, 30)  # else both eye corners are the red dot


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "dots.png"
    cv2.imwrite(str(path), picture_with_dots((120, 90), *DOTS.astype(int).tolist())[:, :, ::-1])
    return path


def annotated(photo, landmarks=TRUTH, **fields):
    return AnnotatedFace(
        photo=photo, subset=fields.pop("subset", "a"), landmarks=landmarks, **fields
    )


class Nobody:
    def detect(self, image):
        return []


class Shifted:
    def detect(self, image):
        return [BoundingBox(80, 60, 110, 85), BoundingBox(42, 32, 62, 62)]


def test_nme_of_one_landmark_off(dot_aligner: FaceAligner, photo):
    """All but landmark 45 are exact; that one is 20 px off, as far as the eyes are apart."""
    [figures] = summarise(evaluate(dot_aligner, [annotated(photo)]))
    assert figures.nme_percent == pytest.approx(100 / 68, abs=0.4)
    assert (figures.faces, figures.missed, figures.failure_rate_percent) == (1, 0, 0)
    assert figures.head_pose_errors_degrees is None


def test_eye_corners_in_one_place_are_refused_before_the_work(dot_aligner, photo):
    """They gave an infinite error, which was counted as a missed face."""
    broken = TRUTH.copy()
    broken[45] = broken[36]
    seen = []
    with pytest.raises(InvalidInputError, match=r"dots\.png: the outer eye corners are one point"):
        evaluate(
            dot_aligner,
            [annotated(photo), annotated(photo, broken)],
            on_face=lambda: seen.append(1),
        )
    assert seen == []


def test_missed_faces_count_as_failures(dot_aligner, photo):
    [figures] = summarise(evaluate(dot_aligner, [annotated(photo)], detector=Nobody()))
    assert figures.missed == 1
    assert figures.failure_rate_percent == 100
    assert figures.auc == 0
    assert math.isnan(figures.nme_percent)


def test_detected_box_is_matched_by_overlap(dot_aligner, photo):
    [result] = evaluate(dot_aligner, [annotated(photo)], detector=Shifted())
    assert tuple(result.face.box) == (42, 32, 62, 62)


class Around:
    """Finds a whole face around the dots, or beside them."""

    def __init__(self, x_min):
        self.x_min = x_min

    def detect(self, image):
        return [BoundingBox(self.x_min, 12, self.x_min + 60, 82)]


@pytest.mark.parametrize(("x_min", "is_found"), [(22, True), (52, False)])
def test_points_that_do_not_span_a_face_are_found_within_one(dot_aligner, photo, x_min, is_found):
    five = convert_landmarks(TRUTH, IBUG_68, FIVE_POINT)
    [result] = evaluate(dot_aligner, [annotated(photo, five)], detector=Around(x_min))
    assert (result.face is not None) == is_found


def test_subsets_are_reported_apart_and_together(dot_aligner, photo):
    pose = HeadPose(0, 0, 0)
    faces = [annotated(photo, head_pose=pose), annotated(photo, subset="b", head_pose=pose)]
    figures = summarise(evaluate(dot_aligner, faces))
    assert [(row.subset, row.faces) for row in figures] == [("a", 1), ("b", 1), ("all", 2)]
    assert figures[0].head_pose_errors_degrees == figures[2].head_pose_errors_degrees
    found = HeadPose(*figures[0].head_pose_errors_degrees)  # of one face that looks straight ahead
    assert 0 < figures[0].rotation_error_degrees == pytest.approx(found.angle_between(pose))


def test_model_of_a_larger_layout_is_judged_at_the_annotated_points(dot_aligner, photo):
    five = convert_landmarks(TRUTH, IBUG_68, FIVE_POINT)
    five[1] = five[0] + (20, 0)  # else both eyes are the mean of all dots
    detector = Around(22)
    [result] = evaluate(dot_aligner, [annotated(photo, five)], detector=detector)
    assert result.face.layout == FIVE_POINT
    [box] = detector.detect(photo)
    found = dot_aligner.predict(photo, box)[0].to_layout(FIVE_POINT)
    errors = np.linalg.norm(found.landmarks - five, axis=1)
    eyes = np.linalg.norm(five[0] - five[1])
    assert result.nme_percent == pytest.approx(100 * errors.mean() / eyes, rel=1e-4)


def test_boxes_of_points_that_span_no_face_are_refused(dot_aligner, photo):
    five = convert_landmarks(TRUTH, IBUG_68, FIVE_POINT)
    with pytest.raises(InvalidInputError, match="5 annotated points do not span a face"):
        evaluate(dot_aligner, [annotated(photo, five)])


def test_annotation_of_a_larger_layout_is_judged_at_the_points_of_the_model(dot_aligner, photo):
    """98 points hold the 68, in an order of their own; point 72 is the outer corner 45."""
    truth = np.full((98, 2), 1.0, np.float32)
    kept = convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, IBUG_68).astype(int)
    truth[kept] = TRUTH
    box = BoundingBox(*BOX)
    result = predict_at(dot_aligner, annotated(photo, truth), load_image(photo), box)
    assert result.face.layout == IBUG_68
    assert result.nme_percent == pytest.approx(100 / 68, abs=0.4)


def test_points_that_the_model_does_not_give_are_refused(dot_aligner, photo):
    with pytest.raises(InvalidInputError, match="21 annotated points, which cannot be compared"):
        evaluate(dot_aligner, [annotated(photo, DOTS[np.arange(21) % 3])])


def test_attributes_are_reported_apart(dot_aligner, photo):
    faces = [
        annotated(photo),
        annotated(photo, attributes=frozenset({"occlusion", "pose"})),
        annotated(photo, TRUTH + 40, attributes=frozenset({"occlusion"})),
    ]
    results = [
        predict_at(dot_aligner, face, load_image(photo), BoundingBox(*BOX)) for face in faces
    ]
    figures = summarise(results)
    assert [(row.subset, row.faces) for row in figures] == [
        ("a", 3), ("pose", 1), ("occlusion", 2), ("all", 3),
    ]  # fmt: skip
    assert [round(row.failure_rate_percent) for row in figures] == [33, 0, 50, 33]
