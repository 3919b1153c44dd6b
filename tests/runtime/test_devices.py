from __future__ import annotations

import pickle

import onnxruntime
import pytest

from asmnet_sdk import DeviceUnavailableError, InvalidInputError
from asmnet_sdk.runtime.devices import DEVICES, read_device
from asmnet_sdk.runtime.session import OnnxSession


@pytest.mark.parametrize(
    ("device", "name", "options"),
    [
        ("auto", "auto", {}),
        ("cuda", "cuda", {}),
        ("cuda:1", "cuda", {"device_id": "1"}),
        ("directml:0", "directml", {"device_id": "0"}),
        ("openvino:GPU", "openvino", {"device_type": "GPU"}),
        (("tensorrt", {"trt_fp16_enable": True}), "tensorrt", {"trt_fp16_enable": True}),
        (("cuda:1", {"arena": 3}), "cuda", {"device_id": "1", "arena": 3}),
    ],
)
def test_device_is_a_name_a_part_and_options(device, name, options):
    found = read_device(device)
    assert (found.name, found.options) == (name, options)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", "no device 'gpu'; there are 'auto', 'cpu', 'cuda'"),
        ("cpu:0", "a number goes with cuda"),
        ("cuda:", "a number goes with cuda"),
        ("cuda:one", "a number goes with cuda"),
        (3, "needed: a name such as 'cuda:1', or a pair"),
        (("cuda", 1), "or a pair"),
        (("auto", {"device_id": 1}), "'auto' takes no options"),
    ],
)
def test_what_is_no_device_is_refused(device, message):
    with pytest.raises(InvalidInputError, match=message):
        read_device(device)


@pytest.fixture
def asked(monkeypatch):
    """What onnxruntime is asked for, where it would offer all devices; none of them starts."""
    requests = []

    def start(data, options, *, providers, enable_fallback):
        requests.append(providers)
        raise RuntimeError("no such card")

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(DEVICES.values()))
    monkeypatch.setattr(onnxruntime, "InferenceSession", start)
    return requests


def test_onnxruntime_gets_the_card_and_the_options(dot_model, asked):
    for device in ("cuda:1", ("tensorrt", {"device_id": 1, "trt_fp16_enable": True})):
        text = device if isinstance(device, str) else device[0]
        with pytest.raises(DeviceUnavailableError, match=f"device '{text}' could not be started"):
            OnnxSession(dot_model, device=device)
    assert asked == [
        [(DEVICES["cuda"], {"device_id": "1"}), DEVICES["cpu"]],
        [(DEVICES["tensorrt"], {"device_id": 1, "trt_fp16_enable": True}), DEVICES["cpu"]],
    ]


def test_options_survive_pickling(dot_model):
    session = pickle.loads(pickle.dumps(OnnxSession(dot_model, device=("cpu", {}))))
    assert session.device == "cpu"
