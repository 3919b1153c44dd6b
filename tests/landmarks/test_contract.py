"""What a landmark model must hold and give."""

from __future__ import annotations

import pytest

from asmnet_sdk import ModelFileError
from asmnet_sdk.landmarks.contract import read_contract
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
