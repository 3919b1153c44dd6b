"""Static quantisation of an exported model to 8 bits, calibrated on training crops.

x86 processors without VNNI (Haswell to Skylake, Zen 1 to 3) multiply 8-bit activations by 8-bit
weights two by two and add each pair in 16 bits: 2 x 255 x 127 does not fit, and is cut off without
a word. So weights have 7 bits, -64 to 64: 2 x 255 x 64 = 32640 fits below 32768, and every
processor adds the same numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from asmnet_sdk.training.onnx_files import IR_VERSION

__all__ = ["LARGEST_WEIGHT", "quantise_model"]

LARGEST_WEIGHT = 64
"""No pair of products of weights up to it can leave 16 bits: 2 x 255 x 64 < 32768."""

_OPERATORS = ["Conv", "Add", "Clip", "Resize"]


class _Crops(CalibrationDataReader):  # type: ignore[misc]
    """Feeds crops one by one."""

    def __init__(self, crops: NDArray[np.uint8]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.uint8]]] = (
            {"image": crop[np.newaxis]} for crop in crops
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next feed, None at the end."""
        return next(self._feeds, None)


def _for_old_runtimes(path: Path) -> bytes:
    """Return the model without the operator sets that onnxruntime added and no node uses.

    They carry the version of the day, which older onnxruntimes refuse.
    """
    model = onnx.load(path)
    model.ir_version = IR_VERSION
    used = {node.domain for node in model.graph.node}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    data: bytes = model.SerializeToString()
    return data


def quantise_model(model: Path, crops: NDArray[np.uint8]) -> None:
    """Replace a model file by its 8-bit form.

    Convolutions get weights from -64 to 64, a scale a channel, and 8-bit activations whose ranges
    are those seen on the crops (QDQ format); softmax, head pose and sigma stay in float32.

    Args:
        model: An exported model; its metadata is kept.
        crops: (N, S, S, 3) uint8 RGB crops as prediction cuts them.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantised = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantised,
            _Crops(crops),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=_OPERATORS,
        )
        data = _for_old_runtimes(quantised)
    partial = model.with_name(model.name + ".partial")
    partial.write_bytes(data)
    partial.replace(model)
