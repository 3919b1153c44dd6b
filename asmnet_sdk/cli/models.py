"""``asmnet models``: the models there are."""

from __future__ import annotations

import argparse

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.hub.registry import available_models

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "models",
        help="list the models",
        description="List the models that have a name: what they find, where they lie and under "
        "which licence.",
        epilog="Example: asmnet models, then asmnet predict photo.jpg --model asmnet-68-int8",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the registry as a table."""
    rows = [
        (
            spec.name,
            spec.kind,
            "in the package" if spec.embedded else spec.repository,
            spec.licence,
            spec.summary,
        )
        for spec in available_models()
    ]
    print_table(("name", "kind", "where", "licence", "summary"), rows)
    return 0
