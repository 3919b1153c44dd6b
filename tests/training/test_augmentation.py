from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.augmentation import augment_face, augment_negative
from tests.dotted_faces import dotted_faces, place_dots


@pytest.mark.parametrize("seed", range(8))
def test_augmented_landmarks_stay_on_their_dots(seed):
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(seed)
    placement = place_dots(landmarks, 0, 192, generator)
    crop, visible = augment_face(picture, placement, size=192, generator=generator)
    pixels = np.rint(placement.labels.landmarks * 192 - 0.5).astype(int)
    inside = pixels[((pixels >= 0) & (pixels < 192)).all(axis=1) & (visible > 0)]
    brightness = crop.mean(axis=2)
    assert brightness[inside[:, 1], inside[:, 0]].mean() > brightness.mean() + 15


def test_negative_keeps_its_size():
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    assert augment_negative(crop, size=96, generator=np.random.default_rng(0)).shape == (96, 96, 3)


def test_points_under_a_cover_are_hidden_and_the_others_keep_their_label():
    """Covered points lose their dot; over many draws some are covered and most are not."""
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(1)
    shares = []
    for _ in range(60):
        placement = place_dots(landmarks, 0, 96, generator)
        _, visible = augment_face(picture, placement, size=96, generator=generator)
        assert set(np.unique(visible)) <= {0.0, 1.0}
        shares.append(visible.mean())
    assert min(shares) < 0.7
    assert np.median(shares) > 0.8


def test_without_damage_no_point_is_covered_and_only_colours_change():
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(1)
    for _ in range(40):
        placement = place_dots(landmarks, 0, 96, generator)
        _, visible = augment_face(picture, placement, size=96, damage=0, generator=generator)
        np.testing.assert_array_equal(visible, placement.labels.landmark_visible)
    grey = np.full((96, 96, 3), 128, np.uint8)
    crops = [augment_negative(grey, size=96, damage=0, generator=generator) for _ in range(40)]
    assert all((crop == crop[0, 0]).all() for crop in crops)
    damaged = [augment_negative(grey, size=96, damage=5, generator=generator) for _ in range(40)]
    assert sum((crop == crop[0, 0]).all() for crop in damaged) < 10  # but for white ones


def test_unknown_points_stay_unknown_wherever_the_crop_lies():
    [picture], [landmarks] = dotted_faces(1)
    landmarks[:17] = np.nan
    generator = np.random.default_rng(2)
    placement = place_dots(landmarks, 0, 96, generator)
    augment_face(picture, placement, size=96, generator=generator)
    assert np.isnan(placement.labels.landmarks).all(axis=1).sum() == 17
