"""``asmnet download``: fetch models for later use without a network."""

from __future__ import annotations

import argparse

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.terminal import complain
from asmnet_sdk.errors import AsmnetError
from asmnet_sdk.hub.registry import available_models
from asmnet_sdk.hub.resolving import resolve_model

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "download",
        help="fetch models for offline use",
        description="Fetch models into the Hub's cache and print where they lie.",
        epilog="Example: asmnet download yunet",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="MODEL",
        help="names of `asmnet models`, or Hub repositories OWNER/NAME",
    )
    parser.add_argument("--all", action="store_true", help="every model of `asmnet models`")
    parser.add_argument(
        "--revision", metavar="TAG", help="tag, branch or commit of owner/name (default: main)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch the models named, or all of them; one that fails does not stop the rest."""
    names = [spec.name for spec in available_models()] if options.all else options.names
    if not names:
        options.parser.error("name a model, or use --all; `asmnet models` lists them")
    have_come = [_fetch(name, options.revision) for name in names]
    return 0 if all(have_come) else 1


def _fetch(name: str, revision: str | None) -> bool:
    try:
        path = resolve_model(name, revision=revision)
    except AsmnetError as error:
        complain(str(error))
        return False
    print(f"{name}  {path}")
    return True
