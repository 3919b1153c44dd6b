"""An ONNX model loaded on a device by onnxruntime, and run by tensor names."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state

from asmnet_sdk.arguments import PathInput, as_path, is_whole, require
from asmnet_sdk.errors import (
    DeviceUnavailableError,
    ModelError,
    ModelFileError,
)
from asmnet_sdk.runtime.devices import DEVICES, PACKAGES, Device, DeviceInput, read_device
from asmnet_sdk.runtime.model_files import read_model_file
from asmnet_sdk.runtime.on_demand import OnDemand

__all__ = ["DEVICES", "OnnxSession"]

# What loading raises: onnxruntime's own errors, all of them bare Exceptions, and what its Python
# side lets through (names in a broken file that are no text, providers that fail).
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    *(
        value
        for value in vars(onnxruntime_pybind11_state).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ),
    ValueError,
    RuntimeError,
)
_QUIET = 4
_MOST_THREADS = 1024
_NO_LIBRARIES = "onnxruntime offers it, but its libraries failed to load"

logger = logging.getLogger("asmnet_sdk")


class OnnxSession:
    """One model on one device; ``run`` may be called from several threads at once.

    After a fork the child loads the model anew at its first ``run``: onnxruntime's threads do not
    exist there. Pickling keeps path and options, not the model.

    Args:
        path: The model file.
        device: ``"auto"`` (CUDA where it works, else the CPU) or a key of ``DEVICES``, which is
            then used or refused, never replaced; ``"cuda:1"`` for the second card; or a pair of
            name and provider options.
        threads: Threads of one run; None leaves the choice to onnxruntime.
        keeps_memory: Keep the memory of a run for the next one. Where the shapes of inputs vary,
            what onnxruntime keeps grows in steps.

    Raises:
        ModelFileError: The file is no model that onnxruntime can load, or refers to other files.
        DeviceUnavailableError: The device asked for cannot be had.
        InvalidInputError: ``path`` is none, there is no such device name, or ``threads`` is not
            from 1 to 1024.
    """

    def __init__(
        self,
        path: PathInput,
        *,
        device: DeviceInput = "auto",
        threads: int | None = None,
        keeps_memory: bool = True,
    ) -> None:
        path = as_path("path", path)
        is_count = threads is None or (is_whole(threads) and 1 <= threads <= _MOST_THREADS)
        require("threads", threads, is_count, f"a whole number from 1 to {_MOST_THREADS}")
        wanted = read_device(device)
        self.path = path
        self._options = (device, threads, keeps_memory)
        self._loaded: OnDemand[onnxruntime.InferenceSession] = OnDemand(
            partial(_start, path, wanted, threads, keeps_memory), name=f"the model {path.name}"
        )
        session = self._loaded.get()
        self.device: str = _device_of(session) if wanted.name == "auto" else wanted.text
        self.metadata: Mapping[str, str] = _metadata_of(session, path)
        self.inputs: Mapping[str, Any] = _by_name(session.get_inputs(), path)
        self.outputs: Mapping[str, Any] = _by_name(session.get_outputs(), path)
        _LIVE_SESSIONS.add(self)

    def __reduce__(self) -> tuple[Callable[..., OnnxSession], tuple[object, ...]]:
        return _rebuild, (self.path, *self._options, self._loaded.is_closed)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run the model: tensors by input name in, all outputs by name out.

        Raises:
            ModelError: The session was closed, or the model fails on these tensors.
        """
        session = self._loaded.get()
        try:
            values = session.run(list(self.outputs), dict(feeds))
        except _RUNTIME_ERRORS as exc:
            raise ModelError(f"the model {self.path.name} failed: {exc}") from exc
        return dict(zip(self.outputs, values, strict=True))

    def close(self) -> None:
        """Free the model's memory; a ``run`` afterwards is refused."""
        self._loaded.close()

    def _leave_to_parent(self) -> None:
        """In a forked child: forget the parent's session without ever destroying it.

        Its destructor would wait for threads that do not exist here, so one reference is leaked.
        """
        session = self._loaded.forget()
        if session is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))


_LIVE_SESSIONS: weakref.WeakSet[OnnxSession] = weakref.WeakSet()


def _leave_sessions_to_parent() -> None:
    for session in _LIVE_SESSIONS:
        session._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_sessions_to_parent)


def _rebuild(
    path: Path, device: DeviceInput, threads: int | None, keeps_memory: bool, is_closed: bool
) -> OnnxSession:
    session = OnnxSession(path, device=device, threads=threads, keeps_memory=keeps_memory)
    if is_closed:
        session.close()
    return session


def _start(
    path: Path, device: Device, threads: int | None, keeps_memory: bool
) -> onnxruntime.InferenceSession:
    """Load a model on the device wanted, or refuse."""
    data = read_model_file(path)
    provider = _choose_provider(device.name)
    try:
        session = _load(data, provider, device.options, threads, keeps_memory)
    except _RUNTIME_ERRORS as exc:
        if provider == DEVICES["cpu"]:
            raise ModelFileError(f"{path} is no model that onnxruntime can load: {exc}") from exc
        if device.name != "auto":
            raise _failed_device(device.text, str(exc)) from exc
        logger.warning("%s failed, so the CPU is used: %s", provider, _shortened(str(exc)))
        return _start(path, read_device("cpu"), threads, keeps_memory)
    found = _device_of(session)
    if device.name not in ("auto", found):
        raise _failed_device(device.text, _NO_LIBRARIES)
    if DEVICES[found] != provider:
        logger.warning("%s failed, so the CPU is used: %s", provider, _NO_LIBRARIES)
    return session


def _failed_device(device: str, reason: str) -> DeviceUnavailableError:
    return DeviceUnavailableError(
        f"device {device!r} could not be started: {_shortened(reason)}; the installed onnxruntime "
        f"{onnxruntime.__version__} offers {', '.join(onnxruntime.get_available_providers())}; "
        "`asmnet doctor` says what is missing and what to install"
    )


def _shortened(reason: str) -> str:
    """Return one line: CUDA's own words if onnxruntime cites them, else all of its words."""
    cited = re.search(r"CUDA failure \d+: [^;\n]+", reason)
    return cited[0].strip() if cited else " ".join(reason.split())


def _choose_provider(device: str) -> str:
    offered = onnxruntime.get_available_providers()
    if device == "auto":
        return DEVICES["cuda"] if DEVICES["cuda"] in offered else DEVICES["cpu"]
    if DEVICES[device] not in offered:
        raise DeviceUnavailableError(
            f"device {device!r} needs {DEVICES[device]}, but the installed onnxruntime "
            f"{onnxruntime.__version__} offers only {', '.join(offered)}; to get it, "
            f"{PACKAGES[device]}"
        )
    return DEVICES[device]


def _load(
    data: bytes,
    provider: str,
    provider_options: Mapping[str, object],
    threads: int | None,
    keeps_memory: bool,
) -> onnxruntime.InferenceSession:
    if provider != DEVICES["cpu"]:
        _preload_cuda_libraries()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.enable_cpu_mem_arena = keeps_memory
    # Without it a run's threads go on turning afterwards, at the cost of whoever works next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if threads is not None:
        options.intra_op_num_threads = threads
    providers: list[object] = [(provider, dict(provider_options))]
    if provider != DEVICES["cpu"]:
        providers.append(DEVICES["cpu"])
    return onnxruntime.InferenceSession(data, options, providers=providers, enable_fallback=0)


def _preload_cuda_libraries() -> None:
    """Load CUDA's libraries from the packages nvidia-*, where onnxruntime does not look itself."""
    if find_spec("nvidia") is not None and hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(sys.stderr):  # it prints what it misses
            onnxruntime.preload_dlls()


def _device_of(session: onnxruntime.InferenceSession) -> str:
    provider = session.get_providers()[0]
    return next(name for name, known in DEVICES.items() if known == provider)


def _by_name(tensors: Sequence[Any], path: Path) -> Mapping[str, Any]:
    """Return tensors by name, once all names, also those in shapes, have proved to be text."""
    try:
        shapes = {tensor.name: tensor.shape for tensor in tensors}
    except UnicodeDecodeError as exc:
        raise ModelFileError(f"{path} has tensors whose names are no text: {exc}") from exc
    return dict(zip(shapes, tensors, strict=True))


def _metadata_of(session: onnxruntime.InferenceSession, path: Path) -> Mapping[str, str]:
    """Return the texts in the model's ``metadata_props``."""
    try:
        texts: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as exc:
        raise ModelFileError(f"{path} has metadata that is no text: {exc}") from exc
    return texts
