"""Tests of drawn heads: which way they turn, what hides what, which colours they have."""

from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.geometry import euler_to_rotation
from lab.head_pictures import Surface, draw_surface, refine

MIDDLE = np.array([0, -0.45, -0.9])  # of a head, which the camera looks at
GREY, RED = (0.3, 0.3, 0.3), (1.0, 0.0, 0.0)


def ball(radius: float = 1.2) -> Surface:
    down, around = np.linspace(0, np.pi, 24)[:, None], np.linspace(0, 2 * np.pi, 40)
    points = np.stack(
        [
            np.sin(down) * np.cos(around),
            np.sin(down) * np.sin(around),
            np.broadcast_to(np.cos(down), (24, 40)),
        ],
        axis=-1,
    )
    corners = [points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]]
    quads = np.stack(corners, axis=2).reshape(-1, 4, 3)
    return Surface(MIDDLE + radius * quads, np.full((len(quads), 3), GREY), quads.mean(axis=1))


def spot(at: tuple[float, float, float]) -> Surface:
    """A red square that looks to the front, before the ball or at its top."""
    square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * 0.15
    return Surface((MIDDLE + at + square)[None], np.array([RED]), np.array([[0.0, 0, 1]]))


def red_of(pose: tuple[float, float, float], at: tuple[float, float, float]) -> np.ndarray | None:
    """Return where the spot is, from the middle of the picture, in its sides; None if hidden."""
    head = Surface.join([ball(), spot(at)])
    picture = draw_surface(
        head, euler_to_rotation(pose), size=96, generator=np.random.default_rng(0)
    ).astype(int)
    background = draw_surface(
        ball(), euler_to_rotation(pose), size=96, generator=np.random.default_rng(0)
    ).astype(int)
    rows, columns = np.nonzero(np.abs(picture - background).max(axis=2) > 40)
    return np.array([columns.mean(), rows.mean()]) / 95 - 0.5 if len(rows) > 5 else None


NOSE, CROWN = (0.0, 0.0, 1.3), (0.0, 1.3, 0.0)


def test_an_unturned_head_looks_into_the_camera():
    np.testing.assert_allclose(red_of((0, 0, 0), NOSE), [0, 0], atol=0.01)


@pytest.mark.parametrize(
    ("pose", "at", "axis", "sign"),
    [
        ((40, 0, 0), NOSE, 0, -1),
        ((-40, 0, 0), NOSE, 0, 1),
        ((0, 25, 0), NOSE, 1, -1),
        ((0, -25, 0), NOSE, 1, 1),
        ((0, 0, 30), CROWN, 0, 1),
        ((0, 0, -30), CROWN, 0, -1),
    ],
)
def test_heads_turn_as_the_convention_says(pose, at, axis, sign):
    assert sign * red_of(pose, at)[axis] > 0.08


def test_what_lies_behind_is_hidden():
    assert red_of((0, 0, 0), (0.0, 0.0, -1.3)) is None
    assert red_of((0, 0, 0), (0.0, 0.0, 0.5)) is None


def test_what_looks_away_is_not_drawn():
    assert red_of((170, 0, 0), (0.0, 0.0, 5.0)) is None


def test_refining_cuts_each_patch_into_four_equal_ones():
    square = np.array([[[0.0, 0], [2, 0], [2, 2], [0, 2]]])
    quads = refine(square)
    assert sorted(quads.mean(axis=1).tolist()) == [[0.5, 0.5], [0.5, 1.5], [1.5, 0.5], [1.5, 1.5]]
    assert np.ptp(quads, axis=1).tolist() == [[1, 1]] * 4


def test_the_same_chance_gives_the_same_picture():
    pictures = [
        draw_surface(ball(), np.eye(3), size=32, generator=np.random.default_rng(seed))
        for seed in (5, 5, 6)
    ]
    assert pictures[0].shape == (32, 32, 3)
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
