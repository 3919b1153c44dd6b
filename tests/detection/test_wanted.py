from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose, InvalidInputError
from asmnet_sdk.detection.wanted import WantedFaces, largest_first

SHAPE = np.random.default_rng(0).uniform(-0.5, 0.5, (68, 2))
SHAPE[:2] = [[-0.5, -0.5], [0.5, 0.5]]


def face_at(
    x: float, *, side: float = 40, score: float | None = 0.9, box_score: float = 0.8
) -> Face:
    landmarks = SHAPE * side + np.array([x, 50])
    box = BoundingBox.around(landmarks)
    return Face(
        landmarks=landmarks,
        head_pose=HeadPose(0, 0, 0),
        box=BoundingBox(*box, score=box_score),
        score=score,
    )


def test_faces_that_score_less_are_dropped():
    sure, unsure = face_at(50), face_at(150, score=0.49)
    assert WantedFaces().faces([unsure, sure]) == [sure]
    assert WantedFaces(min_score=0).faces([unsure, sure]) == [unsure, sure]


@pytest.mark.parametrize(
    ("roll", "box_roll", "score", "is_wanted"),
    [
        (61, 0, 0.79, False),
        (61, 0, 0.81, True),
        (59, 0, 0.51, True),
        (-170, 150, 0.51, True),
        (176, -28, 0.52, False),
        (180, None, 0.51, True),
    ],
)
def test_face_that_the_detector_sees_another_way_up_must_be_surer(roll, box_roll, score, is_wanted):
    face = face_at(50, score=score)
    box = BoundingBox(*face.box, score=0.8, roll=box_roll)
    face = replace(face, head_pose=HeadPose(0, 0, roll), box=box)
    assert bool(WantedFaces().faces([face])) == is_wanted
    assert WantedFaces(min_score=0).faces([face]) == [face]


def test_faces_of_a_model_without_scores_stay():
    face = face_at(50, score=None)
    assert WantedFaces(min_score=1).faces([face]) == [face]


def test_of_two_on_one_face_the_surer_stays():
    """Boxes that overlapped little may end up on one face when its landmarks are found."""
    first, second = face_at(50, score=0.8), face_at(54, score=0.9)
    assert WantedFaces().faces([first, second]) == [second]
    assert WantedFaces().faces([second, first]) == [second]


def test_of_two_equally_sure_faces_the_detectors_word_counts():
    first, second = face_at(50, box_score=0.3), face_at(54, box_score=0.9)
    assert WantedFaces().faces([first, second]) == [second]


def test_neighbours_stay():
    """Shifted by half a face, two boxes overlap by a third."""
    faces = [face_at(50), face_at(70)]
    assert WantedFaces().faces(faces) == faces


def test_a_chain_of_doubles_leaves_its_ends():
    faces = [face_at(50, score=0.9), face_at(60, score=0.8), face_at(70, score=0.7)]
    assert WantedFaces().faces(faces) == [faces[0], faces[2]]


def test_faces_without_extent_are_no_doubles():
    points = np.zeros((68, 2))
    faces = [
        Face(landmarks=points, head_pose=HeadPose(0, 0, 0), box=BoundingBox(0, 0, 9, 9))
        for _ in range(2)
    ]
    assert WantedFaces().faces(faces) == faces


def test_the_largest_faces_stay_in_their_order():
    small, large, middle = (face_at(x, side=s) for x, s in ((50, 20), (150, 60), (250, 40)))
    assert WantedFaces(max_faces=2).faces([middle, small, large]) == [middle, large]
    boxes = [face.box for face in (middle, small, large)]
    assert WantedFaces(max_faces=1).largest_boxes(boxes) == [large.box]


def test_a_large_thing_that_is_no_face_takes_no_place():
    thing, face = face_at(150, side=90, score=0.1), face_at(50)
    assert WantedFaces(max_faces=1).faces([thing, face]) == [face]


def test_boxes_are_to_be_large_and_sure_enough():
    wanted = WantedFaces(min_face_size=30, score_threshold=0.4)
    small, unsure, oblong = (
        BoundingBox(0, 0, 29, 29, score=0.9),
        BoundingBox(0, 0, 50, 50, score=0.39),
        BoundingBox(0, 0, 10, 30),
    )
    assert wanted.boxes_to_look_at([small, unsure, oblong]) == [oblong]


@pytest.mark.parametrize(
    "option",
    [
        {"min_score": 1.5},
        {"min_score": None},
        {"min_score": float("nan")},
        {"score_threshold": -0.1},
        {"min_face_size": 0},
        {"max_faces": 0},
    ],
)
def test_numbers_out_of_range_are_refused(option):
    with pytest.raises(InvalidInputError, match=next(iter(option))):
        WantedFaces(**option)


def test_largest_come_first_and_small_ones_not_at_all():
    small, large, middle = (BoundingBox(0, 0, side, 10) for side in (20, 60, 40))
    boxes = [small, large, middle]
    assert largest_first(boxes, min_face_size=None, max_faces=None) == [large, middle, small]
    assert largest_first(boxes, min_face_size=40, max_faces=None) == [large, middle]
    assert largest_first(boxes, min_face_size=None, max_faces=1) == [large]
