"""Files of tensors: written whole, and said why one cannot be read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from asmnet_sdk.whole_files import write_bytes

__all__ = ["UNREAD", "save_state", "why_unread"]

UNREAD = (OSError, RuntimeError, ValueError, LookupError, EOFError, UnpicklingError)
"""What ``torch.load`` raises, depending on how a file is damaged."""


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write what ``torch.load`` reads; the file appears only when it is complete."""
    content = BytesIO()  # torch reports a full disk as an error of its own making
    torch.save(state, content)
    write_bytes(path, content.getvalue())


def why_unread(error: Exception) -> str:
    """Return one line on why ``torch.load`` failed.

    Its own words on what it cannot unpickle advise to do so all the same, which could run code of
    the file.
    """
    said = "torch cannot read it" if isinstance(error, UnpicklingError) else str(error)
    return said.partition("\n")[0]
