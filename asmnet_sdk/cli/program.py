"""The program ``asmnet``: from words to a command, and from errors to exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import asmnet_sdk
from asmnet_sdk.cli import (
    benchmark,
    completion,
    doctor,
    download,
    evaluate,
    export,
    label,
    models,
    predict,
    publish,
    sample,
    train,
    video,
)
from asmnet_sdk.cli.parsing import CommandParser, HelpFormatter, option_names, suggest
from asmnet_sdk.cli.terminal import complain
from asmnet_sdk.errors import AsmnetError, in_brief

__all__ = ["main", "make_parser"]

_COMMANDS = (
    predict,
    video,
    evaluate,
    benchmark,
    models,
    download,
    doctor,
    sample,
    label,
    train,
    export,
    publish,
    completion,
)

_CLOSED_PIPE = 141  # as shells report a program that a closed pipe has ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 all went well, 1 something failed, 130 interrupted, 141 the reader of the
        output has gone.

    Raises:
        SystemExit: With code 2 on wrong usage, with 0 after ``--help`` and ``--version``.
    """
    _accept_any_text()
    _keep_bars_to_terminals()
    options = _parse(sys.argv[1:] if arguments is None else list(arguments))
    try:
        code: int = options.run(options)
        _flush()
    except BrokenPipeError:
        _discard_output()
        return _CLOSED_PIPE
    except (AsmnetError, OSError) as error:
        _discard_output()
        complain(_describe(error))
        return 1
    except (ImportError, AttributeError) as error:
        if not _is_broken_installation(error):
            raise
        _discard_output()
        complain(f"{_describe(error)}; `asmnet doctor` says what is broken and how to mend it")
        return 1
    except KeyboardInterrupt:
        _discard_output()
        print(f"asmnet: {options.interrupted}", file=sys.stderr)
        return 130
    return code


def make_parser() -> tuple[CommandParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of ``asmnet`` and those of its commands, by name."""
    parser = CommandParser(
        prog="asmnet",
        description="Facial landmarks and head pose on a plain CPU.",
        epilog=(
            "Examples:\n"
            "  asmnet predict photo.jpg\n"
            "  asmnet predict photos/ --csv faces.csv --report faces.html\n"
            "  asmnet predict --help\n\n"
            "Exit codes: 0 success, 1 something failed, 2 wrong usage, 130 interrupted."
        ),
        formatter_class=HelpFormatter,
        add_help=False,
    )
    parser.set_defaults(interrupted="interrupted")  # commands say what is left
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    own = parser.add_argument_group("options")
    own.add_argument("-h", "--help", action="help", help="show this help and exit")
    version = asmnet_sdk.__version__
    own.add_argument("--version", action="version", version=version, help="show the version")
    for command in _COMMANDS:
        command.add_parser(commands)
    for subparser in commands.choices.values():
        subparser.formatter_class = HelpFormatter
        subparser.set_defaults(program=parser, parser=subparser)
    return parser, dict(commands.choices)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser, commands = make_parser()
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(2)
    name = arguments[0]
    if not name.startswith("-") and name not in commands:
        parser.error(f"there is no command {name!r}{suggest(name, commands)}")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        hint = suggest(unknown[0], option_names(options.parser))
        options.parser.error(f"unknown argument {unknown[0]!r}{hint}")
    return options


def _describe(error: Exception) -> str:
    """Return an error in one line."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{in_brief(error.filename)}: "
        text = where + error.strerror
    return " ".join(text.split())


_COMPILED = ("cv2", "numpy", "onnxruntime")


def _is_broken_installation(error: ImportError | AttributeError) -> bool:
    """Say whether a library is missing or damaged: what a removed package leaves behind, say."""
    if isinstance(error, ImportError):
        named = error.name or ""
        return named.partition(".")[0] in (*_COMPILED, "huggingface_hub") or ".so" in str(error)
    return getattr(error.obj, "__name__", "").partition(".")[0] in _COMPILED


def _accept_any_text() -> None:
    """Write UTF-8 to files and pipes; let a terminal show as escapes what its encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _keep_bars_to_terminals() -> None:
    """Let huggingface_hub draw no bars into logs; it reads this when it is imported."""
    if sys.stderr is None or not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _discard_output() -> None:
    """Drop what cannot be written, or Python complains about it at exit."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
