"""The contract of detector files, so that no detector of ours needs code of its own.

Input ``image``: uint8 (1, H, W, 3) RGB, H and W multiples of the stride. Outputs: ``boxes`` float32
(M, 4), the face boxes x_min, y_min, x_max, y_max in pixels of that picture, (0, 0) being the centre
of the top-left pixel; ``scores`` float32 (M,) in [0, 1]. Boxes may overlap. A JSON text under
``metadata_props["asmnet_sdk_detector"]`` describes the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from asmnet_sdk.runtime.contracts import check_tensor, is_number, misfit, parse_metadata
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["DETECTOR_METADATA_KEY", "DetectorMetadata", "read_detector_contract"]

DETECTOR_METADATA_KEY = "asmnet_sdk_detector"
_FORMAT_VERSION = 1
_LARGEST_SIDE = 2560


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorMetadata:
    """What a detector file says of itself.

    Attributes:
        name: Name of the model.
        stride: Height and width of the input picture are multiples of this.
        long_side: Long side of the input picture, in pixels, that suits most photos.
        smallest_face: Longer side, in pixels of the input picture, of the smallest faces that are
            found dependably.
        score_threshold: Boxes that score less are rather no faces.
        training_data: What it was trained on, and the terms of that data.
        licence: Licence of the weights.
        figures: Measured figures by name.
        kind: Always ``"detector"``.
        format_version: Version of this contract.
    """

    name: str
    stride: int
    long_side: int
    smallest_face: float
    score_threshold: float
    training_data: str
    licence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    kind: str = "detector"
    format_version: int = _FORMAT_VERSION

    def to_json(self) -> str:
        """Return the text that goes into the model file."""
        return json.dumps(asdict(self), ensure_ascii=False)


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
    return metadata


def _check_metadata(session: OnnxSession, metadata: DetectorMetadata) -> None:
    if metadata.kind != "detector":
        raise misfit(session.path, f"kind {metadata.kind!r}, needed 'detector'")
    for name in ("stride", "long_side"):
        side = getattr(metadata, name)
        if not (type(side) is int and 1 <= side <= _LARGEST_SIDE):
            raise misfit(session.path, f"{name} {side!r} is not in 1 to {_LARGEST_SIDE}")
    if not (is_number(metadata.smallest_face) and metadata.smallest_face > 0):
        raise misfit(session.path, f"smallest_face {metadata.smallest_face!r} is not above 0")
    if not (is_number(metadata.score_threshold) and 0 <= metadata.score_threshold <= 1):
        raise misfit(session.path, f"score_threshold {metadata.score_threshold!r} is not in [0, 1]")
