"""Export of the detection network to the detector contract, checked before it is kept."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.detection.contract import (
    DETECTOR_METADATA_KEY,
    DetectorMetadata,
    read_detector_contract,
)
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.onnx_files import check_close, to_onnx, write_checked
from lab.detection.networks import (
    STRIDES,
    DetectionNetwork,
    cell_centers,
    decode_boxes,
    decode_rolls,
)

__all__ = ["BOX_TOLERANCE", "ROLL_TOLERANCE", "SCORE_TOLERANCE", "DetectorGraph", "export_detector"]

BOX_TOLERANCE = 0.05
"""Pixels by which the boxes of onnxruntime may differ from torch's."""

SCORE_TOLERANCE = 1e-3

ROLL_TOLERANCE = 0.5
"""Degrees; a cell that sees no face may point anywhere, with next to no length."""

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

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (M, 4) boxes, (M,) scores and (M,) rolls of a (1, H, W, 3) uint8 picture."""
        found = self.network(image.permute(0, 3, 1, 2).float())
        centers, strides = cell_centers(image.shape[1], image.shape[2])
        boxes = decode_boxes(found.log_distances[0], centers, strides)
        return boxes, found.score_logits[0].sigmoid(), decode_rolls(found.directions[0])


def export_detector(network: DetectionNetwork, metadata: DetectorMetadata, path: Path) -> None:
    """Write a network as a model file that ``AsmnetDetector(path)`` runs.

    The file appears under its name only after onnxruntime has given the same boxes and scores as
    torch on random pictures of several sizes.

    Raises:
        ModelFileError: The outputs differ, or the file does not fit the contract.
    """
    graph = DetectorGraph(network).eval()
    write_checked(path, _to_onnx(graph, metadata), partial(_check_outputs, graph))


def _to_onnx(graph: DetectorGraph, metadata: DetectorMetadata) -> bytes:
    height, width = (torch.export.Dim(name, min=1, max=_MOST_STRIDES) for name in ("h", "w"))
    return to_onnx(
        graph,
        torch.zeros(1, 8 * STRIDES[-1], 10 * STRIDES[-1], 3, dtype=torch.uint8),
        output_names=["boxes", "scores", "rolls"],
        dynamic_shape={1: STRIDES[-1] * height, 2: STRIDES[-1] * width},
        metadata=(DETECTOR_METADATA_KEY, metadata.to_json()),
    )


def _check_outputs(graph: DetectorGraph, path: Path) -> None:
    session = OnnxSession(path, device="cpu")
    read_detector_contract(session)
    generator = np.random.default_rng(0)
    for height, width in _CHECKED_HW:
        picture = generator.integers(0, 256, (1, height, width, 3), np.uint8)
        with torch.inference_mode():
            found = [values.numpy() for values in graph(torch.from_numpy(picture))]
        outputs = session.run({"image": picture})
        check_close("boxes", outputs["boxes"], found[0], BOX_TOLERANCE)
        check_close("scores", outputs["scores"], found[1], SCORE_TOLERANCE)
        apart = np.abs(outputs["rolls"] - found[2])
        check_close("rolls", np.minimum(apart, 360 - apart), np.zeros_like(apart), ROLL_TOLERANCE)
