"""The contract that every alignment model obeys, so that no model needs code of its own.

Input ``image``: uint8 (N, S, S, 3) RGB. Outputs: ``landmarks`` float32 (N, K, 2) in [0, 1] of the
crop; ``head_pose`` float32 (N, 3) yaw, pitch, roll in degrees; optional ``landmark_sigma``
(N, K) in the unit of the landmarks; optional ``face_score`` (N,) in [0, 1]. A JSON text under
``metadata_props["asmnet_sdk"]`` describes the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.layouts import LAYOUTS, Layout
from asmnet_sdk.session import OnnxSession

__all__ = ["FORMAT_VERSION", "METADATA_KEY", "ModelMetadata", "read_contract"]

METADATA_KEY = "asmnet_sdk"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata:
    """What a model file says of itself.

    Attributes:
        name: Name of the model.
        layout: Name of its landmark layout.
        input_size: S, the side of the crop in pixels.
        crop_scale: Crop side / longer side of the face box.
        training_data: What it was trained on, and the terms of that data.
        licence: Licence of the weights.
        figures: Measured figures by name.
        format_version: Version of this contract.
    """

    name: str
    layout: str
    input_size: int
    crop_scale: float
    training_data: str
    licence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the text that goes into the model file."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_contract(session: OnnxSession) -> tuple[ModelMetadata, Layout]:
    """Check a loaded model against the contract.

    Raises:
        ModelFileError: Metadata or tensors are missing or do not fit; the message says which.
    """
    metadata = _parse_metadata(session)
    layout = LAYOUTS.get(metadata.layout)
    if layout is None:
        raise _misfit(session, f"layout {metadata.layout!r} is none of {', '.join(LAYOUTS)}")
    size = metadata.input_size
    _check_tensor(session, session.inputs, "image", "tensor(uint8)", (None, size, size, 3))
    points = layout.point_count
    _check_tensor(session, session.outputs, "landmarks", "tensor(float)", (None, points, 2))
    _check_tensor(session, session.outputs, "head_pose", "tensor(float)", (None, 3))
    if "landmark_sigma" in session.outputs:
        _check_tensor(session, session.outputs, "landmark_sigma", "tensor(float)", (None, points))
    if "face_score" in session.outputs:
        _check_tensor(session, session.outputs, "face_score", "tensor(float)", (None,))
    return metadata, layout


def _parse_metadata(session: OnnxSession) -> ModelMetadata:
    text = session.metadata.get(METADATA_KEY)
    if text is None:
        raise _misfit(session, f"no metadata {METADATA_KEY!r} in the file")
    try:
        metadata = ModelMetadata(**json.loads(text))
    except (TypeError, ValueError) as exc:
        raise _misfit(session, f"metadata {METADATA_KEY!r} is broken ({exc})") from exc
    if metadata.format_version != FORMAT_VERSION:
        raise _misfit(
            session,
            f"format version {metadata.format_version!r}, this package reads {FORMAT_VERSION}",
        )
    if not (_is_number(metadata.crop_scale) and 0.5 <= metadata.crop_scale <= 4):
        raise _misfit(session, f"crop_scale {metadata.crop_scale!r} is not in [0.5, 4]")
    return metadata


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_tensor(
    session: OnnxSession,
    tensors: Mapping[str, Any],
    name: str,
    dtype: str,
    shape: tuple[int | None, ...],
) -> None:
    if name not in tensors:
        raise _misfit(session, f"no tensor {name!r} (there are {', '.join(tensors)})")
    found = tensors[name]
    fits = len(found.shape) == len(shape) and all(
        wanted is None or not isinstance(is_, int) or is_ == wanted
        for is_, wanted in zip(found.shape, shape, strict=True)
    )
    if found.type != dtype or not fits:
        needed = ", ".join("N" if wanted is None else str(wanted) for wanted in shape)
        raise _misfit(session, f"{name!r} is {found.type} {found.shape}, needed {dtype} ({needed})")


def _misfit(session: OnnxSession, reason: str) -> ModelFileError:
    return ModelFileError(f"{session.path} does not fit the model contract: {reason}")
