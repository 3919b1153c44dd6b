from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.training.covers import cover_anything, cover_face, cut_edge

SIZE = 96


def face_shape() -> np.ndarray:
    """Return (68, 2) points that lie about as in a frontal face of 60 px."""
    jaw = np.radians(np.linspace(180, 0, 17))
    points = [(48 + 30 * np.cos(a), 44 + 32 * np.sin(a)) for a in jaw]
    points += [(x, 34) for x in (*np.linspace(24, 42, 5), *np.linspace(54, 72, 5))]
    points += [(48, y) for y in np.linspace(40, 55, 4)] + [(x, 58) for x in np.linspace(42, 54, 5)]
    for x in (33, 63):
        points += [
            (x + dx, 42 + dy) for dx, dy in ((-5, 0), (-2, -2), (2, -2), (5, 0), (2, 2), (-2, 2))
        ]
    turn = np.radians(np.arange(180, 540, 30))
    points += [(48 + 9 * np.cos(a), 66 + 3 * np.sin(a)) for a in turn]
    points += [
        (48 + 7 * np.cos(a), 66 + 1 * np.sin(a)) for a in np.radians(np.arange(180, 540, 45))
    ]
    return np.array(points, np.float32)


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(3).integers(1, 255, (SIZE, SIZE, 3), np.uint8)


def test_the_smallest_crops_can_be_covered():
    crop = np.zeros((32, 32, 3), np.uint8)
    other = [np.zeros((32, 32, 3), np.uint8)]
    masks = [cover_anything(crop, other, np.random.default_rng(seed)) for seed in range(800)]
    assert {mask.shape for mask in masks} == {(32, 32)}


@pytest.mark.parametrize("seed", range(12))
def test_what_lies_outside_the_mask_is_untouched(crop, seed):
    generator = np.random.default_rng(seed)
    covered = crop.copy()
    other = np.random.default_rng(9).integers(0, 255, (128, 128, 3), np.uint8)
    mask = cover_anything(covered, [other], generator)
    assert mask.shape == (SIZE, SIZE)
    assert np.array_equal(covered[~mask], crop[~mask])


@pytest.mark.parametrize("seed", range(12))
def test_mask_or_glasses_cover_the_landmarks_they_are_for(crop, seed):
    points = face_shape()
    mask = cover_face(crop, points, np.random.default_rng(seed))
    columns, rows = np.clip(np.round(points), 0, SIZE - 1).astype(int).T
    hidden = mask[rows, columns]
    assert hidden[48:68].all() or hidden[36:48].all()
    assert not hidden.all()


def test_face_without_known_landmarks_gets_no_mask(crop):
    before = crop.copy()
    mask = cover_face(crop, np.full((68, 2), np.nan, np.float32), np.random.default_rng(0))
    assert not mask.any()
    assert np.array_equal(crop, before)


def test_cut_edge_is_black_or_repeats_the_last_line(crop):
    kinds = set()
    for seed in range(16):
        covered = crop.copy()
        mask = cut_edge(covered, np.random.default_rng(seed))
        assert 0.04 < mask.mean() < 0.45
        kinds.add(bool((covered[mask] == 0).all()))
    assert kinds == {True, False}
