from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from asmnet_sdk import DeviceUnavailableError, InvalidInputError, ModelFileError
from asmnet_sdk.runtime.session import DEVICES, OnnxSession

CROP = np.full((1, 64, 64, 3), 128, np.uint8)


def test_run_gives_outputs_by_name(dot_model):
    outputs = OnnxSession(dot_model).run({"image": CROP})
    assert set(outputs) == {
        "landmarks",
        "head_pose",
        "landmark_sigma",
        "landmark_visible",
        "face_score",
    }
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
    with pytest.raises(
        InvalidInputError, match="threads is 0; needed: a whole number from 1 to 1024"
    ):
        OnnxSession(dot_model, threads=0)


@pytest.mark.parametrize("threads", ["2", 1.5, True])
def test_threads_that_are_no_whole_number_are_refused(dot_model, threads):
    with pytest.raises(
        InvalidInputError, match=f"threads is {threads!r}; needed: a whole number from 1 to 1024"
    ):
        OnnxSession(dot_model, threads=threads)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x08" * 50])
def test_file_that_is_no_model(tmp_path, content):
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"broken\.onnx is no model"):
        OnnxSession(file)


def test_missing_file(tmp_path):
    with pytest.raises(ModelFileError):
        OnnxSession(tmp_path / "none.onnx")
