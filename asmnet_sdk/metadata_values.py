"""Values in the JSON text of a model file, which may come from anywhere."""

from __future__ import annotations

import json
import sys
from typing import Any

__all__ = ["is_number", "is_text", "parse_json_object"]


def parse_json_object(text: str) -> dict[str, Any]:
    """Read a JSON text of names and values.

    Raises:
        ValueError: It is none.
    """
    try:
        value = json.loads(text)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def is_number(value: object) -> bool:
    """Say whether a JSON value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def is_text(value: object) -> bool:
    """Say whether a JSON value is a text that can be written as UTF-8."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)
