"""What every model contract checks: the JSON text in the file, which may come from anywhere, and
the tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import is_finite
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.runtime.session import OnnxSession

__all__ = [
    "Metadata",
    "check_tensor",
    "check_values",
    "is_within",
    "misfit",
    "parse_metadata",
]

_LARGEST_OUTPUT = 1e6
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What every model file says of itself."""

    name: str
    """Name of the model."""
    training_data: str
    """What it was trained on, and the terms of that data."""
    licence: str
    """Licence of the weights."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Measured figures by name."""
    format_version: int
    """Version of the contract that the file obeys."""

    def to_json(self) -> str:
        """Return the text that goes into the model file."""
        return json.dumps(asdict(self), ensure_ascii=False)


_AnyMetadata = TypeVar("_AnyMetadata", bound=Metadata)


def parse_metadata(
    session: OnnxSession, key: str, metadata_type: type[_AnyMetadata], *, format_version: int
) -> _AnyMetadata:
    """Read what a model file says of itself; the fields that all models have are checked.

    Args:
        session: The loaded model.
        key: Name of the JSON text in the file.
        metadata_type: A dataclass whose fields are the names in that text.
        format_version: The one that this package reads.

    Raises:
        ModelFileError: The text is missing or broken, of another version, or a value makes no
            sense.
    """
    text = session.metadata.get(key)
    if text is None:
        raise misfit(session.path, f"no metadata {key!r} in the file")
    try:
        metadata = metadata_type(**_parse_json_object(text))
    except (TypeError, ValueError) as exc:
        raise misfit(session.path, f"metadata {key!r} is broken ({exc})") from exc
    if metadata.format_version != format_version:
        version = metadata.format_version
        raise misfit(
            session.path, f"format version {version!r}, this package reads {format_version}"
        )
    for name in ("name", "training_data", "licence"):
        if not _is_text(getattr(metadata, name)):
            raise misfit(session.path, f"{name} {getattr(metadata, name)!r} is no text")
    figures = metadata.figures
    if not isinstance(figures, dict) or not all(map(is_finite, figures.values())):
        raise misfit(session.path, "figures are no numbers by name")
    return metadata


def check_tensor(
    session: OnnxSession,
    tensors: Mapping[str, Any],
    name: str,
    dtype: str,
    shape: tuple[int | None, ...],
) -> None:
    """Check an input or output of a model.

    Args:
        session: The loaded model.
        tensors: Its inputs or its outputs.
        name: Name of the tensor.
        dtype: As onnxruntime writes it, such as ``"tensor(float)"``.
        shape: None fits any length, and the file may leave any length open.

    Raises:
        ModelFileError: There is no such tensor, or it is another one.
    """
    if name not in tensors:
        raise misfit(session.path, f"no tensor {name!r} (there are {', '.join(tensors)})")
    found = tensors[name]
    fits = len(found.shape) == len(shape) and all(
        wanted is None or not isinstance(is_, int) or is_ == wanted
        for is_, wanted in zip(found.shape, shape, strict=True)
    )
    if found.type != dtype or not fits:
        needed = ", ".join("N" if wanted is None else str(wanted) for wanted in shape)
        raise misfit(
            session.path, f"{name!r} is {found.type} {found.shape}, needed {dtype} ({needed})"
        )


def check_values(
    path: Path, name: str, values: NDArray[np.float32], shape: tuple[int, ...]
) -> None:
    """Check what a model gave: a file may promise open shapes.

    Args:
        path: The model file.
        name: Name of the output.
        values: The output.
        shape: What its shape is to be.

    Raises:
        ModelFileError: The shape does not fit, or a value is not finite or far out of range.
    """
    if values.shape != shape or not is_within(values, -_LARGEST_OUTPUT, _LARGEST_OUTPUT):
        raise misfit(
            path,
            f"it gave {name!r} of shape {values.shape}, needed {shape} and numbers that make sense",
        )


def is_within(values: NDArray[np.float32], low: float, high: float) -> bool:
    """Say whether all values are finite, ``low`` or more, and less than ``high``.

    By OpenCV: after a run numpy's reductions are out of the caches and take twice as long.
    """
    return cv2.checkRange(values, quiet=True, minVal=low, maxVal=high)[0]


def misfit(path: Path, reason: str) -> ModelFileError:
    """Return the error that says in what a model breaks its contract, however long the value."""
    return ModelFileError(f"{path} does not fit the model contract: {reason[:_LONGEST_REASON]}")


def _parse_json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _is_text(value: object) -> bool:
    """Say whether a JSON value is a text that can be written as UTF-8."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)
