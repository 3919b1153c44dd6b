from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.geometry import transform_points
from lab.hard_cases import HARD_CASES, draw_hard_cases, try_hard_cases
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX


@pytest.fixture(scope="module")
def cases():
    return try_with(FaceAligner())


def try_with(aligner):
    portrait = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    return try_hard_cases(aligner, portrait, BoundingBox(*ASTRONAUT_BOX))


def test_turned_views_carry_their_points_along():
    view = np.zeros((240, 240, 3), np.uint8)
    view[60, 200] = 255
    turned, matrix = HARD_CASES["turned 90 degrees"](view)
    x, y = transform_points(matrix, [(200, 60)])[0]
    assert (x, y) == pytest.approx((179, 200), abs=1e-6)
    assert turned[200, 179].min() > 250


def test_default_model_bears_a_cover_and_every_turn(cases):
    moved = {case.name: case.moved_percent for case in cases}
    assert moved.keys() == HARD_CASES.keys()
    assert 0.3 < moved["lower face covered"] < 8
    assert 0.3 < moved["turned 45 degrees"] < 8
    assert moved["turned 90 degrees"] < 8
    assert moved["upside down"] < 8


def test_single_pass_fails_upside_down():
    moved = {case.name: case.moved_percent for case in try_with(FaceAligner(passes=1))}
    assert moved["upside down"] > 30


def test_picture_has_a_titled_panel_for_each_case(cases):
    picture = draw_hard_cases(cases, columns=4)
    assert picture.shape == (2 * (240 + 26), 4 * 240, 3)
    assert (picture[:20, :3] == 255).all()
