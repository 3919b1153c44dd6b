"""The contract of detector files, so that no detector of ours needs code of its own.

Input ``image``: uint8 (1, H, W, 3) RGB, H and W multiples of the stride. Outputs: ``boxes`` float32
(M, 4), the face boxes x_min, y_min, x_max, y_max in pixels of that picture, (0, 0) being the centre
of the top-left pixel; ``scores`` float32 (M,) in [0, 1]; optional ``rolls`` float32 (M,), degrees
by which the head is turned clockwise in that picture. Boxes may overlap. A JSON text under
``metadata_props["asmnet_sdk_detector"]`` describes the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import is_finite
from asmnet_sdk.detection.scales import LARGEST_SIDE
from asmnet_sdk.runtime.contracts import (
    Metadata,
    check_tensor,
    check_values,
    misfit,
    parse_metadata,
)
from asmnet_sdk.runtime.session import OnnxSession

__all__ = [
    "DETECTOR_METADATA_KEY",
    "DetectorMetadata",
    "check_outputs",
    "read_detector_contract",
]

DETECTOR_METADATA_KEY = "asmnet_sdk_detector"
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorMetadata(Metadata):
    """What a detector file says of itself."""

    stride: int
    """Height and width of the input picture are multiples of this."""
    long_side: int
    """Long side of the input picture, in pixels, that suits most photos."""
    smallest_face: float
    """Longer side, in pixels of the input picture, of the smallest faces found dependably."""
    score_threshold: float
    """Boxes that score less are rather no faces."""
    kind: str = "detector"
    """Always ``"detector"``."""
    format_version: int = _FORMAT_VERSION
    """Version of this contract."""

    def __repr__(self) -> str:
        of = f"long_side={self.long_side}, smallest_face={self.smallest_face}"
        return f"DetectorMetadata({self.name!r}, {of}, licence={self.licence!r})"


def read_detector_contract(session: OnnxSession) -> DetectorMetadata:
    """Check a loaded model against the contract.

    Raises:
        ModelFileError: Metadata or tensors are missing or do not fit; the message says which.
    """
    metadata = parse_metadata(
        session, DETECTOR_METADATA_KEY, DetectorMetadata, format_version=_FORMAT_VERSION
    )
    _check_metadata(session, metadata)
    check_tensor(session, session.inputs, "image", "tensor(uint8)", (None, None, None, 3))
    check_tensor(session, session.outputs, "boxes", "tensor(float)", (None, 4))
    check_tensor(session, session.outputs, "scores", "tensor(float)", (None,))
    if "rolls" in session.outputs:
        check_tensor(session, session.outputs, "rolls", "tensor(float)", (None,))
    return metadata


def check_outputs(
    outputs: Mapping[str, NDArray[np.float32]], *, score_threshold: float, path: Path
) -> None:
    """Check what a model gave for a picture: a file may promise open shapes.

    Raises:
        ModelFileError: A shape does not fit, a value is not finite or far out of range, or a box
            that scores more than the threshold is empty or inverted.
    """
    boxes, scores = outputs["boxes"], outputs["scores"]
    check_values(path, "scores", scores, (scores.size,))
    check_values(path, "boxes", boxes, (scores.size, 4))
    if "rolls" in outputs:
        check_values(path, "rolls", outputs["rolls"], (scores.size,))
    wanted = boxes[scores > score_threshold]
    if (wanted[:, 2:] <= wanted[:, :2]).any():
        raise misfit(path, "it gave 'boxes' that are empty or inverted")


def _check_metadata(session: OnnxSession, metadata: DetectorMetadata) -> None:
    if metadata.kind != "detector":
        raise misfit(session.path, f"kind {metadata.kind!r}, needed 'detector'")
    for name in ("stride", "long_side"):
        side = getattr(metadata, name)
        if not (type(side) is int and 1 <= side <= LARGEST_SIDE):
            raise misfit(session.path, f"{name} {side!r} is not in 1 to {LARGEST_SIDE}")
    if not (is_finite(metadata.smallest_face) and metadata.smallest_face > 0):
        raise misfit(session.path, f"smallest_face {metadata.smallest_face!r} is not above 0")
    if not (is_finite(metadata.score_threshold) and 0 <= metadata.score_threshold <= 1):
        raise misfit(session.path, f"score_threshold {metadata.score_threshold!r} is not in [0, 1]")
