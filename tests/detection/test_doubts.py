"""What is doubted, and who decides."""

from __future__ import annotations

from asmnet_sdk import BoundingBox
from asmnet_sdk.detection.doubts import is_unsure, without_refuted

SURE = BoundingBox(0, 0, 9, 9, score=0.9)
LIKELY = BoundingBox(20, 0, 29, 9, score=0.4)
UNLIKELY = BoundingBox(40, 0, 49, 9, score=0.3)


def is_sure(box: BoundingBox) -> bool:
    return (box.score or 0) > 0.5


def test_the_judge_is_asked_about_doubted_boxes_only():
    asked: list[BoundingBox] = []

    def judge(boxes):
        asked.extend(boxes)
        return [0.9 if box is LIKELY else 0.5 for box in boxes]

    assert without_refuted([LIKELY, SURE, UNLIKELY], judge, is_sure=is_sure) == [LIKELY, SURE]
    assert asked == [LIKELY, UNLIKELY]


def test_without_a_judge_all_boxes_stay():
    assert without_refuted([SURE], None, is_sure=is_sure) == [SURE]


def test_a_judge_is_not_asked_about_nothing():
    def judge(boxes):
        raise AssertionError(boxes)

    assert without_refuted([SURE], judge, is_sure=is_sure) == [SURE]
    assert is_unsure([], judge)


def test_the_best_box_says_whether_a_look_is_sure():
    assert is_unsure([], None)
    assert is_unsure([LIKELY], None)
    assert not is_unsure([LIKELY, SURE], None)


def test_a_judge_may_doubt_the_best_score_and_trust_a_low_one():
    assert is_unsure([LIKELY, SURE], lambda boxes: [0.6 for _ in boxes])
    assert not is_unsure([LIKELY], lambda boxes: [0.9 for _ in boxes])


def test_of_many_doubted_boxes_the_best_are_judged():
    boxes = [BoundingBox(n, 0, n + 9, 9, score=n / 100) for n in range(30)]
    confirmed = without_refuted(boxes, lambda boxes: [1.0 for _ in boxes], is_sure=lambda _: False)
    assert confirmed == boxes[14:]
