from __future__ import annotations

import numpy as np

from asmnet_sdk import IBUG_68, BoundingBox
from asmnet_sdk.crops import crop_matrix
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.training.placing import FaceLabels, jitter_box, place_face, place_turned_away
from tests.dotted_faces import dotted_faces, place_dots


def test_jittered_boxes_lie_near_and_change():
    box = BoundingBox(100, 50, 200, 150)
    generator = np.random.default_rng(0)
    boxes = [[*jitter_box(box, generator)] for _ in range(20)]
    assert intersection_over_union(boxes, [[*box]]).min() > 0.5
    assert len({tuple(corners) for corners in boxes}) == 20


def test_without_jitter_the_crop_lies_at_the_true_box():
    _, [landmarks] = dotted_faces(1)
    labels = FaceLabels(
        landmarks=landmarks,
        landmark_weights=np.ones(68, np.float32),
        landmark_visible=np.ones(68, np.float32),
        head_pose=np.zeros(3, np.float32),
    )
    expected = crop_matrix(BoundingBox.around(landmarks), crop_scale=1.35, size=96)
    generator = np.random.default_rng(0)

    def placed(jitter: float) -> list[float]:
        """Return how far, at most, the corners of ten crops are moved."""
        return [
            np.abs(
                place_face(
                    labels, IBUG_68, crop_scale=1.35, size=96, jitter=jitter, generator=generator
                ).matrix
                - expected
            ).max()
            for _ in range(10)
        ]

    assert max(placed(0.0)) < 1e-9
    assert 0.1 < max(placed(0.3)) < max(placed(1.0))


def test_placement_mirrors_points_and_angles_together():
    """Over many draws, landmark 36 stays left of 45 and yaw keeps following the picture."""
    _, [landmarks] = dotted_faces(1)
    landmarks[36], landmarks[45] = (150, 180), (230, 180)
    generator = np.random.default_rng(0)
    placements = [place_dots(landmarks, 25, 64, generator) for _ in range(20)]
    assert all(p.labels.landmarks[36, 0] < p.labels.landmarks[45, 0] for p in placements)
    assert all(p.is_mirrored == (p.labels.head_pose[0] < 0) for p in placements)
    assert {p.is_mirrored for p in placements} == {True, False}


def test_weights_and_visibility_are_mirrored_with_their_points():
    _, [landmarks] = dotted_faces(1)
    generator = np.random.default_rng(0)
    for _ in range(8):
        placed = place_dots(landmarks, 25, 64, generator)
        hidden = 16 if placed.is_mirrored else 0
        assert placed.labels.landmark_weights.argmin() == hidden
        assert placed.labels.landmark_visible.argmin() == hidden


def test_face_turned_away_lies_on_its_side_or_head():
    _, [landmarks] = dotted_faces(1)
    for seed in range(10):
        generator = np.random.default_rng(seed)
        matrix = place_turned_away(landmarks, crop_scale=1.35, size=96, generator=generator)
        turn = np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) % 360
        assert 84 < turn < 276
