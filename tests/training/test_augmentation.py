from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68
from asmnet_sdk.training.augmentation import (
    augment_face,
    augment_negative,
)
from asmnet_sdk.training.placing import FaceLabels, FacePlacement, place_face, place_turned_away
from tests.dotted_faces import dotted_faces


def place(landmarks: np.ndarray, yaw: float, size: int, generator) -> FacePlacement:
    labels = labels_of(landmarks, yaw)
    return place_face(labels, IBUG_68, crop_scale=1.35, size=size, generator=generator)


def labels_of(landmarks: np.ndarray, yaw: float = 0.0) -> FaceLabels:
    """All points sure and seen, but for the jaw's first, which is neither."""
    certain = np.ones(68, np.float32)
    certain[0] = 0
    return FaceLabels(
        landmarks=landmarks,
        landmark_weights=certain,
        landmark_visible=certain,
        head_pose=np.array([yaw, 0, 0], np.float32),
    )


@pytest.mark.parametrize("seed", range(8))
def test_augmented_landmarks_stay_on_their_dots(seed):
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(seed)
    placement = place(landmarks, 0, 192, generator)
    crop, visible = augment_face(picture, placement, size=192, generator=generator)
    pixels = np.rint(placement.labels.landmarks * 192 - 0.5).astype(int)
    inside = pixels[((pixels >= 0) & (pixels < 192)).all(axis=1) & (visible > 0)]
    brightness = crop.mean(axis=2)
    assert brightness[inside[:, 1], inside[:, 0]].mean() > brightness.mean() + 15


def test_placement_mirrors_points_and_angles_together():
    """Over many draws, landmark 36 stays left of 45 and yaw keeps following the picture."""
    _, [landmarks] = dotted_faces(1)
    landmarks[36], landmarks[45] = (150, 180), (230, 180)
    generator = np.random.default_rng(0)
    placements = [place(landmarks, 25, 64, generator) for _ in range(20)]
    assert all(p.labels.landmarks[36, 0] < p.labels.landmarks[45, 0] for p in placements)
    assert all(p.is_mirrored == (p.labels.head_pose[0] < 0) for p in placements)
    assert {p.is_mirrored for p in placements} == {True, False}


def test_negative_keeps_its_size():
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    assert augment_negative(crop, size=96, generator=np.random.default_rng(0)).shape == (96, 96, 3)


def test_weights_and_visibility_are_mirrored_with_their_points():
    _, [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(0)
    for _ in range(8):
        placed = place(landmarks, 25, 64, generator)
        hidden = 16 if placed.is_mirrored else 0
        assert placed.labels.landmark_weights.argmin() == hidden
        assert placed.labels.landmark_visible.argmin() == hidden


def test_points_under_a_cover_are_hidden_and_the_others_keep_their_label():
    """Covered points lose their dot; over many draws some are covered and most are not."""
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(1)
    shares = []
    for _ in range(60):
        placement = place(landmarks, 0, 96, generator)
        _, visible = augment_face(picture, placement, size=96, generator=generator)
        assert set(np.unique(visible)) <= {0.0, 1.0}
        shares.append(visible.mean())
    assert min(shares) < 0.7
    assert np.median(shares) > 0.8


def test_unknown_points_stay_unknown_wherever_the_crop_lies():
    [picture], [landmarks] = dotted_faces(1)
    landmarks[:17] = np.nan
    generator = np.random.default_rng(2)
    placement = place(landmarks, 0, 96, generator)
    augment_face(picture, placement, size=96, generator=generator)
    assert np.isnan(placement.labels.landmarks).all(axis=1).sum() == 17


def test_face_turned_away_lies_on_its_side_or_head():
    _, [landmarks] = dotted_faces(1)
    for seed in range(10):
        generator = np.random.default_rng(seed)
        matrix = place_turned_away(landmarks, crop_scale=1.35, size=96, generator=generator)
        turn = np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) % 360
        assert 84 < turn < 276
