"""What a folder for the Hugging Face Hub holds beside the model: header of the card, checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

__all__ = ["hub_header", "write_checksums"]


def hub_header(*, task: str, tags: Sequence[str]) -> str:
    """Return the header of a card whose weights carry the terms of their training photos.

    Args:
        task: The Hub's ``pipeline_tag``.
        tags: What the model is found by.
    """
    lines = [
        "license: other",
        "license_name: research-only-training-data",
        "library_name: onnx",
        f"pipeline_tag: {task}",
        "tags:",
        *(f"- {tag}" for tag in tags),
    ]
    return "\n".join(["---", *lines, "---", ""])


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Write SHA256SUMS of files of a folder, as ``sha256sum --check`` reads it."""
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]
    lines = [f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True)]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
