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
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.layouts import LAYOUTS, Layout
from asmnet_sdk.metadata_values import is_number, is_text, parse_json_object
from asmnet_sdk.session import OnnxSession

__all__ = ["FORMAT_VERSION", "METADATA_KEY", "ModelMetadata", "check_outputs", "read_contract"]

METADATA_KEY = "asmnet_sdk"
FORMAT_VERSION = 1
_LARGEST_INPUT_SIZE = 2048
_LARGEST_OUTPUT = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata:
    """What a model file says of itself."""

    name: str
    """Name of the model."""
    layout: str
    """Name of its landmark layout."""
    input_size: int
    """S, the side of the crop in pixels."""
    crop_scale: float
    """Crop side / longer side of the face box."""
    training_data: str
    """What it was trained on, and the terms of that data."""
    licence: str
    """Licence of the weights."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Measured figures by name."""
    format_version: int = FORMAT_VERSION
    """Version of this contract."""

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


def check_outputs(
    outputs: Mapping[str, NDArray[np.float32]], *, layout: Layout, count: int, path: Path
) -> None:
    """Check what a model gave for ``count`` crops: a file may promise open shapes.

    Raises:
        ModelFileError: A shape does not fit, or a value is not finite or far out of range.
    """
    shapes = {
        "landmarks": (count, layout.point_count, 2),
        "head_pose": (count, 3),
        "landmark_sigma": (count, layout.point_count),
        "face_score": (count,),
    }
    for name in shapes.keys() & outputs.keys():
        values = outputs[name]
        if values.shape != shapes[name] or not np.abs(values).max() <= _LARGEST_OUTPUT:
            raise ModelFileError(
                f"{path} does not fit the model contract: it gave {name!r} of shape "
                f"{values.shape}, needed {shapes[name]} and numbers that make sense"
            )


def _parse_metadata(session: OnnxSession) -> ModelMetadata:
    text = session.metadata.get(METADATA_KEY)
    if text is None:
        raise _misfit(session, f"no metadata {METADATA_KEY!r} in the file")
    try:
        metadata = ModelMetadata(**parse_json_object(text))
    except (TypeError, ValueError) as exc:
        raise _misfit(session, f"metadata {METADATA_KEY!r} is broken ({exc})") from exc
    if metadata.format_version != FORMAT_VERSION:
        raise _misfit(
            session,
            f"format version {metadata.format_version!r}, this package reads {FORMAT_VERSION}",
        )
    for name in ("name", "layout", "training_data", "licence"):
        if not is_text(getattr(metadata, name)):
            raise _misfit(session, f"{name} {getattr(metadata, name)!r} is no text")
    size = metadata.input_size
    if not (type(size) is int and 1 <= size <= _LARGEST_INPUT_SIZE):
        raise _misfit(session, f"input_size {size!r} is not in 1 to {_LARGEST_INPUT_SIZE}")
    if not (is_number(metadata.crop_scale) and 0.5 <= metadata.crop_scale <= 4):
        raise _misfit(session, f"crop_scale {metadata.crop_scale!r} is not in [0.5, 4]")
    if not isinstance(metadata.figures, dict) or not all(map(is_number, metadata.figures.values())):
        raise _misfit(session, "figures are no numbers by name")
    return metadata


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
