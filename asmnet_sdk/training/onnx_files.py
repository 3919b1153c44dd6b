"""From a torch module to an ONNX file that is kept only once it has been checked."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.whole_files import whole_file

__all__ = ["IR_VERSION", "check_close", "to_onnx", "write_checked"]

IR_VERSION = 8
_OPSET = 18
_CHATTY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir")


def to_onnx(
    module: nn.Module,
    sample: Tensor,
    *,
    output_names: Sequence[str],
    dynamic_shape: dict[int, Any],
    metadata: tuple[str, str],
) -> bytes:
    """Return the ONNX form of a module whose one input is named ``image``.

    Args:
        module: The module, evaluating.
        sample: An input it takes.
        output_names: Names of its outputs, in their order.
        dynamic_shape: Axis of the input -> its ``torch.export.Dim``.
        metadata: Key and text that go into ``metadata_props``.
    """
    with _quiet_exporter():
        program = torch.onnx.export(
            module,
            (sample,),
            input_names=["image"],
            output_names=list(output_names),
            dynamic_shapes=(dynamic_shape,),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ModelFileError("torch gave no ONNX program")
    model = program.model_proto
    model.ir_version = IR_VERSION
    graph_parts = (*model.graph.node, *model.graph.input, *model.graph.output)
    for part in (model.graph, *model.graph.value_info, *graph_parts):
        del part.metadata_props[:]  # traces of the exporter, which differ from run to run
    entry = model.metadata_props.add()
    entry.key, entry.value = metadata
    serialized: bytes = model.SerializeToString()
    return serialized


def write_checked(path: Path, data: bytes, check: Callable[[Path], None]) -> None:
    """Write a file that appears under its name only after ``check`` has accepted it."""
    with whole_file(path) as part:
        part.write_bytes(data)
        check(part)


def check_close(
    name: str, found: NDArray[np.float32], expected: NDArray[np.float32], tolerance: float
) -> None:
    """Refuse an output of onnxruntime that differs from torch's.

    Raises:
        ModelFileError: The largest difference exceeds the tolerance, or is no number.
    """
    with np.errstate(invalid="ignore"):  # infinity less infinity is no number, and refused
        difference = float(np.abs(found - expected).max())
    if not difference <= tolerance:
        raise ModelFileError(
            f"{name!r} of the exported model differs from torch by {difference:.2g}, "
            f"allowed {tolerance:.2g}; nothing was written"
        )


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep torch's exporter from telling what it does step by step."""
    loggers = [logging.getLogger(name) for name in _CHATTY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
