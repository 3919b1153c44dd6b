from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from asmnet_sdk.tracking.sightings import Sighting
from asmnet_sdk.tracking.starting import sightings_needed

LANDMARKS = np.random.default_rng(0).uniform(0, 50, (68, 2))


def seen_with(score=0.9, *, box_score=0.9, box_roll=0.0, roll=0.0) -> Sighting:
    box = BoundingBox(0, 0, 50, 50, score=box_score, roll=box_roll)
    pose = HeadPose(0.0, 0.0, roll)
    return Sighting(Face(landmarks=LANDMARKS, head_pose=pose, box=box, score=score), box)


@pytest.mark.parametrize(
    ("score", "box_score", "expected"),
    [
        (0.86, 0.71, 1),
        (0.86, 0.69, 3),
        (0.84, 0.71, None),
        (0.84, 0.69, None),
        (0.86, None, 1),
        (None, 0.71, 1),
        (None, 0.69, 3),
    ],
)
def test_one_sighting_is_enough_where_detector_and_network_are_sure(score, box_score, expected):
    assert sightings_needed(seen_with(score, box_score=box_score), 0.85) == expected


@pytest.mark.parametrize(
    ("box_roll", "roll", "expected"),
    [(0, 59, 1), (0, -59, 1), (0, 61, None), (-100, -161.5, None), (170, -131, 1), (None, 180, 1)],
)
def test_no_track_starts_where_detector_and_network_see_other_ways_up(box_roll, roll, expected):
    assert sightings_needed(seen_with(box_roll=box_roll, roll=roll), 0.85) == expected
