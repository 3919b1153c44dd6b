"""What a landmark model must hold and give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import ModelFileError
from asmnet_sdk.landmarks.contract import check_outputs, read_contract
from asmnet_sdk.layouts import FIVE_POINT
from asmnet_sdk.runtime.session import OnnxSession
from tests.dot_model import METADATA, renamed, write_dot_model


def test_contract_of_a_good_model(dot_model):
    metadata, layout = read_contract(OnnxSession(dot_model))
    assert metadata == METADATA
    assert layout.name == "IBUG_68"


def contract_error(path):
    with pytest.raises(ModelFileError) as caught:
        read_contract(OnnxSession(path))
    return str(caught.value)


def test_contract_needs_metadata(tmp_path):
    path = write_dot_model(tmp_path / "m.onnx", metadata=None)
    assert "no metadata 'asmnet_sdk'" in contract_error(path)


def test_contract_checks_input_size(tmp_path):
    path = write_dot_model(tmp_path / "m.onnx", size=32)
    assert "needed tensor(uint8) (N, 64, 64, 3)" in contract_error(path)


def test_contract_needs_landmarks_and_pose(tmp_path):
    path = write_dot_model(tmp_path / "m.onnx", drop_output="head_pose")
    assert "no tensor 'head_pose'" in contract_error(path)


def test_contract_accepts_models_without_optional_outputs(tmp_path):
    path = write_dot_model(tmp_path / "m.onnx", drop_output="landmark_sigma")
    assert read_contract(OnnxSession(path))[0] == METADATA


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("layout", "WFLW_98", "needed tensor(float) (N, 98, 2)"),
        ("layout", "MULTIPIE", "none of IBUG_68, WFLW_98, FIVE_POINT"),
        ("format_version", 2, "format version 2, this package reads 1"),
        ("crop_scale", 0, "crop_scale 0 is not in"),
        ("crop_scale", "1.3", "crop_scale '1.3' is not in"),
    ],
)
def test_contract_checks_metadata(tmp_path, field, value, reason):
    metadata = renamed("odd")
    object.__setattr__(metadata, field, value)
    path = write_dot_model(tmp_path / "m.onnx", metadata=metadata)
    assert reason in contract_error(path)


@pytest.mark.parametrize("value", [0.0, -0.0, 0.5, 1.0])
def test_probabilities_reach_both_ends(value):
    visible = np.full((1, 5), value, np.float32)
    check_outputs({"landmark_visible": visible}, layout=FIVE_POINT, count=1, path=Path("m.onnx"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("landmark_visible", -0.001),
        ("landmark_visible", 1.001),
        ("landmark_visible", np.nan),
        ("landmark_sigma", np.inf),
        ("landmark_sigma", -2e6),
    ],
)
def test_outputs_that_make_no_sense_are_refused(name, value):
    values = np.array([[0, 0.5, 1, 1, value]], np.float32)
    with pytest.raises(ModelFileError, match=f"it gave '{name}'"):
        check_outputs({name: values}, layout=FIVE_POINT, count=1, path=Path("m.onnx"))
