"""What every release does: export, measure, write model, card and checksums for the Hub."""

from __future__ import annotations

import argparse
import hashlib
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from asmnet_sdk.detection.contract import DetectorMetadata
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.publishing.cards import card_header

__all__ = [
    "LICENCE",
    "TEST_SET",
    "ReleasedFile",
    "file_rows",
    "hub_header",
    "measured_today",
    "release_model",
    "release_parser",
]

LICENCE = "non-commercial research, as the training photos"
TEST_SET = "300-W common test set"

_Figures = TypeVar("_Figures")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedFile:
    """The model file that a card speaks of."""

    size_bytes: int
    sha256: str
    picture: str | None
    """File name of the picture of the hard cases, beside the card."""


def release_model(
    folder: Path,
    *,
    export: Callable[[Mapping[str, float], Path], None],
    measure: Callable[[Path], _Figures],
    headline: Callable[[_Figures], Mapping[str, float]],
    draw: Callable[[Path], Path | None],
    card: Callable[[_Figures, ReleasedFile], str],
) -> _Figures:
    """Make a Hub-ready folder of a model.

    Args:
        folder: Receives ``model.onnx``, ``README.md``, ``SHA256SUMS`` and the picture.
        export: Writes a model file that states the figures given.
        measure: Measures a model file.
        headline: Returns the figures that the model file states.
        draw: Draws the hard cases of a model file; None if there are none to draw.
        card: Returns the text of the card.
    """
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "draft.onnx"
        export({}, draft)
        figures = measure(draft)
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.onnx"
    export(headline(figures), model)
    picture = draw(model)
    released = ReleasedFile(
        size_bytes=model.stat().st_size,
        sha256=_sha256(model),
        picture=None if picture is None else picture.name,
    )
    (folder / "README.md").write_text(card(figures, released), encoding="utf-8")
    _write_checksums(folder, [model] if picture is None else [model, picture])
    return figures


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_checksums(folder: Path, files: Sequence[Path]) -> None:
    """Write SHA256SUMS of files of a folder, as ``sha256sum --check`` reads it."""
    lines = [f"{_sha256(file)}  {file.name}\n" for file in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def hub_header(
    *, name: str, task: str, tags: Sequence[str], figures: Mapping[str, Any] | None = None
) -> str:
    """Return the header of a card whose weights carry the terms of their training photos.

    Args:
        name: Name of the model.
        task: The Hub's ``pipeline_tag``.
        tags: What the model is found by.
        figures: What was measured on the test set, as ``card_header`` takes it.
    """
    return card_header(
        name=name,
        licence_name="research-only-training-data",
        task=task,
        tags=tags,
        data_set=None if figures is None else TEST_SET,
        figures=figures,
    )


def file_rows(metadata: ModelMetadata | DetectorMetadata, file: ReleasedFile) -> str:
    """Return the rows of a card's table that say which file it is, of which data and terms."""
    return f"""\
| file | {file.size_bytes / 1e6:.2f} MB, SHA-256 `{file.sha256}` |
| training data | {metadata.training_data} |
| licence | {metadata.licence} |"""


def measured_today(protocol: str, program: str, remark: str = "") -> str:
    """Return the sentence of a card that says when, on what, how and where it was measured.

    Args:
        protocol: Name of the test set.
        program: What follows ``python -m``.
        remark: What else belongs to the protocol.
    """
    return (
        f"Measured on {datetime.now(timezone.utc).date()} on the {protocol} by "
        f"`python -m {program}`, {remark}onnxruntime on a CPU ({platform.machine()})."
    )


def release_parser(
    program: str, description: str | None, *, source: tuple[str, str], training_data: str
) -> argparse.ArgumentParser:
    """Return a parser with the arguments that every release has.

    Args:
        program: What follows ``python -m``.
        description: For ``--help``.
        source: Name of the first argument, what is released, and its help.
        training_data: The usual data and its terms.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument(source[0], type=Path, help=source[1])
    parser.add_argument("out", type=Path, help="Hub-ready folder, such as hub/asmnet-68")
    parser.add_argument("--test", type=Path, required=True, help=TEST_SET)
    parser.add_argument("--yunet", type=Path, help="YuNet's file, for figures beside it")
    parser.add_argument(
        "--portraits", type=Path, nargs="+", required=True, help="photos of one face, hard cases"
    )
    parser.add_argument("--training-data", default=training_data, help="data and its terms")
    return parser
