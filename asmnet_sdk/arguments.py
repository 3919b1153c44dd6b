"""What callers give: refused by its name where it is of another kind than needed."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import TypeAlias, TypeGuard, TypeVar

from asmnet_sdk.errors import InvalidInputError, in_brief

__all__ = [
    "PathInput",
    "as_path",
    "check_choice",
    "check_count",
    "check_flags",
    "check_kind",
    "check_positive",
    "check_share",
    "is_finite",
    "is_float",
    "is_number",
    "is_whole",
    "list_of",
    "numbers_in",
    "require",
]

_Item = TypeVar("_Item")

PathInput: TypeAlias = str | os.PathLike[str]


def require(name: str, value: object, is_met: bool, needed: str) -> None:
    """Refuse a value that does not meet what is needed.

    Raises:
        InvalidInputError: The message says what came and what is needed.
    """
    if not is_met:
        raise InvalidInputError(f"{name} is {in_brief(repr(value))}; needed: {needed}")


def check_kind(name: str, value: object, kind: type, needed: str = "") -> None:
    """Refuse what is no object of a class.

    Raises:
        InvalidInputError: The message names it.
    """
    if not isinstance(value, kind):
        require(name, value, False, needed or f"a {kind.__name__}")


def list_of(kind: type[_Item], name: str, values: Iterable[_Item]) -> list[_Item]:
    """Return what is to be objects of a class, as a list.

    Raises:
        InvalidInputError: They are not several, or one of them is something else.
    """
    try:
        items = list(values)
    except TypeError:
        require(name, values, False, f"a list of {kind.__name__} objects")
    for index, item in enumerate(items):
        check_kind(f"{name}[{index}]", item, kind)
    return items


def as_path(name: str, value: PathInput) -> Path:
    """Return a path that came as a path or a text.

    Raises:
        InvalidInputError: It is something else.
    """
    is_path = isinstance(value, (str, os.PathLike)) and "\0" not in os.fsdecode(value)
    require(name, value, is_path, "a path")
    return Path(os.fsdecode(value))


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse what is none of a few texts.

    Raises:
        InvalidInputError: The message lists them.
    """
    is_one = isinstance(value, str) and value in choices
    require(name, value, is_one, " or ".join(map(repr, choices)))


def check_flags(**flags: object) -> None:
    """Refuse what is neither true nor false, as an array of several numbers.

    Raises:
        InvalidInputError: The message names it.
    """
    for name, value in flags.items():
        require(name, value, _is_clear(value), "True or False")


def check_positive(name: str, value: float | None) -> None:
    """Refuse what is no number above 0; None is no limit.

    Raises:
        InvalidInputError: The message names the number.
    """
    is_positive = value is None or (is_number(value) and value > 0)
    require(name, value, is_positive, "a number above 0")


def check_count(name: str, value: int | None) -> None:
    """Refuse what is no whole number from 1; None is no limit.

    Raises:
        InvalidInputError: The message names the number.
    """
    is_count = value is None or (is_whole(value) and value > 0)
    require(name, value, is_count, "a whole number from 1")


def check_share(name: str, value: float | None) -> None:
    """Refuse what is no number from 0 to 1; None is none.

    Raises:
        InvalidInputError: The message names the number.
    """
    is_share = value is None or (is_number(value) and 0 <= value <= 1)
    require(name, value, is_share, "a number from 0 to 1")


def _is_clear(flag: object) -> bool:
    try:
        bool(flag)
    except ValueError:
        return False
    return True


def is_whole(value: object) -> TypeGuard[int]:
    """Say whether a value is a whole number, also one of numpy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is a real number, also one of numpy or one that is not finite."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_finite(value: object) -> bool:
    """Say whether a value is a real number that a float can hold."""
    return is_number(value) and abs(value) <= sys.float_info.max


def is_float(value: object) -> bool:
    """Say whether Python takes a value for a number: one of any library, finite or not."""
    try:
        math.isnan(value)  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        return False
    return True


def numbers_in(values: object) -> list[float]:
    """Return the numbers that values hold; none if one of them is something else."""
    try:
        items = list(values)  # type: ignore[call-overload]
    except TypeError:
        return []
    return items if all(map(is_number, items)) else []
