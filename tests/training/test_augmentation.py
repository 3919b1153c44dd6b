from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68
from asmnet_sdk.training.augmentation import (
    FacePlacement,
    augment_face,
    augment_negative,
    place_face,
)
from tests.dotted_faces import dotted_faces


def place(landmarks: np.ndarray, yaw: float, size: int, generator) -> FacePlacement:
    pose = np.array([yaw, 0, 0], np.float32)
    return place_face(landmarks, pose, IBUG_68, crop_scale=1.35, size=size, generator=generator)


@pytest.mark.parametrize("seed", range(8))
def test_augmented_landmarks_stay_on_their_dots(seed):
    [picture], [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(seed)
    placement = place(landmarks, 0, 192, generator)
    crop = augment_face(picture, placement, size=192, generator=generator)
    pixels = np.rint(placement.landmarks * 192 - 0.5).astype(int)
    inside = pixels[((pixels >= 0) & (pixels < 192)).all(axis=1)]
    brightness = crop.mean(axis=2)
    assert brightness[inside[:, 1], inside[:, 0]].mean() > brightness.mean() + 15


def test_placement_mirrors_points_and_angles_together():
    """Over many draws, landmark 36 stays left of 45 and yaw keeps following the picture."""
    _, [landmarks] = dotted_faces(1)
    landmarks[36], landmarks[45] = (150, 180), (230, 180)
    generator = np.random.default_rng(0)
    placements = [place(landmarks, 25, 64, generator) for _ in range(20)]
    assert all(p.landmarks[36, 0] < p.landmarks[45, 0] for p in placements)
    assert all(p.is_mirrored == (p.head_pose[0] < 0) for p in placements)
    assert {p.is_mirrored for p in placements} == {True, False}


def test_negative_keeps_its_size():
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    assert augment_negative(crop, size=96, generator=np.random.default_rng(0)).shape == (96, 96, 3)
