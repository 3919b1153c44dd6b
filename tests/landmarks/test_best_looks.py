"""Which of several looks at a face counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from asmnet_sdk.landmarks.best_looks import (
    Look,
    best_and_rivals,
    best_look,
    best_way_up,
    certainty_of,
    mean_look,
)
from asmnet_sdk.landmarks.face_crop import FaceCrop

BOX = BoundingBox(10, 10, 50, 50)
CROP = FaceCrop(
    pixels=np.zeros((64, 64, 3), np.uint8),
    matrix=np.array([[1.0, 0, 0], [0, 1, 0]]),
    clockwise_degrees=0.0,
    box=BOX,
)
FACE = Face(
    landmarks=np.full((68, 2), 30, np.float32), head_pose=HeadPose(0, 0, 0), box=BOX, score=0.5
)


def seen(score: float, turn: float = 0.0, at: float = 30.0) -> Look:
    face = replace(FACE, score=score, landmarks=np.full((68, 2), at, np.float32))
    return Look(CROP.pixels, replace(CROP, clockwise_degrees=turn), face)


@pytest.mark.parametrize(("sigma", "certainty"), [(0.01, 0.5), (0.12, 0.25), (0.2, -0.25)])
def test_large_error_radii_count_like_a_low_score(sigma, certainty):
    face = replace(FACE, landmark_sigma=np.full(68, sigma * 64, np.float32))
    assert certainty_of(face, CROP) == pytest.approx(certainty, abs=1e-6)


@pytest.mark.parametrize(("score", "is_better"), [(0.9, True), (0.56, True), (0.54, False)])
def test_a_better_placed_look_may_be_a_little_less_sure(score, is_better):
    best = best_look(seen(0.6), [seen(score)])
    assert best.face.score == (score if is_better else 0.6)
    assert best.is_best is not is_better


def precise(at: float, sigma: float, yaw: float = 0.0, score: float = 0.9) -> Look:
    look = seen(score, at=at)
    radii = {"landmark_sigma": np.full(68, sigma, np.float32)}
    radii["landmark_visible"] = np.full(68, sigma, np.float32)
    return replace(look, face=replace(look.face, head_pose=HeadPose(yaw, 0, 0), **radii))


def test_mean_of_two_looks_counts_each_landmark_by_its_radius():
    best = mean_look(precise(30, 0.2, yaw=10), [precise(31, 0.1, yaw=20)])
    np.testing.assert_allclose(best.face.landmarks, 30.8, atol=1e-5)
    np.testing.assert_allclose(best.face.landmark_sigma, 0.15, atol=1e-6)
    np.testing.assert_allclose(best.face.landmark_visible, 0.15, atol=1e-6)
    assert tuple(best.face.head_pose) == pytest.approx((15, 0, 0), abs=1e-9)


def test_mean_of_looks_without_radii_is_in_the_middle():
    face = mean_look(seen(0.5, at=30), [seen(0.7, at=31)]).face
    np.testing.assert_allclose(face.landmarks, 30.5, atol=1e-5)
    assert (face.score, face.landmark_sigma, face.landmark_visible) == (0.7, None, None)


@pytest.mark.parametrize(("score", "at"), [(0.9, 35.0), (0.7, 30.0)])
def test_looks_that_saw_different_things_have_no_mean(score, at):
    """The other look where it is sure enough, else the first one."""
    face = mean_look(precise(30, 0.1), [precise(35, 0.1, score=score)]).face
    np.testing.assert_array_equal(face.landmarks, at)


def test_a_neighbour_of_the_box_is_no_better_look():
    assert best_look(seen(0.3), [seen(0.9, at=70)]).face.score == 0.3


@pytest.mark.parametrize(
    ("centred", "turned", "best"), [(0.005, 0.009, 0.005), (0.005, 0.05, 0.05), (0.05, 0.045, 0.05)]
)
def test_a_quarter_turn_must_be_surer_than_both_looks_before_it(centred, turned, best):
    others = [seen(centred, 10), seen(turned, 90), seen(0.0, 180), seen(0.0, 270)]
    assert best_and_rivals(seen(0.042), others).face.score == best


def test_other_ways_up_that_show_a_face_too_are_rivals():
    others = [seen(0.1, 20), seen(0.3, 90), seen(0.02, 180), seen(0.6, 270, at=70)]
    best = best_and_rivals(seen(0.08), others)
    assert best.face.score == 0.3
    assert [rival.face.score for rival in best.rivals] == [0.1]
    assert not best_and_rivals(seen(0.7), [seen(0.9, 60)]).rivals


def test_the_way_up_that_all_looks_say_most_for_counts():
    tilted, wrong = seen(0.2, 90), seen(0.5, 270)
    upright, wrong_again = seen(0.8, 130), seen(0.6, 260)
    mirrored, wrong_mirrored = seen(0.8, 130), seen(0.05, 260)
    best = best_way_up(
        replace(wrong, rivals=[tilted]), [wrong_again, upright, wrong_mirrored, mirrored]
    )
    assert best is upright
    assert not best.rivals


def test_without_rivals_the_surest_look_counts():
    assert best_way_up(seen(0.5), [seen(0.7)]).face.score == 0.7
