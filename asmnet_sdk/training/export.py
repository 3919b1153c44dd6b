"""Export of a trained network to the self-describing ONNX contract, checked before it is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.landmarks.contract import METADATA_KEY, ModelMetadata, read_contract
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.networks import FaceNetwork, Prediction
from asmnet_sdk.training.onnx_files import check_close, to_onnx, write_checked

__all__ = ["TOLERANCE", "export_network"]

TOLERANCE = 1e-3


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
        if predicted.landmark_visible_logit is not None:
            outputs["landmark_visible"] = predicted.landmark_visible_logit.sigmoid()
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
    write_checked(path, _to_onnx(wrapped, metadata), partial(_check_outputs, wrapped))


def _to_onnx(wrapped: _Contract, metadata: ModelMetadata) -> bytes:
    size = metadata.input_size
    sample = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    with torch.inference_mode():
        output_names = list(wrapped(sample))
    return to_onnx(
        wrapped,
        sample,
        output_names=output_names,
        dynamic_shape={0: torch.export.Dim.DYNAMIC},
        metadata=(METADATA_KEY, metadata.to_json()),
    )


def _check_outputs(wrapped: _Contract, path: Path) -> None:
    session = OnnxSession(path, device="cpu")
    metadata, _ = read_contract(session)
    size = metadata.input_size
    crops = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    with torch.inference_mode():
        expected = wrapped(torch.from_numpy(crops))
    for name, values in session.run({"image": crops}).items():
        unit = np.float32(100 if name == "head_pose" else 1)
        check_close(name, values / unit, expected[name].numpy() / unit, TOLERANCE)
