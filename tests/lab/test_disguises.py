from __future__ import annotations

import numpy as np
import pytest

from lab.detection.disguises import light_stage, paint_face, print_picture, put_on_helmet

BOX = np.array([60, 60, 140, 140], np.float32)
DISGUISES = (paint_face, put_on_helmet)


def textured(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (200, 200, 3), np.uint8)


def changed_by(disguise, seed, *, roll=0.0, box=BOX):
    picture = textured()
    disguise(picture, box, roll, np.random.default_rng(seed))
    return (picture != textured()).any(axis=2)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("seed", range(8))
def test_disguises_change_the_head_and_nothing_far_from_it(disguise, seed):
    changed = changed_by(disguise, seed)
    rows, columns = np.nonzero(changed)
    assert len(rows)
    assert rows.min() > 100 - 2.6 * 40
    assert abs(columns - 100).max() < 1.8 * 40


@pytest.mark.parametrize("seed", range(8))
def test_paint_stays_on_the_face(seed):
    rows, columns = np.nonzero(changed_by(paint_face, seed))
    assert abs(columns - 100).max() <= 1.2 * 40
    assert rows.min() >= 100 - 1.7 * 40
    assert rows.max() <= 100 + 1.25 * 40


def test_paint_keeps_light_and_shade():
    """The right half of the face is lit; so is the paint there."""
    for seed in range(10):
        picture = np.full((200, 200, 3), 80, np.uint8)
        picture[:, 100:] = 160
        paint_face(picture, BOX, 0.0, np.random.default_rng(seed))
        grey = picture[70:130, 70:130].mean(axis=2)
        assert grey[:, 30:].mean() > 1.2 * grey[:, :30].mean()


def test_helmets_leave_the_middle_of_the_face_open():
    shares = [changed_by(put_on_helmet, seed)[80:120, 90:110].mean() for seed in range(40)]
    assert np.median(shares) < 0.3
    crowns = [changed_by(put_on_helmet, seed)[30:50, 90:110].mean() for seed in range(40)]
    assert min(crowns) > 0.5


def test_helmets_turn_with_the_head():
    """The crown of a head that lies on its right side is at its right."""
    for seed in range(10):
        changed = changed_by(put_on_helmet, seed, roll=90.0)
        assert changed[90:110, 150:165].mean() > 0.5
        assert changed[90:110, 25:45].mean() < 0.5


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(
    "box", [(-60, -60, 20, 20), (-200, 40, -120, 120), (180, 150, 260, 230), (0, 0, 2, 2)]
)
def test_faces_beyond_the_picture_do_no_harm(disguise, box):
    picture = textured()
    disguise(picture, np.array(box, np.float32), float("nan"), np.random.default_rng(0))
    assert picture.shape == (200, 200, 3)


@pytest.mark.parametrize("seed", range(6))
def test_stage_light_scales_channels(seed):
    grey = np.full((40, 60, 3), 90, np.uint8)
    lit = light_stage(grey, np.random.default_rng(seed))
    assert lit.dtype == np.uint8
    assert lit.shape == grey.shape
    assert np.ptp(lit.reshape(-1, 3).mean(axis=0)) > 10


@pytest.mark.parametrize("seed", range(6))
def test_prints_have_few_colours(seed):
    printed = print_picture(textured(), np.random.default_rng(seed))
    assert 1 < len(np.unique(printed.reshape(-1, 3), axis=0)) <= 4
