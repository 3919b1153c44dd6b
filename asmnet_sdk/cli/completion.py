"""``asmnet completion``: a script that lets the shell complete commands, options and names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from asmnet_sdk.cli.completion_scripts import WRITERS, Argument, Command
from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.hub.registry import available_models

__all__ = ["add_parser", "describe_commands"]


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
            "  source <(asmnet completion bash)"
        ),
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(WRITERS), help="bash, zsh or fish")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    from asmnet_sdk.cli.program import make_parser

    parser, commands = make_parser()
    print(WRITERS[options.shell](describe_commands(parser, commands)), end="")  # noqa: T201
    return 0


def describe_commands(
    parser: argparse.ArgumentParser, commands: Mapping[str, argparse.ArgumentParser]
) -> list[Command]:
    """Return what can be completed; the first entry is ``asmnet`` itself, without a name."""
    summaries = {
        choice.dest: choice.help or ""
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for choice in action._choices_actions
    }
    names = _known_names()
    described = [_describe("", "", parser, names)]
    described += [_describe(name, summaries[name], p, names) for name, p in commands.items()]
    return described


def _describe(
    name: str, summary: str, parser: argparse.ArgumentParser, names: Mapping[str, tuple[str, ...]]
) -> Command:
    arguments = [
        _argument(action, names)
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction)
    ]
    return Command(name=name, summary=summary, arguments=tuple(arguments))


def _argument(action: argparse.Action, names: Mapping[str, tuple[str, ...]]) -> Argument:
    is_option = bool(action.option_strings)
    words = tuple(map(str, action.choices or ())) or names.get(action.dest, ())
    takes_files = action.type is Path or action.dest == "model" or not is_option
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    return Argument(
        options=tuple(action.option_strings),
        metavar=metavar,
        summary=" ".join(((action.help or "") % vars(action)).split()),
        count=1 if action.nargs is None else action.nargs,
        words=words,
        has_files=takes_files and not (words and action.dest != "model"),
    )


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
