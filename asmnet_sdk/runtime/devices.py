"""Names of devices, and what onnxruntime calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from asmnet_sdk.errors import InvalidInputError, in_brief

__all__ = ["DEVICES", "PACKAGES", "Device", "DeviceInput", "read_device"]

DEVICES: Mapping[str, str] = MappingProxyType(
    {
        "cpu": "CPUExecutionProvider",
        "cuda": "CUDAExecutionProvider",
        "tensorrt": "TensorrtExecutionProvider",
        "openvino": "OpenVINOExecutionProvider",
        "coreml": "CoreMLExecutionProvider",
        "directml": "DmlExecutionProvider",
    }
)
"""Device -> onnxruntime's provider."""

PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "cuda": "replace onnxruntime by onnxruntime-gpu",
        "tensorrt": "replace onnxruntime by onnxruntime-gpu and install TensorRT",
        "openvino": "replace onnxruntime by onnxruntime-openvino",
        "coreml": "use onnxruntime on macOS",
        "directml": "replace onnxruntime by onnxruntime-directml on Windows",
    }
)
"""Device -> how to get it."""

# What a part behind the colon means to the provider: "cuda:1", "openvino:GPU".
_PART_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "cuda": "device_id",
        "tensorrt": "device_id",
        "directml": "device_id",
        "openvino": "device_type",
    }
)

DeviceInput: TypeAlias = str | tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that was asked for.

    Attributes:
        text: As it was asked for, such as ``"cuda:1"``.
        name: ``"auto"`` or a key of ``DEVICES``.
        options: What its provider is told.
    """

    text: str
    name: str
    options: Mapping[str, object]


def read_device(device: DeviceInput) -> Device:
    """Read a device: ``"cuda"``, ``"cuda:1"``, or a pair of it and options of its provider.

    Raises:
        InvalidInputError: There is no such device, or it has no parts or takes no options.
    """
    text, options = device if isinstance(device, tuple) and len(device) == 2 else (device, {})
    if not isinstance(text, str) or not isinstance(options, Mapping):
        raise InvalidInputError(
            f"device is {in_brief(repr(device))}; needed: a name such as 'cuda:1', or a pair such "
            "as ('tensorrt', {'trt_fp16_enable': True})"
        )
    name, colon, part = text.partition(":")
    if name not in ("auto", *DEVICES):
        names = ", ".join(repr(known) for known in ("auto", *DEVICES))
        raise InvalidInputError(f"no device '{in_brief(text)}'; there are {names}")
    if name == "auto" and options:
        raise InvalidInputError("device 'auto' takes no options: name the device that they are for")
    if not colon:
        return Device(text=text, name=name, options=dict(options))
    option = _PART_OPTIONS.get(name)
    if option is None or not part or (option == "device_id" and not part.isdecimal()):
        raise InvalidInputError(
            f"no device '{in_brief(text)}': a number goes with cuda, tensorrt and directml "
            "('cuda:1'), a kind with openvino ('openvino:GPU')"
        )
    return Device(text=text, name=name, options={option: part, **options})
