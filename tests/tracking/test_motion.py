from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.tracking.motion import SharedMotion

STEP = 1 / 30
SHAPE = np.random.default_rng(0).uniform(-50, 50, (68, 2))


def carried(frames, cutoff_hz=np.inf):
    """Return how far the motion has carried the points in the last of the frames."""
    motion = SharedMotion(cutoff_hz)
    return [motion.update(points, elapsed_seconds=STEP, unit=100.0) for points in frames][-1]


@pytest.mark.parametrize(
    "linear",
    [np.eye(2), 1.05 * np.eye(2), np.array([[0.999, -0.04], [0.04, 0.999]]), np.diag([0.95, 1])],
    ids=["moves", "nears", "rolls", "narrows"],
)
def test_motion_of_a_head_carries_its_points(linear):
    frames = [SHAPE + 300, SHAPE @ linear.T + [305, 298]]
    np.testing.assert_allclose(carried(frames), frames[1] - frames[0], atol=0.02)


def test_motion_of_single_points_is_not_shared():
    frames = [SHAPE, SHAPE.copy()]
    frames[1][60:] += [0, 3]
    assert np.abs(carried(frames)[:60]).max() < 1


def test_first_frame_carries_nothing_nor_does_the_first_after_a_reset():
    motion = SharedMotion(5.0)
    for _ in range(2):
        assert not motion.update(SHAPE, elapsed_seconds=STEP, unit=100.0).any()
        assert motion.update(SHAPE + 10, elapsed_seconds=STEP, unit=100.0).any()
        motion.reset()


def test_noise_is_no_motion():
    """Steps of 0.2 % of the face size for each point, as camera noise makes them."""
    random = np.random.default_rng(1)
    frames = [SHAPE + random.normal(0, 0.2, SHAPE.shape) for _ in range(20)]
    assert np.abs(carried(frames, cutoff_hz=5.0)).max() < 0.002


def test_lower_cutoff_takes_up_a_motion_later():
    frames = [SHAPE, SHAPE + np.array([4, 0])]
    early, late = (carried(frames, cutoff_hz=cutoff)[0, 0] for cutoff in (5.0, 1.0))
    assert late < early < 4


def test_single_point_carries_itself():
    frames = [np.array([[1.0, 2.0, 3.0]]), np.array([[6.0, 2.0, -2.0]])]
    np.testing.assert_allclose(carried(frames), [[5, 0, -5]], atol=0.01)
