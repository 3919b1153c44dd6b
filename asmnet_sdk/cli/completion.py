"""``asmnet completion``: a script that lets the shell complete commands, options and names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.errors import missing_extra
from asmnet_sdk.hub.registry import available_models

__all__ = ["add_parser"]

_SHELLS = ("bash", "zsh", "fish")


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "completion",
        help="complete commands and options in the shell",
        description="Print a script with which the shell completes commands, options, model "
        "names and files. Install it once; it takes effect in a new shell.",
        epilog=(
            "Examples:\n"
            "  asmnet completion bash > ~/.local/share/bash-completion/completions/asmnet\n"
            "  asmnet completion zsh > ~/.zfunc/_asmnet   # a folder of $fpath\n"
            "  asmnet completion fish > ~/.config/fish/completions/asmnet.fish\n"
            "Or, in the shell's start file:\n"
            "  source <(asmnet completion bash)\n"
            "Needs shtab: pip install 'asmnet-sdk[completion]'"
        ),
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=", ".join(_SHELLS))
    parser.set_defaults(run=partial(run, commands))


def run(commands: Subcommands, options: argparse.Namespace) -> int:
    """Print the script for all of ``asmnet``."""
    try:
        import shtab
    except ImportError as exc:
        raise missing_extra("asmnet completion", "completion", "shtab") from exc
    names = _known_names()
    for action in (action for command in commands.choices.values() for action in command._actions):
        if action.choices is None and action.dest in names:
            action.choices = names[action.dest]
        elif action.choices is None and (action.type is Path or not action.option_strings):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(options.program, options.shell))
    return 0


def _known_names() -> Mapping[str, tuple[str, ...]]:
    """Return, by the argument that takes them, names that its parser does not list."""
    from asmnet_sdk.detection import DETECTORS
    from asmnet_sdk.runtime.session import DEVICES

    models = available_models()
    aligners = tuple(spec.name for spec in models if spec.kind == "aligner")
    devices = ("auto", *DEVICES)
    return {
        "model": aligners,
        "models": aligners,
        "names": tuple(spec.name for spec in models),
        "detector": ("default", *DETECTORS),
        "device": devices,
        "devices": devices,
    }
