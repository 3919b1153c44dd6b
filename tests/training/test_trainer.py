from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.networks import FaceNetwork, PaperAsmnet, SpatialAsmnet
from asmnet_sdk.training.objectives import (
    Objective,
    mse_objective,
    wing_objective,
)
from asmnet_sdk.training.trainer import Trainer
from tests.tiny_network import TinyNetwork
from tests.training.dotted_batches import batch_source, dotted_samples


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


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


def test_frozen_norms_keep_what_they_know_of_the_crops(tmp_path):
    trainer = make_trainer(tmp_path, SpatialAsmnet, wing_objective, epochs=1)
    trainer.recipe = replace(trainer.recipe, frozen_norms=True)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.run_epoch()
    after = trainer.network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any("running" in name for name in changed)
    assert "trunk.stem.1.weight" in changed


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
    with pytest.raises(InvalidInputError) as caught:
        trainer.resume()
    assert "checkpoint.pt is no checkpoint of this run" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_run_whose_photos_changed_is_not_gone_on_with(tmp_path):
    before = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=80)
    run_epochs(before, 75)
    source = batch_source(epochs=80, faces=40)
    validation = dotted_samples(4)
    after = Trainer(TinyNetwork(), mse_objective, source, validation=validation, folder=tmp_path)
    with pytest.raises(
        InvalidInputError, match=r"^\S+ began as a run of 160 batches and is one of 400"
    ):
        after.resume()


def test_damaged_log_is_one_line(tmp_path):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=80)
    run_epochs(trainer, 75)
    (tmp_path / "log.jsonl").write_text('{"epoch": 1}\n{"epo')
    with pytest.raises(InvalidInputError, match=r"log\.jsonl is no log of a run"):
        make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=80).resume()


def test_short_epochs_are_measured_and_saved_more_rarely(tmp_path):
    """Epochs of two batches every 75 epochs, and at the end."""
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=80)
    run_epochs(trainer, 80)
    assert trainer.is_finished
    measured = [record["epoch"] for record in read_log(tmp_path) if "val_error" in record]
    assert measured == [75, 80]


def test_interrupted_run_ends_as_if_it_had_not_been(tmp_path):
    """With dropout; the sixth epoch of the interrupted run is run, and logged, once more."""
    whole = make_trainer(tmp_path / "whole", PaperAsmnet, mse_objective, epochs=7)
    stopped = make_trainer(tmp_path / "stopped", PaperAsmnet, mse_objective, epochs=7)
    for trainer, count in ((whole, 7), (stopped, 6)):
        trainer.epochs_a_checkpoint = 5
        trainer.folder.mkdir()
        run_epochs(trainer, count)
    resumed = make_trainer(tmp_path / "stopped", PaperAsmnet, mse_objective, epochs=7)
    resumed.resume()
    assert resumed.epoch == 5
    run_epochs(resumed, 2)
    assert [record["epoch"] for record in read_log(tmp_path / "stopped")] == [1, 2, 3, 4, 5, 6, 7]
    states = whole.averaged_network.state_dict(), resumed.averaged_network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


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
