from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68, InvalidInputError
from asmnet_sdk.training.batches import BatchSource
from asmnet_sdk.training.calibration import calibrate_sigma, coverage_of
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.losses import asm_weight
from asmnet_sdk.training.networks import FaceNetwork, PaperAsmnet, SpatialAsmnet
from asmnet_sdk.training.objectives import (
    AsmObjective,
    Objective,
    fit_shape_model,
    mse_objective,
    wing_objective,
)
from asmnet_sdk.training.pictures import draw_curves, draw_validation
from asmnet_sdk.training.samples import FaceSamples, sure_samples
from asmnet_sdk.training.trainer import Trainer
from tests.dotted_faces import dotted_faces
from tests.tiny_network import TinyNetwork


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def dotted_samples(count: int, *, yaw: float = 0.0) -> FaceSamples:
    canvases, landmarks = dotted_faces(count)
    head_poses = np.zeros((count, 3), np.float32)
    head_poses[:, 0] = yaw
    return sure_samples(canvases, landmarks, head_poses)


def batch_source(*, epochs: int = 5, negatives: int = 2, faces: int = 16) -> BatchSource:
    return BatchSource(
        faces=dotted_samples(faces),
        negatives=np.random.default_rng(0).integers(0, 256, (4, 160, 160, 3), np.uint8),
        layout=IBUG_68,
        recipe=Recipe(epochs=epochs, size=64, batch_size=8, negatives=negatives),
    )


def make_trainer(
    folder: Path, network: type[FaceNetwork], objective: Objective, epochs: int
) -> Trainer:
    torch.manual_seed(0)
    source = batch_source(epochs=epochs)
    return Trainer(network(), objective, source, validation=dotted_samples(4), folder=folder)


def run_epochs(trainer: Trainer, count: int) -> None:
    for _ in range(count):
        trainer.run_epoch()


def read_log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_batch_holds_faces_then_negatives():
    batches = list(batch_source().epoch(0))
    assert len(batches) == 2
    assert batches[0].images.shape == (10, 3, 64, 64)
    assert batches[0].landmarks.shape == (8, 68, 2)
    assert -1 <= batches[0].images.min() <= batches[0].images.max() <= 1


def test_batches_depend_on_the_epoch_alone():
    first, again, other = (next(batch_source().epoch(epoch)) for epoch in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.landmarks, other.landmarks)


def test_early_epochs_have_smaller_crops():
    recipe = Recipe(epochs=3, early_epochs=2, early_size=32, size=64, batch_size=8, negatives=1)
    source = replace(batch_source(), recipe=recipe)
    early, last = next(source.epoch(1)), next(source.epoch(2))
    assert early.images.shape == (9, 3, 32, 32)
    assert last.images.shape == (9, 3, 64, 64)


def test_frozen_norms_keep_what_they_know_of_the_crops(tmp_path):
    trainer = make_trainer(tmp_path, SpatialAsmnet, wing_objective, epochs=1)
    trainer.recipe = replace(trainer.recipe, frozen_norms=True)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.run_epoch()
    after = trainer.network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any("running" in name for name in changed)
    assert "trunk.stem.1.weight" in changed


def test_fewer_faces_than_a_batch_are_refused():
    with pytest.raises(InvalidInputError, match="7 faces are less than a batch of 8"):
        batch_source(faces=7)


def test_training_learns(tmp_path):
    trainer = make_trainer(tmp_path, SpatialAsmnet, wing_objective, epochs=5)
    steps = []
    while not trainer.is_finished:
        trainer.run_epoch(lambda: steps.append(trainer.epoch))
    records = read_log(tmp_path)
    assert steps == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert [record["epoch"] for record in records] == [1, 2, 3, 4, 5]
    assert records[-1]["landmarks"] < 0.9 * records[0]["landmarks"]
    assert {"head_pose", "radius", "face", "val_error", "val_nme", "val_yaw"} <= records[-1].keys()


@pytest.mark.parametrize("damage", ["cut", "emptied", "no checkpoint", "another network"])
def test_damaged_checkpoint_is_one_line(tmp_path, damage):
    path = tmp_path / "checkpoint.pt"
    torch.save({"epoch": 1, "network": TinyNetwork().state_dict()}, path)
    data = path.read_bytes()
    contents = {"cut": data[: len(data) // 2], "emptied": b"", "no checkpoint": b"text"}
    path.write_bytes(contents.get(damage, data))
    trainer = make_trainer(tmp_path, PaperAsmnet, mse_objective, epochs=7)
    with pytest.raises(InvalidInputError, match=r"checkpoint\.pt is no checkpoint of this run"):
        trainer.resume()


def test_interrupted_run_ends_as_if_it_had_not_been(tmp_path):
    """With dropout; the sixth epoch of the interrupted run is run, and logged, once more."""
    whole = make_trainer(tmp_path / "whole", PaperAsmnet, mse_objective, epochs=7)
    stopped = make_trainer(tmp_path / "stopped", PaperAsmnet, mse_objective, epochs=7)
    for trainer, count in ((whole, 7), (stopped, 6)):
        trainer.folder.mkdir()
        run_epochs(trainer, count)
    resumed = make_trainer(tmp_path / "stopped", PaperAsmnet, mse_objective, epochs=7)
    resumed.resume()
    assert resumed.epoch == 5
    run_epochs(resumed, 2)
    assert [record["epoch"] for record in read_log(tmp_path / "stopped")] == [1, 2, 3, 4, 5, 6, 7]
    states = whole.averaged_network.state_dict(), resumed.averaged_network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


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


def test_calibrated_radius_holds_68_percent_of_the_errors():
    torch.manual_seed(0)
    network, samples = SpatialAsmnet(), dotted_samples(8)
    calibrate_sigma(network, samples, size=64, crop_scale=1.35)
    crops, truth = upright_crops(samples, size=64, crop_scale=1.35)
    predicted = predict_crops(network, crops)
    errors = np.linalg.norm(predicted.landmarks.numpy() - truth, axis=2)
    sigma = predicted.landmark_log_sigma.exp().numpy()
    assert coverage_of(errors, sigma) == pytest.approx(0.68, abs=0.01)


def test_curves_have_a_panel_for_each_figure():
    records = [{"epoch": 1, "seconds": 9.0, "landmarks": 4.0}]
    records += [{"epoch": 2, "seconds": 9.0, "landmarks": 2.0, "face": 0.1, "val_nme": 5.0}]
    assert draw_curves(records[:1]).shape == (220, 420, 3)
    assert draw_curves(records).shape == (440, 840, 3)


def test_validation_picture_shows_faces_side_by_side():
    picture = draw_validation(
        TinyNetwork(), dotted_samples(6), IBUG_68, size=64, crop_scale=1.35, count=5
    )
    assert picture.shape == (512, 1024, 3)
    assert (picture[256:, 256:] == 255).all()
    assert picture[:256].std() > 10


def test_frozen_blocks_keep_their_weights_and_outputs(tmp_path):
    source = replace(batch_source(), recipe=replace(batch_source().recipe, frozen_blocks=3))
    torch.manual_seed(0)
    network = SpatialAsmnet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    trainer = Trainer(
        network, wing_objective, source, validation=dotted_samples(4), folder=tmp_path
    )
    trainer.run_epoch()
    after = trainer.averaged_network.state_dict()
    assert torch.equal(
        after["trunk.blocks.2.layers.3.weight"], before["trunk.blocks.2.layers.3.weight"]
    )
    assert torch.equal(
        after["trunk.blocks.2.layers.4.running_var"], before["trunk.blocks.2.layers.4.running_var"]
    )
    assert not torch.equal(
        after["trunk.blocks.3.layers.3.weight"], before["trunk.blocks.3.layers.3.weight"]
    )


def test_epoch_faces_draws_by_weight():
    """Faces of weight 0 are never shown."""
    source = batch_source()
    faces = replace(source.faces, draw_weights=np.eye(1, 16, 5, dtype=np.float32)[0])
    source = replace(source, faces=faces, recipe=replace(source.recipe, epoch_faces=24))
    assert len(source) == 3
    assert set(source._order(np.random.default_rng(0)).tolist()) == {5}


def test_samples_are_saved_loaded_and_joined(tmp_path):
    samples = dotted_samples(3, yaw=20)
    samples.save(tmp_path / "faces.npz")
    joined = FaceSamples.join([FaceSamples.load(tmp_path / "faces.npz"), dotted_samples(1)])
    assert len(joined) == 4
    assert np.array_equal(joined.landmarks[:3], samples.landmarks)
    assert joined.head_poses[:, 0].tolist() == [20, 20, 20, 0]


def test_file_without_packed_faces_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InvalidInputError, match=r"other\.npz holds no packed faces"):
        FaceSamples.load(tmp_path / "other.npz")


def test_further_faces_are_validated_beside_the_annotated_ones(tmp_path):
    trainer = Trainer(
        TinyNetwork(),
        wing_objective,
        batch_source(epochs=1, negatives=0),
        validation=dotted_samples(4),
        further_validation={"turned": dotted_samples(4, yaw=60)},
        folder=tmp_path,
    )
    record = trainer.run_epoch()
    assert record["turned_error"] > 0
    assert 0 < record["turned_yaw"] <= 180
