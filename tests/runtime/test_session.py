from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from asmnet_sdk import DeviceUnavailableError, InvalidInputError, ModelFileError
from asmnet_sdk.landmarks.contract import read_contract
from asmnet_sdk.runtime.session import DEVICES, OnnxSession
from tests.dot_model import METADATA, renamed, write_dot_model

CROP = np.full((1, 64, 64, 3), 128, np.uint8)


def test_run_gives_outputs_by_name(dot_model):
    outputs = OnnxSession(dot_model).run({"image": CROP})
    assert set(outputs) == {"landmarks", "head_pose", "landmark_sigma", "face_score"}
    np.testing.assert_allclose(outputs["landmarks"], 0.5, atol=1e-6)


def test_auto_without_cuda_says_cpu(dot_model):
    if DEVICES["cuda"] in onnxruntime.get_available_providers():
        pytest.skip("this machine offers CUDA")
    assert OnnxSession(dot_model, device="auto").device == "cpu"


def test_device_that_is_not_there_is_refused_with_the_way_to_get_it(dot_model):
    if DEVICES["tensorrt"] in onnxruntime.get_available_providers():
        pytest.skip("this machine offers TensorRT")
    with pytest.raises(DeviceUnavailableError, match=r"offers only .*CPU.*onnxruntime-gpu"):
        OnnxSession(dot_model, device="tensorrt")


def test_unknown_device_lists_the_devices(dot_model):
    with pytest.raises(InvalidInputError, match="no device 'gpu'; there are 'auto', 'cpu', 'cuda'"):
        OnnxSession(dot_model, device="gpu")


def test_threads_below_one_are_refused(dot_model):
    with pytest.raises(InvalidInputError, match="at least 1, got 0"):
        OnnxSession(dot_model, threads=0)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x08" * 50])
def test_file_that_is_no_model(tmp_path, content):
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"broken\.onnx is no model"):
        OnnxSession(file)


def test_missing_file(tmp_path):
    with pytest.raises(ModelFileError):
        OnnxSession(tmp_path / "none.onnx")


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
