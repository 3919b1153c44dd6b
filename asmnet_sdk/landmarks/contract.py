"""The contract that every alignment model obeys, so that no model needs code of its own.

Input ``image``: uint8 (N, S, S, 3) RGB. Outputs: ``landmarks`` float32 (N, K, 2) in [0, 1] of the
crop; ``head_pose`` float32 (N, 3) yaw, pitch, roll in degrees; optional ``landmark_sigma``
(N, K) in the unit of the landmarks; optional ``landmark_visible`` (N, K) in [0, 1]; optional
``face_score`` (N,) in [0, 1]. A JSON text under ``metadata_props["asmnet_sdk"]`` describes the
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import is_finite
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import LAYOUTS, Layout, layout_from_table
from asmnet_sdk.runtime.contracts import (
    Metadata,
    check_tensor,
    check_values,
    is_within,
    misfit,
    parse_metadata,
)
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["FORMAT_VERSION", "METADATA_KEY", "ModelMetadata", "check_outputs", "read_contract"]

METADATA_KEY = "asmnet_sdk"
FORMAT_VERSION = 1
_LARGEST_INPUT_SIZE = 2048
_PROBABILITY = (-1e-45, 1 + 2**-23)  # 0 to 1: for OpenCV -0.0 is less than 0, and the end is out
_A_NUMBER_A_POINT = frozenset({"landmark_sigma", "landmark_visible"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetadata(Metadata):
    """What a landmark model says of itself."""

    layout: str
    """Name of its landmark layout."""
    input_size: int
    """S, the side of the crop in pixels."""
    crop_scale: float
    """Crop side / longer side of the face box."""
    layout_table: Mapping[str, Any] | None = None
    """What declares a layout that the package does not know, as ``layout_from_table`` takes it."""
    format_version: int = FORMAT_VERSION
    """Version of this contract."""

    def __repr__(self) -> str:
        of = f"layout={self.layout!r}, input_size={self.input_size}"
        return f"ModelMetadata({self.name!r}, {of}, licence={self.licence!r})"


def read_contract(session: OnnxSession) -> tuple[ModelMetadata, Layout]:
    """Check a loaded model against the contract.

    Raises:
        ModelFileError: Metadata or tensors are missing or do not fit; the message says which.
    """
    metadata = _read_metadata(session)
    layout = _layout_of(metadata, session)
    size, points = metadata.input_size, layout.point_count
    check_tensor(session, session.inputs, "image", "tensor(uint8)", (None, size, size, 3))
    check_tensor(session, session.outputs, "landmarks", "tensor(float)", (None, points, 2))
    check_tensor(session, session.outputs, "head_pose", "tensor(float)", (None, 3))
    for name in _A_NUMBER_A_POINT & session.outputs.keys():
        check_tensor(session, session.outputs, name, "tensor(float)", (None, points))
    if "face_score" in session.outputs:
        check_tensor(session, session.outputs, "face_score", "tensor(float)", (None,))
    return metadata, layout


def _layout_of(metadata: ModelMetadata, session: OnnxSession) -> Layout:
    """Return the layout that a file names, or declares itself."""
    if metadata.layout_table is not None:
        try:
            return layout_from_table(metadata.layout_table)
        except (InvalidInputError, TypeError, AttributeError) as exc:
            raise misfit(session.path, f"its layout is broken ({exc})") from exc
    layout = LAYOUTS.get(metadata.layout) if isinstance(metadata.layout, str) else None
    if layout is None:
        known = ", ".join(LAYOUTS)
        raise misfit(session.path, f"layout {metadata.layout!r} is none of {known}")
    return layout


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
        "face_score": (count,),
        **dict.fromkeys(_A_NUMBER_A_POINT, (count, layout.point_count)),
    }
    for name in shapes.keys() & outputs.keys():
        check_values(path, name, outputs[name], shapes[name])
    visible = outputs.get("landmark_visible")
    if visible is not None and not is_within(visible, *_PROBABILITY):
        raise misfit(path, "it gave 'landmark_visible' that is no probability in [0, 1]")


def _read_metadata(session: OnnxSession) -> ModelMetadata:
    metadata = parse_metadata(session, METADATA_KEY, ModelMetadata, format_version=FORMAT_VERSION)
    size, scale = metadata.input_size, metadata.crop_scale
    if not (type(size) is int and 1 <= size <= _LARGEST_INPUT_SIZE):
        raise misfit(session.path, f"input_size {size!r} is not in 1 to {_LARGEST_INPUT_SIZE}")
    if not (is_finite(scale) and 0.5 <= scale <= 4):
        raise misfit(session.path, f"crop_scale {scale!r} is not in [0.5, 4]")
    return metadata
