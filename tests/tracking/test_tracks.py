from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import Face, HeadPose
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.tracking.sightings import Sighting
from asmnet_sdk.tracking.smoothing import FaceSmoother
from asmnet_sdk.tracking.tracks import Track

STEP = 1 / 30
SHAPE = np.random.default_rng(0).uniform(-50, 50, (68, 2)) + 200


def sighting(points: np.ndarray) -> Sighting:
    box = BoundingBox.around(points)
    return Sighting(Face(landmarks=points, head_pose=HeadPose(0, 0, 0), box=box), box)


def test_points_that_stray_as_they_are_covered_do_not_change_the_speed_of_the_face():
    """The face moves by 2 pixels a frame; in the last ten a third of its points stay behind."""
    first = sighting(SHAPE)
    track = Track(FaceSmoother(), first.face, first.box, first.box, 0.0, 1)
    covered = np.argsort(SHAPE[:, 0])[-22:]
    for frame in range(1, 91):
        points = SHAPE + np.array([2.0 * frame, 0])
        points[covered, 0] -= 2.0 * max(frame - 80, 0)
        track.see(sighting(points), frame * STEP)
    assert track.velocity == pytest.approx([2.0 / STEP, 0], rel=0.05)
    expected = track.expected_boxes(91 * STEP + 1)[-1]
    assert expected.center[0] - track.box.center[0] == pytest.approx(2 * 31, rel=0.05)
