"""Weights between those that a run starts from and those it ends with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.blending import JudgedFaces, Start, blend_with
from asmnet_sdk.training.objectives import mse_objective
from tests.tiny_network import TinyNetwork
from tests.training.test_trainer import dotted_samples, make_trainer

ODDS = 1.7


def sigmoid(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def network_at(place: float) -> TinyNetwork:
    """Return a network that sees all landmarks at one place, whatever it is shown."""
    network = TinyNetwork()
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
        network.landmarks.bias.fill_(float(np.log(place / (1 - place))))
    return network


def faces_at(place: float) -> JudgedFaces:
    crops = np.full((3, 32, 32, 3), 128, np.uint8)
    return JudgedFaces(crops, np.full((3, 68, 2), place, np.float32))


def test_what_started_anew_is_taken_whole():
    start = Start({"a": torch.zeros(2), "b": torch.zeros(2), "n": torch.tensor(1)}, ["b"])
    end = {"a": torch.ones(2), "b": torch.ones(2), "n": torch.tensor(5)}
    blended = start.blended(end, 0.25)
    assert blended["a"].tolist() == [0.25, 0.25]
    assert blended["b"].tolist() == [1, 1]
    assert blended["n"] == 5


@pytest.mark.parametrize(("truth", "share"), [(0.7, 0.7), (1.5, 1.0), (-0.2, 0.0)])
def test_the_weights_that_err_least_are_taken(truth, share):
    """Truths along the line, on which the start lies at 0 and the end at 1."""
    start, network = Start.of(network_at(sigmoid(0)), []), network_at(sigmoid(ODDS))
    assert blend_with(start, network, faces_at(sigmoid(truth * ODDS))) == pytest.approx(share)
    place = float(network(torch.zeros(1, 3, 32, 32)).landmarks[0, 0, 0].detach())
    assert place == pytest.approx(sigmoid(share * ODDS), abs=1e-5)


def test_old_faces_limit_how_far_the_weights_go():
    """The start errs by 0.1 on the old faces, and goes away from them."""
    start, network = Start.of(network_at(0.5), []), network_at(sigmoid(ODDS))
    old, new = faces_at(0.4), faces_at(0.9)
    for may_forget, place in ((0.5, 0.55), (2.0, 0.7), (9.0, sigmoid(ODDS))):
        share = blend_with(start, network, new, old, may_forget=may_forget)
        found = float(network(torch.zeros(1, 3, 32, 32)).landmarks[0, 0, 0].detach())
        assert found == pytest.approx(place, abs=0.02)
        assert found <= place + 1e-6
        network = network_at(sigmoid(ODDS))
    assert share == 1.0
    assert blend_with(start, network, new, old, may_forget=0.0) == 0.0


def test_a_run_that_starts_from_nothing_blends_nothing(tmp_path: Path):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=1)
    trainer.recipe = replace(trainer.recipe, blend=True)
    trainer.run_epoch()
    trainer.blend(None)
    assert trainer.blended == {}


def test_a_run_blends_with_its_start_and_says_what_that_errs(tmp_path: Path):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=1)
    trainer.recipe = replace(trainer.recipe, blend=True)
    trainer.start = Start.of(trainer.network, [])
    start_error = trainer.measure_start()["val_error"]
    trainer.run_epoch()
    trainer.blend(dotted_samples(4))
    assert trainer.blended["share"] > 0
    assert trainer.blended["val_error"] < start_error
