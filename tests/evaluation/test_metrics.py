from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import HeadPose
from asmnet_sdk.evaluation.metrics import (
    area_under_curve,
    failure_rate,
    head_pose_errors,
    inter_ocular_nme,
    rotation_errors,
)


def test_nme_divides_by_outer_eye_corners():
    truth = np.zeros((68, 2))
    truth[36], truth[45] = (0, 0), (50, 0)
    assert inter_ocular_nme(truth + np.array([3, 4]), truth) == pytest.approx(10.0)


def test_nme_works_on_batches():
    truth = np.random.default_rng(0).normal(size=(4, 68, 2))
    assert inter_ocular_nme(truth, truth).tolist() == [0, 0, 0, 0]


def test_failure_rate_counts_above_threshold():
    assert failure_rate([1, 8, 8.1, np.inf]) == 50


def test_auc_of_known_errors():
    assert area_under_curve([0, 4, 8, 20]) == pytest.approx((1 + 0.5 + 0 + 0) / 4)


def test_head_pose_errors_wrap_around():
    errors = head_pose_errors([[179, 0, 1]], [[-179, 3, -1]])
    np.testing.assert_allclose(errors, [2, 3, 2])


def test_rotation_errors_are_those_of_the_one_turn_between_two_poses():
    generator = np.random.default_rng(0)
    found, truth = generator.uniform(-80, 80, (2, 20, 3))
    expected = [
        HeadPose(*a).angle_between(HeadPose(*b))
        for a, b in zip(found.tolist(), truth.tolist(), strict=True)
    ]
    np.testing.assert_allclose(rotation_errors(found, truth), expected, atol=1e-6)
