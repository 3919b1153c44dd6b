"""Static quantisation of an exported model to 8 bits, calibrated on training crops.

x86 processors without VNNI (Haswell to Skylake, Zen 1 to 3) multiply 8-bit activations by 8-bit
weights two by two and add each pair in 16 bits: 2 x 255 x 127 does not fit, and is cut off without
a word. So weights have 7 bits, -64 to 64: 2 x 255 x 64 = 32640 fits below 32768, and every
processor adds the same numbers.

    python -m lab.quantising MODEL OUT --name NAME --photos 300w/train

quantises a model file alone; ``python -m lab.release --int8`` also measures it and writes its card.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfile

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

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.landmarks.contract import METADATA_KEY
from asmnet_sdk.training.inference import upright_crops
from asmnet_sdk.training.onnx_files import IR_VERSION
from asmnet_sdk.training.samples import FaceSamples, load_face_samples
from asmnet_sdk.training.validation_part import is_validation

__all__ = ["LARGEST_WEIGHT", "calibration_crops", "quantise_model"]

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


def calibration_crops(
    photos: Sequence[Path], packed: Sequence[Path] = (), *, size: int, crop_scale: float
) -> NDArray[np.uint8]:
    """Cut some of the faces that a network trained on, as prediction does.

    Args:
        photos: Annotated photos: every 16th face that does not validate.
        packed: Files of faces packed before: 32 of each.
        size: Side of a crop in pixels.
        crop_scale: Crop side / longer side of the face box.

    Returns:
        (N, size, size, 3) uint8 RGB.
    """
    faces = [face for root in photos for face in read_annotations(root)]
    parts = [load_face_samples([face for face in faces if not is_validation(face)][::16])]
    for samples in map(FaceSamples.load, packed):
        chosen = np.linspace(0, len(samples) - 1, num=min(32, len(samples)))
        parts.append(samples.take(chosen.astype(np.int64)))
    crops = [upright_crops(part, size=size, crop_scale=crop_scale)[0] for part in parts]
    return np.concatenate(crops)


def _rename_model(path: Path, name: str) -> None:
    """Let a model file bear another name, and no figures: those of another model do not hold."""
    model = onnx.load(path)
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            entry.value = json.dumps({**json.loads(entry.value), "name": name, "figures": {}})
    onnx.save(model, path)


def main() -> None:
    """Quantise a model file from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.quantising")
    parser.add_argument("model", type=Path, help="exported model")
    parser.add_argument("out", type=Path, help="where the 8-bit model goes")
    parser.add_argument("--name", required=True, help="name of the 8-bit model")
    parser.add_argument("--photos", type=Path, required=True, help="annotated training photos")
    options = parser.parse_args()
    metadata = FaceAligner(options.model, device="cpu").model
    crops = calibration_crops(
        [options.photos], size=metadata.input_size, crop_scale=metadata.crop_scale
    )
    copyfile(options.model, options.out)
    _rename_model(options.out, options.name)
    quantise_model(options.out, crops)


if __name__ == "__main__":
    main()
