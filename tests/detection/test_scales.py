from __future__ import annotations

import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.detection.scales import (
    LARGEST_SIDE,
    Look,
    first_look,
    merge_looks,
)


def square(x: float, y: float, side: float, **fields: float) -> BoundingBox:
    return BoundingBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2, **fields)


@pytest.mark.parametrize(
    ("size_wh", "expected"),
    [
        ((640, 480), 320),
        ((480, 640), 320),
        ((1920, 1080), 320),
        ((9000, 1125), 640),
        ((1125, 9000), 640),
        ((90000, 1), LARGEST_SIDE),
    ],
)
def test_first_look_is_longer_at_panoramas(size_wh, expected):
    look = first_look(320, 16, size_wh)
    assert (look.side, look.size_wh, look.earlier) == (expected, size_wh, 0)


def test_well_seen_faces_are_twice_as_large_as_the_smallest():
    """16 px at 320 are 50 px in a photo of 1000 px."""
    assert Look(side=320, smallest_face=16, size_wh=(1000, 700)).well_seen == 100


def look_at(side: float, size_wh: tuple[int, int], **fields: int) -> Look:
    """Return a look that sees faces of 100 px well."""
    smallest_face = 50 * side / max(size_wh)
    return Look(side=side, smallest_face=smallest_face, size_wh=size_wh, **fields)


@pytest.mark.parametrize(
    ("side", "size_wh", "sizes", "expected"),
    [
        (320, (4000, 3000), [], 800),
        (800, (4000, 3000), [99], 2000),
        (2000, (4000, 3000), [99], LARGEST_SIDE),
        (320, (4000, 3000), [400, 101], None),
        (320, (4000, 3000), [400, 99], 800),
        (320, (300, 200), [], 600),
        (320, (160, 100), [], None),
        (LARGEST_SIDE, (9000, 6000), [], None),
    ],
)
def test_nothing_and_small_faces_ask_for_a_closer_look(side, size_wh, sizes, expected):
    closer = look_at(side, size_wh).closer([square(500, 500, size) for size in sizes])
    assert (closer and closer.side) == expected


def test_a_closer_look_that_is_fruitless_or_the_second_one_is_the_last():
    small = square(500, 500, 99)
    second = look_at(800, (4000, 3000), earlier=1)
    assert second.closer([]) is None
    third = second.closer([small])
    assert third is not None
    assert (third.side, third.earlier) == (2000, 2)
    assert third.closer([small]) is None


@pytest.mark.parametrize(
    ("smallest", "expected"), [(100, None), (50, None), (20, 800), (1, LARGEST_SIDE)]
)
def test_the_smallest_face_wanted_settles_the_closer_look(smallest, expected):
    """50 px are just found: 20 px need 2.5 times the side."""
    look, large = look_at(320, (4000, 3000)), square(500, 500, 400)
    for boxes in ([], [large]):
        closer = look.closer(boxes, min_face_size=smallest)
        assert (closer and closer.side) == expected


def test_parts_of_a_face_that_was_seen_well_are_no_faces():
    face, eye, beside = square(500, 500, 300), square(450, 450, 40), square(700, 500, 40)
    merged = merge_looks([face], [eye, beside], well_seen=100, overlap_threshold=0.4)
    assert merged == [face, beside]


@pytest.mark.parametrize(
    ("middle", "score", "expected"),
    [(510, 0.9, "closer"), (510, 0.7, "earlier"), (510, 0.6, "earlier"), (560, 0.9, "earlier")],
)
def test_of_two_boxes_on_one_head_the_surer_stays(middle, score, expected):
    """From 545 on the closer box does not hold the middle of the earlier one."""
    boxes = {"earlier": square(500, 500, 140, score=0.7)}
    boxes["closer"] = square(middle, 500, 90, score=score)
    merged = merge_looks(
        [boxes["earlier"]], [boxes["closer"]], well_seen=100, overlap_threshold=0.4
    )
    assert merged == [boxes[expected]]


def test_closer_look_parts_two_faces_in_one_box():
    """Where the box of both goes, the face that is less sure than it stays, too."""
    both = square(500, 500, 140, score=0.7)
    faces = [square(480, 500, 80, score=0.8), square(550, 500, 60, score=0.6)]
    assert merge_looks([both], faces, well_seen=100, overlap_threshold=0.4) == faces


def test_closer_look_places_small_faces():
    seen, again, overlooked = square(500, 500, 50), square(503, 499, 46), square(100, 100, 50)
    merged = merge_looks([seen, overlooked], [again], well_seen=100, overlap_threshold=0.4)
    assert merged == [overlooked, again]


def test_closer_look_alone_and_nothing_closer():
    box = square(500, 500, 50)
    assert merge_looks([], [box], well_seen=100, overlap_threshold=0.4) == [box]
    assert merge_looks([box], [], well_seen=100, overlap_threshold=0.4) == [box]
