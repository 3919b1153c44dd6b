from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.detection.lighting import brightened


@pytest.mark.parametrize("level", [3, 20, 71])
def test_dark_pictures_become_bright_without_a_change_of_contrast(level):
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:, 64:] = level
    bright = brightened(picture)
    assert bright[0, 0, 0] == 0
    assert bright[0, 127, 0] == pytest.approx(min(180, 16 * level), abs=1)


def test_a_picture_with_one_bright_spot_of_a_faces_size_stays_as_it_is():
    picture = np.full((96, 128, 3), 9, np.uint8)
    picture[32:64, 32:64] = 90
    assert brightened(picture) is picture


def test_black_and_tiny_pictures_do_no_harm():
    assert not brightened(np.zeros((32, 32, 3), np.uint8)).any()
    assert brightened(np.zeros((1, 3, 3), np.uint8)).shape == (1, 3, 3)
