"""The command ``asmnet``."""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, as ``asmnet_sdk.cli.program.main`` says.

    The program is loaded here: rooms of this wing are imported without it, and Ctrl-C while it
    loads is an interruption like any other.
    """
    try:
        from asmnet_sdk.cli import program

        return program.main(arguments)
    except KeyboardInterrupt:
        print("asmnet: interrupted", file=sys.stderr)
        return 130
