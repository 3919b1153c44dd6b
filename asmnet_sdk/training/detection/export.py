"""Export of the detection network to the detector contract, checked before it is kept."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asmnet_sdk.detection.contract import (
    DETECTOR_METADATA_KEY,
    DetectorMetadata,
    read_detector_contract,
)
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.session import OnnxSession
from asmnet_sdk.training.detection.networks import (
    STRIDES,
    DetectionNetwork,
    cell_centers,
    decode_boxes,
)
from asmnet_sdk.training.export import _quiet_exporter

__all__ = ["BOX_TOLERANCE", "SCORE_TOLERANCE", "DetectorGraph", "export_detector"]

BOX_TOLERANCE = 0.05
"""Pixels by which the boxes of onnxruntime may differ from torch's."""

SCORE_TOLERANCE = 1e-3

_OPSET = 18
_IR_VERSION = 8
_MOST_STRIDES = 256
_CHECKED_HW = ((320, 320), (256, 320), (96, 32))


class DetectorGraph(nn.Module):
    """Puts the contract's uint8 input and its outputs around a network.

    The scaling of pixels to [0, 1] lies in the weights of the first convolution.
    """

    def __init__(self, network: DetectionNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        first = self.network.stem[0]
        assert isinstance(first, nn.Conv2d)
        with torch.no_grad():
            first.weight.div_(255)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return (M, 4) boxes and (M,) scores of a (1, H, W, 3) uint8 picture."""
        found = self.network(image.permute(0, 3, 1, 2).float())
        centers, strides = cell_centers(image.shape[1], image.shape[2])
        boxes = decode_boxes(found.log_distances[0], centers, strides)
        return boxes, found.score_logits[0].sigmoid()


def export_detector(network: DetectionNetwork, metadata: DetectorMetadata, path: Path) -> None:
    """Write a network as a model file that ``AsmnetDetector(path)`` runs.

    The file appears under its name only after onnxruntime has given the same boxes and scores as
    torch on random pictures of several sizes.

    Raises:
        ModelFileError: The outputs differ, or the file does not fit the contract.
    """
    graph = DetectorGraph(network).eval()
    partial = path.with_name(path.name + ".partial.onnx")
    try:
        with _quiet_exporter():
            partial.write_bytes(_to_onnx(graph, metadata))
        _check_outputs(graph, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _to_onnx(graph: DetectorGraph, metadata: DetectorMetadata) -> bytes:
    height, width = (torch.export.Dim(name, min=1, max=_MOST_STRIDES) for name in ("h", "w"))
    program = torch.onnx.export(
        graph,
        (torch.zeros(1, 8 * STRIDES[-1], 10 * STRIDES[-1], 3, dtype=torch.uint8),),
        input_names=["image"],
        output_names=["boxes", "scores"],
        dynamic_shapes=({1: STRIDES[-1] * height, 2: STRIDES[-1] * width},),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise ModelFileError("torch gave no ONNX program")
    model = program.model_proto
    model.ir_version = _IR_VERSION
    graph_parts = (*model.graph.node, *model.graph.input, *model.graph.output)
    for part in (model.graph, *model.graph.value_info, *graph_parts):
        del part.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = DETECTOR_METADATA_KEY, metadata.to_json()
    serialized: bytes = model.SerializeToString()
    return serialized


def _check_outputs(graph: DetectorGraph, path: Path) -> None:
    session = OnnxSession(path, device="cpu")
    read_detector_contract(session)
    generator = np.random.default_rng(0)
    for height, width in _CHECKED_HW:
        picture = generator.integers(0, 256, (1, height, width, 3), np.uint8)
        with torch.inference_mode():
            boxes, scores = (values.numpy() for values in graph(torch.from_numpy(picture)))
        outputs = session.run({"image": picture})
        _check_close("boxes", outputs["boxes"], boxes, BOX_TOLERANCE)
        _check_close("scores", outputs["scores"], scores, SCORE_TOLERANCE)


def _check_close(
    name: str, found: NDArray[np.float32], expected: NDArray[np.float32], tolerance: float
) -> None:
    difference = float(np.abs(found - expected).max())
    if not difference <= tolerance:
        raise ModelFileError(
            f"{name!r} of the exported model differs from torch by {difference:.2g}, "
            f"allowed {tolerance:.2g}; nothing was written"
        )
