"""``asmnet download``: fetch models for later use without a network."""

from __future__ import annotations

import argparse

from asmnet_sdk.cli.common import Subcommands
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub import resolve_model
from asmnet_sdk.models import available_models

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "download",
        help="fetch models for offline use",
        description="Fetch models into the Hub's cache and print where they lie.",
        epilog="Example: asmnet download yunet",
    )
    parser.add_argument("names", nargs="*", metavar="MODEL", help="registry names or owner/name")
    parser.add_argument("--all", action="store_true", help="every model of the registry")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch the models named, or all of them."""
    names = [spec.name for spec in available_models()] if options.all else options.names
    if not names:
        raise InvalidInputError("name a model, or use --all; `asmnet models` lists them")
    for name in names:
        print(f"{name}  {resolve_model(name)}")  # noqa: T201
    return 0
