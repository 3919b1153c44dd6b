"""How ``asmnet`` reads its arguments: help as written, wrong usage in one line with a hint."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

from asmnet_sdk.cli.terminal import complain

__all__ = [
    "CommandParser",
    "HelpFormatter",
    "Subcommands",
    "above_zero",
    "at_least_one",
    "option_names",
    "port_number",
    "share",
    "suggest",
    "whole_number",
]

_LAST_PORT = 65535
_NEGATIVE_NUMBER = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class HelpFormatter(argparse.HelpFormatter):
    """Keeps indented lines of descriptions and epilogs, such as examples; wraps the rest."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)

    def add_argument(self, action: argparse.Action) -> None:
        """Make room for one more argument."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment  # argparse forgets it

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        if isinstance(action, argparse._SubParsersAction):
            return text.split("\n", maxsplit=1)[1]  # without the placeholder above the commands
        return text

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (
            line if line.startswith(" ") else super(HelpFormatter, self)._fill_text(line, width, "")
            for line in text.splitlines()
        )
        return "\n".join(indent + line for line in lines)


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors are one line, and to which -1e-05 is a number as well as -1."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._negative_number_matcher = _NEGATIVE_NUMBER

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to read on; exit with code 2."""
        complain(f"{' '.join(message.split())}; see {self.prog} --help")
        self.exit(2)


def at_least_one(text: str) -> int:
    """Read a whole number from 1.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def whole_number(text: str) -> int:
    """Read a whole number from 0.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def port_number(text: str) -> int:
    """Read the number of a TCP port; 0 is any that is free.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if whole_number(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to {_LAST_PORT}")
    return int(text)


def share(text: str) -> float:
    """Read a number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not 0 <= _number(text) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return float(text)


def above_zero(text: str) -> float:
    """Read a number above 0.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not _number(text) > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return float(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def option_names(parser: argparse.ArgumentParser) -> list[str]:
    """Return every option of a parser, short and long."""
    return [name for action in parser._actions for name in action.option_strings]


def suggest(word: str, names: Iterable[str]) -> str:
    """Return ``" (did you mean ...?)"`` where one of the names is close, else nothing."""
    close = difflib.get_close_matches(word.split("=", maxsplit=1)[0], list(names), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
