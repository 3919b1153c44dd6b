"""Model files that may come from anywhere: read whole, and nothing outside them.

An ONNX file may name other files that hold its weights ("external data"); onnxruntime would open
them wherever they point. So the file is searched for such references before it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from asmnet_sdk.errors import ModelFileError, in_brief

__all__ = ["LARGEST_MODEL_BYTES", "read_model_file"]

LARGEST_MODEL_BYTES = 2**29
"""Larger model files (512 MiB) are refused before they are read."""

# Message -> field number -> message, as far as tensors can lie in it (onnx.proto3).
_MESSAGES: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "node": {5: "attribute"},
        "attribute": {
            5: "tensor",
            6: "graph",
            10: "tensor",
            11: "graph",
            22: "sparse",
            23: "sparse",
        },
        "sparse": {1: "tensor", 2: "tensor"},
        "function": {7: "node", 11: "attribute"},
        "training": {1: "graph", 2: "graph"},
        "tensor": {},
    }
)
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_OPERATOR, _PRECOMPILED = 4, b"EPContext"  # some providers read such a node's file
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_DEEPEST = 64
# An attribute of this name is an Einsum's; onnxruntime 1.32 never ends on one of other signs.
_ATTRIBUTE_NAME, _ATTRIBUTE_TEXT = 1, 4
_EQUATION = re.compile(
    rb"TERM(?:,TERM)*(?:->TERM)?".replace(b"TERM", rb"[A-Za-z ]*(?:\.{3}[A-Za-z ]*)?")
)


def read_model_file(path: Path) -> bytes:
    """Read an ONNX file that holds all its weights itself.

    Raises:
        ModelFileError: The file cannot be read, is larger than ``LARGEST_MODEL_BYTES``, is no
            ONNX file, or refers to other files.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_MODEL_BYTES:
            raise ModelFileError(
                f"{path} has {size} bytes; models above {LARGEST_MODEL_BYTES} are refused"
            )
        data = path.read_bytes()
    except OSError as exc:
        if isinstance(exc, ModelFileError):
            raise
        raise ModelFileError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ModelFileError(f"{in_brief(path)} is no path: {exc}") from exc
    try:
        refers_outside = _refers_outside(memoryview(data), "model", depth=0)
    except (IndexError, ValueError) as exc:
        raise ModelFileError(f"{path} is no model that onnxruntime can load: no ONNX file") from exc
    if refers_outside:
        raise ModelFileError(
            f"{path} keeps weights in other files (external data); needed: one file that holds all"
        )
    return data


def _refers_outside(message: memoryview, kind: str, *, depth: int) -> bool:
    """Say whether a tensor or precompiled part anywhere in this message is in another file."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if kind == "attribute":
        _check_equation(message)
    for field, value in _fields(message):
        if kind == "tensor" and (
            field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value != 0)
        ):
            return True
        if kind == "node" and field == _OPERATOR and _is_bytes(value, _PRECOMPILED):
            return True
        inner = _MESSAGES[kind].get(field)
        if (
            inner is not None
            and isinstance(value, memoryview)
            and _refers_outside(value, inner, depth=depth + 1)
        ):
            return True
    return False


def _check_equation(attribute: memoryview) -> None:
    """Refuse an attribute that is the equation of an Einsum, but not well formed.

    Raises:
        ValueError: It is one.
    """
    texts = {field: value for field, value in _fields(attribute) if isinstance(value, memoryview)}
    if not _is_bytes(texts.get(_ATTRIBUTE_NAME, 0), b"equation"):
        return
    if not _EQUATION.fullmatch(texts.get(_ATTRIBUTE_TEXT, b"")):
        raise ValueError("an equation that is none")


def _is_bytes(value: memoryview | int, wanted: bytes) -> bool:
    return isinstance(value, memoryview) and value == wanted


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield the fields of a protobuf message: number, and bytes or number.

    Raises:
        ValueError: This is no protobuf message.
        IndexError: It ends too early.
    """
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire_type = tag & 7
        value: memoryview | int = 0
        if wire_type == _VARINT:
            value, position = _varint(message, position)
        elif wire_type == _BYTES:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        elif wire_type in (_FIXED_32, _FIXED_64):
            position += 4 if wire_type == _FIXED_32 else 8
        else:
            raise ValueError(f"no wire type {wire_type}")
        if position > len(message):
            raise IndexError("message ends within a field")
        yield tag >> 3, value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return a variable-length number and the position behind it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("number too long")
