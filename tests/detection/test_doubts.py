"""What is doubted, and who decides."""

from __future__ import annotations

import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.detection.doubts import is_unsure, without_refuted, without_small_doubts

SURE = BoundingBox(0, 0, 9, 9, score=0.9)
ALSO_SURE = BoundingBox(60, 0, 69, 9, score=0.85)
LIKELY = BoundingBox(20, 0, 29, 9, score=0.45)
UNLIKELY = BoundingBox(40, 0, 49, 9, score=0.3)


class Judge:
    """Is equally certain of all boxes, and keeps them."""

    def __init__(self, certainty: float) -> None:
        self.certainty = certainty
        self.asked: list[BoundingBox] = []

    def __call__(self, boxes):
        assert boxes
        self.asked += boxes
        return [self.certainty for _ in boxes]


def test_the_judge_is_asked_about_doubted_boxes_only():
    judge = Judge(0.9)
    boxes = [UNLIKELY, LIKELY, SURE, ALSO_SURE]
    assert without_refuted(boxes, judge, threshold=0.5) == [SURE, ALSO_SURE, LIKELY, UNLIKELY]
    assert judge.asked == [LIKELY, UNLIKELY]


def test_what_is_not_confirmed_is_dropped():
    assert without_refuted([LIKELY, SURE], Judge(0.6), threshold=0.5) == [SURE]


def test_beside_a_sure_face_unlikely_ones_are_looked_at_parts_of_it_are_not():
    eye = BoundingBox(1, 1, 5, 5, score=0.45)
    judge = Judge(0.9)
    assert without_refuted([eye, UNLIKELY, SURE], judge, threshold=0.5) == [SURE, UNLIKELY]
    assert judge.asked == [UNLIKELY]


def test_doubts_that_a_closer_look_will_show_better_wait_for_it():
    large = BoundingBox(100, 0, 119, 9, score=0.3)
    kept = without_small_doubts([SURE, LIKELY, large], threshold=0.5, well_seen=12)
    assert kept == [SURE, large]


@pytest.mark.parametrize(("roll", "is_kept"), [(-170, False), (None, True), (20, True)])
def test_what_is_turned_otherwise_than_all_sure_faces_is_not_looked_at(roll, is_kept):
    forehead = BoundingBox(0, -7, 9, 2, score=0.45, roll=roll)
    found = without_refuted([forehead, SURE, ALSO_SURE], Judge(0.9), threshold=0.5)
    assert found == ([SURE, ALSO_SURE, forehead] if is_kept else [SURE, ALSO_SURE])
    assert without_refuted([forehead], Judge(0.9), threshold=0.5) == [forehead]


def test_how_sure_a_judge_has_to_be_can_be_said():
    assert without_refuted([LIKELY], Judge(0.75), threshold=0.5) == [LIKELY]
    assert without_refuted([LIKELY], Judge(0.75), threshold=0.5, certainty=0.8) == []


def test_of_many_doubted_boxes_the_best_are_judged():
    boxes = [BoundingBox(n, 0, n + 9, 9, score=n / 100) for n in range(30)]
    assert without_refuted(boxes, Judge(1.0), threshold=0.5) == boxes[:13:-1]


def test_without_a_judge_all_boxes_stay():
    assert without_refuted([SURE, UNLIKELY], None, threshold=0.5) == [SURE, UNLIKELY]


def test_a_judge_is_not_asked_about_nothing():
    assert without_refuted([SURE], Judge(0.0), threshold=0.5) == [SURE]
    assert is_unsure([], Judge(1.0))


def test_the_best_box_says_whether_a_look_is_sure():
    assert is_unsure([], None)
    assert is_unsure([LIKELY], None)
    assert not is_unsure([LIKELY, SURE], None)


def test_a_judge_may_doubt_a_good_score_and_trust_a_low_one():
    assert is_unsure([LIKELY, ALSO_SURE], Judge(0.6))
    assert not is_unsure([LIKELY], Judge(0.9))


def test_a_judge_is_not_asked_about_the_best_of_scores():
    judge = Judge(0.0)
    assert not is_unsure([SURE], judge)
    assert judge.asked == []
