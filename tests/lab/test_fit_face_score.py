"""Tests of the face score that is taught anew on top of a fixed network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from torch import nn

from asmnet_sdk.training.samples import sure_samples
from lab.fit_face_score import disguise, fit_face_score, lower_score, read_false_faces
from lab.refitting import Evidence
from tests.training.test_covers import face_shape


def layer_of(weight: float, bias: float) -> nn.Linear:
    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.fill_(bias)
    return layer


def test_fitting_tells_faces_from_the_rest() -> None:
    generator = torch.Generator().manual_seed(1)
    features = torch.cat(
        [
            torch.randn(300, 165, generator=generator) + 1,
            torch.randn(100, 165, generator=generator) - 1,
        ]
    )
    is_face = (torch.arange(400) < 300).float()
    layer = nn.Linear(165, 1)
    fit_face_score(layer, Evidence(features, is_face, torch.ones(400)))
    with torch.inference_mode():
        assert ((layer(features).squeeze(1) > 0) == is_face.bool()).float().mean() > 0.99


def test_fitting_finds_the_log_odds_of_what_cannot_be_told_apart() -> None:
    features = torch.tensor([[0.0], [0.0], [0.0], [0.0]])
    evidence = Evidence(features, torch.tensor([1.0, 1, 1, 0]), torch.tensor([1.0, 1, 1, 9]))
    layer = nn.Linear(1, 1)
    fit_face_score(layer, evidence)
    assert layer(features)[0].item() == pytest.approx(np.log(3 / 9), abs=1e-3)


def test_scores_are_lowered_until_few_false_faces_pass() -> None:
    false_faces = torch.linspace(-8, 1, 10)[:, None]
    layer = layer_of(1.0, 0.5)
    assert lower_score(layer, false_faces, most=0.1) == pytest.approx(0.5, abs=0.01)
    assert (layer(false_faces) >= 0).sum() == 1


def test_scores_that_few_false_faces_pass_stay() -> None:
    layer = layer_of(1.0, -2.0)
    assert lower_score(layer, torch.linspace(-8, 1, 10)[:, None], most=0.1) == 0
    assert layer.bias.item() == -2


def test_some_faces_are_disguised_and_the_rest_stay() -> None:
    canvases = np.full((100, 256, 256, 3), 120, np.uint8)
    landmarks = np.repeat((face_shape() + 80)[None], 100, axis=0).astype(np.float32)
    faces = sure_samples(canvases, landmarks, np.zeros((100, 3), np.float32))
    disguise(faces, np.random.default_rng(0))
    changed = (faces.canvases != 120).any(axis=(1, 2, 3))
    assert 18 <= changed.sum() <= 38


def test_crops_of_one_picture_stay_together(tmp_path: Path) -> None:
    for picture in range(40):
        for crop in range(2):
            pixels = np.full((8, 8, 3), 5 * picture + crop, np.uint8)
            cv2.imwrite(str(tmp_path / f"{picture:012x}_{crop:02}.png"), pixels)
    training = read_false_faces(tmp_path, is_validation=False)
    held_out = read_false_faces(tmp_path, is_validation=True)
    assert len(training) + len(held_out) == 80
    pictures = [set((crops[:, 0, 0, 0] // 5).tolist()) for crops in (training, held_out)]
    assert pictures[0].isdisjoint(pictures[1])
    assert 1 <= len(pictures[1]) < len(pictures[0])
