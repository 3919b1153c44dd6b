"""What a folder for the Hugging Face Hub holds beside the model: header of the card, checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from asmnet_sdk.publishing.cards import card_header

__all__ = ["hub_header", "write_checksums"]


def hub_header(
    *, name: str, task: str, tags: Sequence[str], figures: Mapping[str, Any] | None = None
) -> str:
    """Return the header of a card whose weights carry the terms of their training photos.

    Args:
        name: Name of the model.
        task: The Hub's ``pipeline_tag``.
        tags: What the model is found by.
        figures: What was measured on the 300-W common test set, as ``card_header`` takes it.
    """
    return card_header(
        name=name,
        licence_name="research-only-training-data",
        task=task,
        tags=tags,
        data_set=None if figures is None else "300-W common test set",
        figures=figures,
    )


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Write SHA256SUMS of files of a folder, as ``sha256sum --check`` reads it."""
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    lines = [f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True)]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
