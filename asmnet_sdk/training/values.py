"""The value of one key of a run: of which kind it must be, and how TOML writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

from asmnet_sdk.arguments import is_finite, is_whole
from asmnet_sdk.errors import InvalidInputError

__all__ = ["parse_value", "to_toml"]


def to_toml(value: object) -> str:
    """Return a value as TOML, which for all but tables is written like JSON."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(k)} = {to_toml(v)}' for k, v in value.items())}}}"
    return json.dumps(value, default=str, ensure_ascii=False)


def parse_value(field: Field[Any], value: object) -> object:
    """Return a value as its field has it.

    Raises:
        InvalidInputError: It is of another kind.
    """
    needed, is_fit, convert = _KINDS[str(field.type)]
    if not is_fit(value):
        raise InvalidInputError(f"{field.name} is {value!r}; needed: {needed}")
    return convert(value)


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) and str(value) != ""


def _is_path_list(value: object) -> bool:
    return isinstance(value, list | tuple) and all(_is_path(item) for item in value)


# Annotation of a field -> what is needed, whether a value is that, and how it is converted.
_KINDS: Mapping[str, tuple[str, Callable[[object], bool], Callable[[Any], object]]] = {
    "int": ("a whole number", is_whole, int),
    "float": ("a number", is_finite, float),
    "bool": ("true or false", lambda value: isinstance(value, bool), bool),
    "str": ("a text", lambda value: isinstance(value, str), str),
    "Mapping[str, Any] | None": ("a table", lambda value: isinstance(value, Mapping), dict),
    "Path": ("a path", _is_path, Path),
    "Path | None": ("a path", _is_path, Path),
    "tuple[float, ...]": (
        "a list of numbers",
        lambda value: isinstance(value, list | tuple) and all(map(is_finite, value)),
        lambda value: tuple(float(item) for item in value),
    ),
    "tuple[Path, ...]": (
        "a list of paths",
        _is_path_list,
        lambda value: tuple(Path(item) for item in value),
    ),
}
