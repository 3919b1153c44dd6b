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

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.metadata_values import is_number, is_text, parse_json_object
from asmnet_sdk.session import OnnxSession

__all__ = ["DETECTOR_METADATA_KEY", "DetectorMetadata", "read_detector_contract"]

DETECTOR_METADATA_KEY = "asmnet_sdk_detector"
_FORMAT_VERSION = 1
_LARGEST_SIDE = 2560
_RANK_AND_TYPE = {
    "image": (4, "tensor(uint8)"),
    "boxes": (2, "tensor(float)"),
    "scores": (1, "tensor(float)"),
}


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
    metadata = _parse_metadata(session)
    tensors = {**session.inputs, **session.outputs}
    for name, (rank, dtype) in _RANK_AND_TYPE.items():
        if name not in tensors:
            raise _misfit(session, f"no tensor {name!r} (there are {', '.join(tensors)})")
        found = tensors[name]
        if found.type != dtype or len(found.shape) != rank:
            raise _misfit(session, f"{name!r} is {found.type} {found.shape}, needed {dtype}")
    return metadata


def _parse_metadata(session: OnnxSession) -> DetectorMetadata:
    text = session.metadata.get(DETECTOR_METADATA_KEY)
    if text is None:
        raise _misfit(session, f"no metadata {DETECTOR_METADATA_KEY!r} in the file")
    try:
        metadata = DetectorMetadata(**parse_json_object(text))
    except (TypeError, ValueError) as exc:
        raise _misfit(session, f"metadata {DETECTOR_METADATA_KEY!r} is broken ({exc})") from exc
    if metadata.format_version != _FORMAT_VERSION or metadata.kind != "detector":
        raise _misfit(
            session,
            f"a {metadata.kind!r} of format version {metadata.format_version!r}; "
            f"this package reads a 'detector' of version {_FORMAT_VERSION}",
        )
    if not _is_usable(metadata):
        raise _misfit(session, f"metadata is broken, a value is out of range: {text[:1000]}")
    return metadata


def _is_usable(metadata: DetectorMetadata) -> bool:
    sides = (metadata.stride, metadata.long_side)
    return (
        all(type(side) is int and 1 <= side <= _LARGEST_SIDE for side in sides)
        and is_number(metadata.smallest_face)
        and metadata.smallest_face > 0
        and is_number(metadata.score_threshold)
        and 0 <= metadata.score_threshold <= 1
        and all(map(is_text, (metadata.name, metadata.training_data, metadata.licence)))
        and isinstance(metadata.figures, dict)
        and all(map(is_number, metadata.figures.values()))
    )


def _misfit(session: OnnxSession, reason: str) -> ModelFileError:
    return ModelFileError(f"{session.path} does not fit the detector contract: {reason}")
