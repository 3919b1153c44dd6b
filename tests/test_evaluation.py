from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, FaceAligner, HeadPose, InvalidInputError
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation import evaluate, summarise
from tests.dot_model import picture_with_dots

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


def test_missed_faces_count_as_failures(dot_aligner, photo):
    [figures] = summarise(evaluate(dot_aligner, [annotated(photo)], detector=Nobody()))
    assert figures.missed == 1
    assert figures.failure_rate_percent == 100
    assert figures.auc == 0
    assert math.isnan(figures.nme_percent)


def test_detected_box_is_matched_by_overlap(dot_aligner, photo):
    [result] = evaluate(dot_aligner, [annotated(photo)], detector=Shifted())
    assert tuple(result.face.box) == (42, 32, 62, 62)


def test_subsets_are_reported_apart_and_together(dot_aligner, photo):
    pose = HeadPose(0, 0, 0)
    faces = [annotated(photo, head_pose=pose), annotated(photo, subset="b", head_pose=pose)]
    figures = summarise(evaluate(dot_aligner, faces))
    assert [(row.subset, row.faces) for row in figures] == [("a", 1), ("b", 1), ("all", 2)]
    assert figures[0].head_pose_errors_degrees == figures[2].head_pose_errors_degrees


def test_other_number_of_points_is_refused(dot_aligner, photo):
    with pytest.raises(InvalidInputError, match="5 annotated points, the model dots gives 68"):
        evaluate(dot_aligner, [annotated(photo, DOTS[[0, 1, 2, 0, 1]])])
