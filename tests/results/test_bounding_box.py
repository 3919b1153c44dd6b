from __future__ import annotations

import math

import pytest

from asmnet_sdk import BoundingBox, InvalidBoundingBoxError

BOX = BoundingBox(10, 20, 40, 100, score=0.5, roll=-3)


def test_box_unpacks_into_its_corners():
    x_min, y_min, x_max, y_max = BOX
    assert (x_min, y_min, x_max, y_max) == (10, 20, 40, 100)


def test_repr_shows_tenths_and_evaluates():
    assert repr(BOX) == "BoundingBox(10.0, 20.0, 40.0, 100.0, score=0.50, roll=-3.0)"
    assert repr(BoundingBox(1.26, 2, 3, 4)) == "BoundingBox(1.3, 2.0, 3.0, 4.0)"
    assert eval(repr(BOX)) == BOX


def test_xywh_there_and_back():
    assert BOX.xywh == (10, 20, 30, 80)
    assert BoundingBox.from_xywh(*BOX.xywh, score=0.5, roll=-3) == BOX


def test_iou_is_shared_area_over_joint_area():
    assert BOX.iou(BOX) == 1
    assert BoundingBox(0, 0, 2, 2).iou(BoundingBox(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert BoundingBox(0, 0, 1, 1).iou(BoundingBox(1, 0, 2, 1)) == 0


def test_scaled_keeps_centre_score_and_roll():
    larger = BOX.scaled(1.5)
    assert larger == BoundingBox(2.5, 0, 47.5, 120, score=0.5, roll=-3)
    with pytest.raises(InvalidBoundingBoxError):
        BOX.scaled(0)


def test_clipped_ends_at_the_outer_edges_of_the_pixels():
    assert BoundingBox(-9, 5, 99, 20).clipped(50, 10) == BoundingBox(-0.5, 5, 49.5, 9.5)
    with pytest.raises(InvalidBoundingBoxError):
        BOX.clipped(5, 5)


@pytest.mark.parametrize("name", ["score", "roll"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_score_and_roll_are_finite(name, value):
    with pytest.raises(InvalidBoundingBoxError, match=f"has a {name} that is not finite"):
        BoundingBox(0, 0, 1, 1, **{name: value})
