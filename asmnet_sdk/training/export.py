"""Export of a trained network to the self-describing ONNX contract, checked before it is kept."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.contract import METADATA_KEY, ModelMetadata, read_contract
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.session import OnnxSession
from asmnet_sdk.training.networks import FaceNetwork, Prediction

__all__ = ["IR_VERSION", "TOLERANCE", "export_network"]

TOLERANCE = 1e-3
_OPSET = 18
IR_VERSION = 8
_CHATTY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir")


class _Contract(nn.Module):
    """Puts the contract's uint8 input and its outputs around a network."""

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        predicted: Prediction = self.network(image.permute(0, 3, 1, 2).float() / 127.5 - 1)
        outputs = {"landmarks": predicted.landmarks, "head_pose": predicted.head_pose}
        if predicted.landmark_log_sigma is not None:
            outputs["landmark_sigma"] = predicted.landmark_log_sigma.exp()
        if predicted.face_logit is not None:
            outputs["face_score"] = predicted.face_logit.sigmoid()
        return outputs


def export_network(network: FaceNetwork, metadata: ModelMetadata, path: Path) -> None:
    """Write a network as a model file that ``FaceAligner(path)`` runs.

    The file appears under its name only after onnxruntime has given the same outputs as torch on
    random crops, within ``TOLERANCE`` (landmarks, sigma and score absolute; degrees relative to
    100). Outputs that the network does not predict are left out.

    Raises:
        ModelFileError: The outputs differ, or the file does not fit the contract.
    """
    wrapped = _Contract(network).eval()
    partial = path.with_name(path.name + ".partial.onnx")
    try:
        with _quiet_exporter():
            partial.write_bytes(_to_onnx(wrapped, metadata))
        _check_outputs(wrapped, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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


def _to_onnx(wrapped: _Contract, metadata: ModelMetadata) -> bytes:
    size = metadata.input_size
    sample = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    with torch.inference_mode():
        output_names = list(wrapped(sample))
    program = torch.onnx.export(
        wrapped,
        (sample,),
        input_names=["image"],
        output_names=output_names,
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise ModelFileError("torch gave no ONNX program")
    model = program.model_proto
    model.ir_version = IR_VERSION
    for node in model.graph.node:
        del node.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, metadata.to_json()
    serialized: bytes = model.SerializeToString()
    return serialized


def _check_outputs(wrapped: _Contract, path: Path) -> None:
    session = OnnxSession(path, device="cpu")
    metadata, _ = read_contract(session)
    size = metadata.input_size
    crops = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    with torch.inference_mode():
        expected = wrapped(torch.from_numpy(crops))
    for name, values in session.run({"image": crops}).items():
        unit = 100.0 if name == "head_pose" else 1.0
        difference = float(np.abs(values - expected[name].numpy()).max()) / unit
        if not difference <= TOLERANCE:
            raise ModelFileError(
                f"{name!r} of the exported model differs from torch by {difference:.2g}, "
                f"allowed {TOLERANCE:.2g}; nothing was written"
            )
