"""An ONNX model loaded on a device by onnxruntime, and run by tensor names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state

from asmnet_sdk.errors import DeviceUnavailableError, InvalidInputError, ModelFileError

__all__ = ["DEVICES", "OnnxSession"]

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
_PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "cuda": "replace onnxruntime by onnxruntime-gpu",
        "tensorrt": "replace onnxruntime by onnxruntime-gpu and install TensorRT",
        "openvino": "replace onnxruntime by onnxruntime-openvino",
        "coreml": "use onnxruntime on macOS",
        "directml": "replace onnxruntime by onnxruntime-directml on Windows",
    }
)
_RUNTIME_ERRORS = tuple(
    value
    for value in vars(onnxruntime_pybind11_state).values()
    if isinstance(value, type) and issubclass(value, Exception)
)
_QUIET = 4


class OnnxSession:
    """One model on one device; ``run`` may be called from several threads at once.

    Args:
        path: The model file.
        device: ``"auto"`` (CUDA where it works, else the CPU) or a key of ``DEVICES``, which is
            then used or refused, never replaced.
        threads: Threads of one run; None leaves the choice to onnxruntime.

    Raises:
        ModelFileError: The file is no model that onnxruntime can load.
        DeviceUnavailableError: The device asked for cannot be had.
        InvalidInputError: There is no such device name, or ``threads`` is below 1.
    """

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        self.path = path
        provider = _choose_provider(device)
        self._session = _load(path, provider, threads)
        self.device = _device_of(self._session)
        if device not in ("auto", self.device):
            raise DeviceUnavailableError(
                f"device {device!r} could not be started: onnxruntime offers {provider} but its "
                "libraries failed to load (set ORT logging to see why); "
                f"{path.name} would run on {self.device!r}"
            )
        self.inputs: Mapping[str, Any] = {node.name: node for node in self._session.get_inputs()}
        self.outputs: Mapping[str, Any] = {node.name: node for node in self._session.get_outputs()}

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts in the model's ``metadata_props``."""
        texts: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        return texts

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run the model: tensors by input name in, all outputs by name out."""
        values = self._session.run(list(self.outputs), dict(feeds))
        return dict(zip(self.outputs, values, strict=True))


def _choose_provider(device: str) -> str:
    offered = onnxruntime.get_available_providers()
    if device == "auto":
        return DEVICES["cuda"] if DEVICES["cuda"] in offered else DEVICES["cpu"]
    if device not in DEVICES:
        names = ", ".join(repr(name) for name in ("auto", *DEVICES))
        raise InvalidInputError(f"no device {device!r}; there are {names}")
    if DEVICES[device] not in offered:
        raise DeviceUnavailableError(
            f"device {device!r} needs {DEVICES[device]}, but the installed onnxruntime "
            f"{onnxruntime.__version__} offers only {', '.join(offered)}; to get it, "
            f"{_PACKAGES[device]}"
        )
    return DEVICES[device]


def _load(path: Path, provider: str, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    if threads is not None:
        if threads < 1:
            raise InvalidInputError(f"threads must be at least 1, got {threads}")
        options.intra_op_num_threads = threads
    providers = list(dict.fromkeys([provider, DEVICES["cpu"]]))
    try:
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=providers)
    except _RUNTIME_ERRORS as exc:
        raise ModelFileError(f"{path} is no model that onnxruntime can load: {exc}") from exc


def _device_of(session: onnxruntime.InferenceSession) -> str:
    provider = session.get_providers()[0]
    return next(name for name, known in DEVICES.items() if known == provider)
