from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import geometry
from asmnet_sdk.training.losses import (
    asm_assisted_loss,
    asm_weight,
    error_radius_loss,
    head_pose_loss,
    head_pose_mse,
    rotation_loss,
    visibility_loss,
    wing_loss,
)


def test_wing_loss_values():
    """width 0.1, curvature 0.02: logarithmic below 0.1, linear above."""
    truth = torch.zeros(1, 1, 2)
    near = wing_loss(torch.full((1, 1, 2), 0.02), truth)
    assert near.item() == pytest.approx(0.1 * math.log(2), rel=1e-5)
    far = wing_loss(torch.full((1, 1, 2), 0.5), truth)
    assert far.item() == pytest.approx(0.5 - 0.1 + 0.1 * math.log(6), rel=1e-5)


@pytest.mark.parametrize(
    ("epochs", "weights"),
    [
        (3, [2, 1, 0.5]),
        (6, [2, 2, 1, 1, 0.5, 0.5]),
        (7, [2, 2, 2, 1, 1, 0.5, 0.5]),
        (1, [2]),
    ],
)
def test_weight_of_the_smooth_shape_falls_by_thirds_of_the_epochs(epochs, weights):
    assert [asm_weight(epoch, epochs) for epoch in range(epochs)] == weights


def test_weight_of_the_smooth_shape_in_the_papers_150_epochs():
    assert [asm_weight(epoch, 150) for epoch in (0, 49, 50, 99, 100, 149)] == [
        2, 2, 1, 1, 0.5, 0.5,
    ]  # fmt: skip


def test_asm_assisted_loss_adds_the_weighted_error_to_the_smooth_shape():
    predicted = torch.tensor([[[0.1, 0.2]]])
    truth = torch.tensor([[[0.2, 0.2]]])
    smoothed = torch.tensor([[[0.1, 0.4]]])
    loss = asm_assisted_loss(predicted, truth, smoothed, weight=2.0)
    assert loss.item() == pytest.approx(0.01 / 2 + 2 * 0.04 / 2)


def test_head_pose_mse_counts_in_units_of_90_degrees_and_skips_unknown():
    predicted = torch.tensor([[9.0, 0, 0], [0, 0, 18.0], [50, 50, 50]])
    truth = torch.tensor([[0.0, 0, 0], [0, 0, 0], [0, math.nan, 0]])
    loss = head_pose_mse(predicted, truth)
    assert loss.item() == pytest.approx((0.1**2 + 0.2**2) / 6)


def test_head_pose_mse_of_unlabelled_faces_is_zero():
    predicted = torch.ones(2, 3, requires_grad=True)
    loss = head_pose_mse(predicted, torch.full((2, 3), math.nan))
    loss.backward()
    assert loss.item() == 0
    assert predicted.grad.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_head_pose_loss_skips_unknown_and_weighs():
    predicted = torch.tensor([[3.0, 3, 3], [5, 5, 5], [9, 9, 9]])
    truth = torch.tensor([[0.0, 0, 0], [0, 0, 0], [math.nan, 0, 0]])
    loss = head_pose_loss(predicted, truth, torch.tensor([3.0, 1.0, 9.0]))
    assert loss.item() == pytest.approx((3 * 2.5 + 1 * 4.5) / 4)


def test_error_radius_loss_is_least_at_the_mean_error():
    truth = torch.zeros(1, 4, 2)
    predicted = torch.tensor([[[0.01, 0], [0.02, 0], [0.0, 0.03], [0.02, 0]]])
    candidates = [0.005, 0.01, 0.02, 0.04, 0.08]
    losses = [
        error_radius_loss(torch.full((1, 4), math.log(s)), predicted, truth).item()
        for s in candidates
    ]
    assert candidates[int(np.argmin(losses))] == 0.02


def test_unknown_points_count_in_no_landmark_loss():
    predicted = torch.full((1, 3, 2), 0.5, requires_grad=True)
    truth = torch.tensor([[[0.4, 0.5], [math.nan, math.nan], [0.5, 0.5]]])
    weights = torch.tensor([[1.0, 1.0, 3.0]])
    wing = wing_loss(predicted, truth, weights)
    alone = wing_loss(predicted[:, :1], truth[:, :1])
    assert wing.item() == pytest.approx(alone.item() / 4)
    radius = error_radius_loss(torch.zeros(1, 3), predicted, truth, weights)
    assert radius.item() == pytest.approx(2 * 0.1 / 4)
    (wing + radius).backward()
    assert predicted.grad[0, 1].tolist() == [0, 0]


def test_visibility_loss_counts_known_labels_only():
    logits = torch.tensor([[0.0, 5.0, -5.0]], requires_grad=True)
    loss = visibility_loss(logits, torch.tensor([[1.0, math.nan, 0.0]]))
    expected = (math.log(2) + math.log1p(math.exp(-5))) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-4)
    loss.backward()
    assert logits.grad[0, 1] == 0


@pytest.mark.parametrize("angles", [(85.0, 5.0, 3.0), (-30.0, -35.0, 40.0), (0.0, 0.0, 0.0)])
def test_rotation_loss_is_the_angle_between_two_heads_less_a_half(angles):
    """Smooth L1 of an angle above 1 degree is the angle less 0.5."""
    truth = torch.tensor([angles, (math.nan,) * 3])
    turn = geometry.euler_to_rotation([0.0, 0.0, 12.0])
    rotation = torch.from_numpy(np.stack([turn @ geometry.euler_to_rotation(angles), turn])).float()
    loss = rotation_loss(rotation, truth, torch.ones(2))
    assert loss.item() == pytest.approx(12 - 0.5, abs=0.02)
