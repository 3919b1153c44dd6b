from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.detection.turning import (
    best_of,
    quarter_turn,
    turned_back,
    turned_picture,
)
from asmnet_sdk.geometry import transform_points


def square(x: float, y: float, side: float, **fields: float) -> BoundingBox:
    return BoundingBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2, **fields)


@pytest.mark.parametrize("quarters", range(4))
def test_every_pixel_is_where_its_transform_says(quarters):
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    turned = turned_picture(picture, quarters)
    matrix = quarter_turn(3, 2, quarters)
    for y in range(2):
        for x in range(3):
            column, row = transform_points(matrix, (x, y)).astype(int)
            assert turned[row, column] == picture[y, x]


@pytest.mark.parametrize(
    ("quarters", "seen", "roll"),
    [(1, None, -90), (2, None, -180), (3, None, 90), (1, -30.0, -120), (3, -10.0, 80)],
)
def test_rolls_are_those_of_the_photo(quarters, seen, roll):
    """A face upright in the picture turned clockwise lies on its side, its crown to the left."""
    assert turned_back(square(50, 50, 20, score=0.9, roll=seen), quarters).roll == roll


def test_a_turned_face_wins_only_where_it_is_clearly_better():
    upright = square(50, 50, 20, score=0.6)
    hardly, clearly = square(50, 50, 21, score=0.61), square(50, 50, 22, score=0.8)
    beside = square(200, 50, 20, score=0.55)
    assert best_of([upright], [hardly]) == [upright]
    assert best_of([upright], [clearly, beside]) == [clearly, beside]
    assert best_of([], []) == []


def test_a_judge_has_the_word_about_boxes_on_one_head():
    upright, turned = square(50, 50, 20, score=0.9), square(54, 57, 21, score=0.6, roll=180)
    assert best_of([upright], [turned], judge=lambda boxes: [0.3, 0.8]) == [turned]
    assert best_of([upright], [turned], judge=lambda boxes: [0.8, 0.3]) == [upright]


def test_a_box_that_the_judge_gives_nothing_stays_where_it_is_alone():
    upright, turned = square(50, 50, 20, score=0.9), square(200, 50, 20, score=0.6)
    assert best_of([upright], [turned], judge=lambda boxes: [0, 0.8]) == [turned, upright]
