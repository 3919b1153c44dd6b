"""Export of a trained network to the self-describing ONNX contract, checked before it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.contract import METADATA_KEY, ModelMetadata, read_contract
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.session import OnnxSession
from asmnet_sdk.training.networks import Prediction

__all__ = ["OUTPUT_NAMES", "TOLERANCE", "export_network"]

OUTPUT_NAMES = ("landmarks", "head_pose", "landmark_sigma", "face_score")
TOLERANCE = 1e-3
_OPSET = 18
_IR_VERSION = 8


class _Contract(nn.Module):
    """Puts the contract's uint8 input and outputs around a network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        predicted: Prediction = self.network(image.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return (
            predicted.landmarks,
            predicted.head_pose,
            predicted.landmark_log_sigma.exp(),
            predicted.face_logit.sigmoid(),
        )


def export_network(network: nn.Module, metadata: ModelMetadata, path: Path) -> None:
    """Write a network as a model file that ``FaceAligner(path)`` runs.

    The file appears under its name only after onnxruntime has given the same outputs as torch on
    random crops, within ``TOLERANCE`` (landmarks, sigma and score absolute; degrees relative to
    100).

    Raises:
        ModelFileError: The outputs differ, or the file does not fit the contract.
    """
    wrapped = _Contract(network).eval()
    partial = path.with_name(path.name + ".partial.onnx")
    partial.write_bytes(_to_onnx(wrapped, metadata))
    try:
        _check_outputs(wrapped, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _to_onnx(wrapped: nn.Module, metadata: ModelMetadata) -> bytes:
    size = metadata.input_size
    program = torch.onnx.export(
        wrapped,
        (torch.zeros(2, size, size, 3, dtype=torch.uint8),),
        input_names=["image"],
        output_names=list(OUTPUT_NAMES),
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise ModelFileError("torch gave no ONNX program")
    model = program.model_proto
    model.ir_version = _IR_VERSION
    for node in model.graph.node:
        del node.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, metadata.to_json()
    serialized: bytes = model.SerializeToString()
    return serialized


def _check_outputs(wrapped: nn.Module, path: Path) -> None:
    session = OnnxSession(path, device="cpu")
    metadata, _ = read_contract(session)
    size = metadata.input_size
    crops = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    with torch.inference_mode():
        expected = dict(zip(OUTPUT_NAMES, wrapped(torch.from_numpy(crops)), strict=True))
    for name, values in session.run({"image": crops}).items():
        unit = 100.0 if name == "head_pose" else 1.0
        difference = float(np.abs(values - expected[name].numpy()).max()) / unit
        if difference > TOLERANCE:
            raise ModelFileError(
                f"{name!r} of the exported model differs from torch by {difference:.2g}, "
                f"allowed {TOLERANCE:.2g}; nothing was written"
            )
