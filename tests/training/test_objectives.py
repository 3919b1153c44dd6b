from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.losses import asm_weight
from asmnet_sdk.training.objectives import (
    AsmObjective,
    fit_shape_model,
    wing_objective,
)
from tests.tiny_network import TinyNetwork
from tests.training.dotted_batches import batch_source


def test_asm_objective_is_the_papers_loss():
    """L_mse + α L_asm + 0.5 L_pose, with α of the epoch."""
    source = batch_source(negatives=0)
    shape_model = fit_shape_model(source)
    objective = AsmObjective(shape_model, epochs=6)
    batch = next(source.epoch(0))
    predicted = TinyNetwork()(batch.images)
    truth = batch.landmarks.numpy()
    smoothed = shape_model.smooth(truth)
    found = predicted.landmarks.detach().numpy()
    pose_error = (predicted.head_pose.detach() - batch.head_poses).numpy() / 90
    for epoch in (0, 2, 5):
        expected = np.mean((found - truth) ** 2)
        expected += asm_weight(epoch, 6) * np.mean((found - smoothed) ** 2)
        expected += 0.5 * np.mean(pose_error**2)
        total = sum(loss.item() for loss in objective(predicted, batch, epoch).values())
        assert total == pytest.approx(expected, rel=1e-5)


def test_shape_model_of_a_run_fits_its_augmented_crops():
    """Turned, shifted and mirrored crops keep 90 % of their variance."""
    source = batch_source(negatives=0)
    model = fit_shape_model(source, placements=40)
    truth = np.concatenate([batch.landmarks.numpy() for batch in source.epoch(3)])
    left = np.sum((model.smooth(truth) - truth) ** 2)
    assert left < 0.2 * np.sum((truth - model.mean) ** 2)
    assert len(model.eigenvalues) < 20


def test_objective_of_a_network_without_further_heads_has_two_parts():
    source = batch_source()
    batch = next(source.epoch(0))
    assert wing_objective(TinyNetwork()(batch.images), batch, 0).keys() == {
        "landmarks",
        "head_pose",
    }
