"""Tests of the head pose that is taught anew on top of a fixed network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from torch import nn

from asmnet_sdk.geometry import euler_to_rotation
from asmnet_sdk.training.tensor_geometry import rotation_of
from lab import fit_head_pose as module
from lab.fit_head_pose import as_seen_by, fit_head_pose
from lab.refitting import Evidence
from tests.training.dotted_batches import dotted_samples

COUNT, STEPS = 200, 250


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads only get into each other's way in layers this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def evidence() -> Evidence:
    """What could be answered as it is: the first two columns of the rotation."""
    poses = np.random.default_rng(0).uniform(-1, 1, (COUNT, 3)) * (60, 25, 15)
    columns = euler_to_rotation(poses)[:, :, :2].transpose(0, 2, 1).reshape(COUNT, 6)
    return Evidence(
        torch.tensor(columns, dtype=torch.float32),
        torch.tensor(poses, dtype=torch.float32),
        torch.ones(COUNT),
    )


def wrong_layer() -> nn.Linear:
    layer = nn.Linear(6, 6)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(6))
        layer.bias.copy_(torch.tensor([0, 0, 0.15, 0, 0.0, -0.15]))
    return layer


def mean_error(layer: nn.Linear, evidence: Evidence) -> float:
    with torch.inference_mode():
        rotation = rotation_of(layer(evidence.features)).numpy()
    truth = euler_to_rotation(evidence.truth.numpy())
    return float(np.degrees(np.linalg.norm(rotation - truth, axis=(1, 2)).mean() / 2**0.5))


def test_fitting_lowers_the_angle_of_the_error(evidence) -> None:
    layer = wrong_layer()
    assert mean_error(layer, evidence) > 8
    fit_head_pose(layer, evidence, steps=STEPS)
    assert mean_error(layer, evidence) < 2


def test_what_counts_nothing_is_not_learned(evidence) -> None:
    layer = wrong_layer()
    wrong = Evidence(evidence.features, -evidence.truth, torch.zeros(COUNT))
    fit_head_pose(layer, Evidence.join([evidence, wrong]), steps=STEPS)
    assert mean_error(layer, evidence) < 2


def test_profiles_teach_where_the_nose_points(evidence) -> None:
    layer = wrong_layer()
    nothing = Evidence(evidence.features[:1], evidence.truth[:1], torch.ones(1))
    before = mean_error(layer, evidence)
    fit_head_pose(layer, nothing, evidence, steps=STEPS)
    assert mean_error(layer, evidence) < before - 2


def test_the_same_seed_gives_the_same_layers(evidence) -> None:
    layers = [wrong_layer(), wrong_layer()]
    for layer in layers:
        fit_head_pose(layer, evidence, steps=5, seed=3)
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert not torch.equal(layers[0].weight, torch.eye(6))


def test_former_model_lends_the_poses_of_turned_heads(monkeypatch, tmp_path) -> None:
    seen = np.array([[10, 1, 2], [50, 3, 4], [-40, 5, 6], [np.nan] * 3], np.float32)
    asked = []

    def teacher(samples):
        asked.append(samples.head_poses)
        return seen

    monkeypatch.setattr(module, "file_poses", lambda model: teacher)
    for name in ("a", "b"):
        dotted_samples(2, yaw=80).save(tmp_path / f"{name}.npz")
    faces = as_seen_by(tmp_path / "model.onnx", [tmp_path / "a.npz", tmp_path / "b.npz"])
    np.testing.assert_array_equal(faces.head_poses, seen[1:3])
    assert faces.pose_weights.tolist() == [1, 1]
    assert np.isnan(asked[0]).all()
