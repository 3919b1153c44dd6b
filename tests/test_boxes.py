"""What callers and detectors give as boxes."""

from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, InvalidBoundingBoxError
from asmnet_sdk.boxes import as_boxes, as_found_boxes, check_box_against_image

IMAGE = np.zeros((80, 100, 3), np.uint8)


@pytest.mark.parametrize(
    "boxes",
    [
        (1, 2, 3, 4),
        [(1, 2, 3, 4)],
        np.array([1, 2, 3, 4]),
        np.array([[1, 2, 3, 4]], np.float32),
        BoundingBox(1, 2, 3, 4),
        [BoundingBox(1, 2, 3, 4)],
    ],
)
def test_boxes_come_in_many_forms(boxes):
    assert as_boxes(boxes) == [BoundingBox(1, 2, 3, 4)]


def test_no_boxes_is_an_empty_list():
    assert as_boxes([]) == as_boxes(np.zeros((0, 4))) == []


@pytest.mark.parametrize("boxes", [(1, 2, 3), [[1, 2, 3]], 5, [["a", 2, 3, 4]], [[[1, 2, 3, 4]]]])
def test_boxes_of_other_shapes_are_refused(boxes):
    with pytest.raises(InvalidBoundingBoxError):
        as_boxes(boxes)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((100, 0, 150, 50), "outside"),
        ((-50, -50, -1, -1), "outside"),
        ((0, -900, 50, -1), "outside"),
        ((-1e9, -1e9, 1e9, 1e9), "16 times as large"),
        ((5, 5, 5.5, 5.5), "smaller than a pixel"),
    ],
)
def test_boxes_far_off_are_refused(box, reason):
    with pytest.raises(InvalidBoundingBoxError, match=reason):
        check_box_against_image(BoundingBox(*box), IMAGE)


def test_box_partly_outside_is_accepted():
    check_box_against_image(BoundingBox(-30, -30, 30, 30), IMAGE)


PLAIN = [BoundingBox(1, 2, 30, 40), BoundingBox(5, 6, 70, 80)]
SCORED = [BoundingBox(1, 2, 30, 40, score=0.5), BoundingBox(5, 6, 70, 80, score=0.25)]
NUMBERS = np.array([[1, 2, 30, 40], [5, 6, 70, 80]])
SCORES = np.array([0.5, 0.25])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, []),
        ([], []),
        (np.zeros((0, 4)), []),
        ((np.zeros((0, 4)), np.zeros(0)), []),
        (([], []), []),
        (SCORED, SCORED),
        (tuple(SCORED), SCORED),
        (iter(SCORED), SCORED),
        (PLAIN[0], PLAIN[:1]),
        ((1, 2, 30, 40), PLAIN[:1]),
        ((1, 2, 30, 40, 0.5), SCORED[:1]),
        ([(1, 2, 30, 40), (5, 6, 70, 80)], PLAIN),
        (((1, 2, 30, 40), (5, 6, 70, 80)), PLAIN),
        (NUMBERS, PLAIN),
        (NUMBERS.astype(np.float32), PLAIN),
        (np.column_stack([NUMBERS, SCORES]), SCORED),
        ((NUMBERS, SCORES), SCORED),
        ((NUMBERS.tolist(), SCORES.tolist()), SCORED),
        ((NUMBERS[:1], SCORES[:1]), SCORED[:1]),
    ],
)
def test_what_detectors_return_becomes_boxes(found, expected):
    assert as_found_boxes(found, IMAGE) == expected


def test_found_boxes_that_show_no_face_are_dropped():
    beside, tiny = (-90, -90, -50, -50), (5, 5, 5.5, 5.5)
    assert as_found_boxes([beside, (1, 2, 30, 40), tiny], IMAGE) == PLAIN[:1]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (5, "boxes are int"),
        ("faces", "four numbers"),
        ([(1, 2, 3)], "has shape"),
        ([(1, 2, 3, 4, 5, 6)], "has shape"),
        ([(1, 2, float("nan"), 4)], "not finite"),
        ([(30, 40, 1, 2)], "empty or inverted"),
        ([(-1e9, -1e9, 1e9, 1e9)], "16 times as large"),
        ([(1, 2, 30, 40, "sure")], "a score is .*; needed: a number|four numbers"),
        ((NUMBERS, SCORES[:1]), "has shape"),
        ([None], "four numbers|has shape"),
        ({"boxes": NUMBERS}, "four numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(found, reason):
    with pytest.raises(InvalidBoundingBoxError, match=reason):
        as_found_boxes(found, IMAGE)


def test_tensor_of_four_numbers_is_one_box():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for boxes in (torch.tensor([1.0, 2, 3, 4]), [np.array(n) for n in (1.0, 2, 3, 4)]):
        assert as_boxes(boxes) == [BoundingBox(1, 2, 3, 4)]
    assert as_boxes(torch.tensor([[1.0, 2, 3, 4]] * 2)) == [BoundingBox(1, 2, 3, 4)] * 2
