"""A folder as ``asmnet publish`` takes it, around any model file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.dot_model import METADATA, write_dot_model

CARD = """\
---
license: {license}
---

# {name}

Finds dots.

| | |
|---|---|
| file | SHA-256 `{sha256}` |
| licence | {licence} |
"""


def write_hub_folder(folder: Path, **card: str) -> Path:
    """Write a folder with the dot model; ``card`` replaces what its card says."""
    folder.mkdir()
    write_dot_model(folder / "model.onnx")
    return describe_model(folder, **card)


def describe_model(folder: Path, **card: str) -> Path:
    """Write card and checksums of the model that the folder holds."""
    sha256 = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    facts = {"name": METADATA.name, "licence": METADATA.licence, "license": "apache-2.0"}
    text = CARD.format(**{**facts, "sha256": sha256, **card})
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "SHA256SUMS").write_text(f"{sha256}  model.onnx\n", encoding="utf-8")
    return folder
