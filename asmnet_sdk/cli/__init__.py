"""The command ``asmnet``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asmnet_sdk.cli.program import main

__all__ = ["main"]


def __getattr__(name: str) -> object:
    """Load the program when it is first asked for: rooms of this wing are imported without it."""
    if name != "main":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from asmnet_sdk.cli.program import main

    return main
