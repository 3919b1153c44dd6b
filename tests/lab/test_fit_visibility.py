from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import FaceAligner, InvalidInputError, sample_photo
from asmnet_sdk.hub.resolving import resolve_model
from lab.fit_visibility import likeliest_shift, shift_log_odds
from tests.dot_model import write_dot_model


@pytest.mark.parametrize("too_sure_by", [-0.7, 0.0, 1.2])
def test_likeliest_shift_makes_the_odds_right(too_sure_by):
    generator = np.random.default_rng(0)
    odds = generator.normal(1, 2, 40000)
    seen = generator.random(40000) < 1 / (1 + np.exp(-odds))
    assert likeliest_shift([(odds + too_sure_by, seen)]) == pytest.approx(-too_sure_by, abs=0.06)


def test_evidence_of_each_file_counts_alike():
    """However many points it has."""
    few, many = np.zeros(10), np.zeros(1000)
    evidence = [(few, np.arange(10) < 8), (many, np.arange(1000) < 200)]
    assert likeliest_shift(evidence) == pytest.approx(0, abs=1e-9)


def test_nothing_but_the_visibility_changes(tmp_path):
    model = tmp_path / "model.onnx"
    model.write_bytes(resolve_model("asmnet-68").read_bytes())
    photo = sample_photo("portrait")
    [before] = FaceAligner(model, device="cpu").predict(photo)
    shift_log_odds(model, -0.5)
    [after] = FaceAligner(model, device="cpu").predict(photo)
    for name in ("landmarks", "landmark_sigma"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert (after.head_pose, after.score) == (before.head_pose, before.score)
    odds = [np.log(f.landmark_visible / (1 - f.landmark_visible)) for f in (before, after)]
    np.testing.assert_allclose(odds[1] - odds[0], -0.5, atol=1e-2)


def test_model_that_does_not_tell_is_refused_and_stays(tmp_path):
    model = write_dot_model(tmp_path / "dots.onnx")
    content = model.read_bytes()
    with pytest.raises(InvalidInputError, match="does not tell which points can be seen"):
        shift_log_odds(model, 1.0)
    assert model.read_bytes() == content
