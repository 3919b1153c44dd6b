"""A folder hub/NAME, checked before it is published: model, hashes, card and registry agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asmnet_sdk.detection.contract import (
    DETECTOR_METADATA_KEY,
    DetectorMetadata,
    read_detector_contract,
)
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.hub.downloading import file_sha256
from asmnet_sdk.hub.registry import available_models
from asmnet_sdk.landmarks.contract import ModelMetadata, read_contract
from asmnet_sdk.runtime.session import OnnxSession

__all__ = [
    "CARD_FILE",
    "CHECKSUM_FILE",
    "MODEL_FILE",
    "HubFolder",
    "check_hub_folder",
    "check_licence",
]

MODEL_FILE = "model.onnx"
CARD_FILE = "README.md"
CHECKSUM_FILE = "SHA256SUMS"

_NOT_STATED = "not stated"
_HEADER = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_LICENCE_LINE = re.compile(r"^(?:license\w*:|\| licen[cs]e \|).*$", re.MULTILINE)
_RESEARCH_ONLY = re.compile(r"non-?commercial|research[- ]only|\bnc\b", re.IGNORECASE)
_CHECKSUM = re.compile(r"([0-9a-f]{64}) [ *]([^/\\]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFolder:
    """A folder that is ready for the Hub."""

    path: Path
    """The folder."""
    name: str
    """Name of the model, as the model file says."""
    files: tuple[Path, ...]
    """What the folder holds, by name."""
    sha256: str
    """SHA-256 of the model file."""
    licence: str
    """Licence of the weights, as model file and card say."""
    is_research_only: bool
    """Whether that licence forbids commercial use."""


def check_hub_folder(path: Path) -> HubFolder:
    """Check that a folder holds a working model, a card and checksums which agree.

    Where the registry knows the model's name, it has to know this very file.

    Raises:
        ModelFileError: Something is missing, superfluous or contradicts the rest; the message says
            what.
    """
    checksums = _read_checksums(path)
    files = _list_files(path, checksums)
    for name, digest in checksums.items():
        if (found := file_sha256(path / name)) != digest:
            raise ModelFileError(
                f"{path / name} has SHA-256 {found}, {CHECKSUM_FILE} says {digest}"
            )
    metadata = _check_model(path / MODEL_FILE)
    card = _read_text(path / CARD_FILE)
    _check_card(path / CARD_FILE, card, metadata, checksums[MODEL_FILE])
    _check_registry(metadata.name, checksums[MODEL_FILE])
    licences = "\n".join([metadata.licence, *_LICENCE_LINE.findall(card)])
    return HubFolder(
        path=path,
        name=metadata.name,
        files=files,
        sha256=checksums[MODEL_FILE],
        licence=metadata.licence,
        is_research_only=_RESEARCH_ONLY.search(licences) is not None,
    )


def _read_checksums(folder: Path) -> Mapping[str, str]:
    """Return the hash of each file that ``SHA256SUMS`` names."""
    checksums = {}
    for line in _read_text(folder / CHECKSUM_FILE).splitlines():
        if (found := _CHECKSUM.fullmatch(line)) is None:
            raise ModelFileError(f"{folder / CHECKSUM_FILE} has a line that is no checksum: {line}")
        checksums[found[2]] = found[1]
    for name in (MODEL_FILE, *checksums):
        if name not in checksums or not (folder / name).is_file():
            raise ModelFileError(f"{folder} needs a file {name} that {CHECKSUM_FILE} names")
    return checksums


def _list_files(folder: Path, checksums: Mapping[str, str]) -> tuple[Path, ...]:
    """Return all files of the folder; refuse what nobody meant to publish."""
    meant = {CARD_FILE, CHECKSUM_FILE, *checksums}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in meant)
    if strange:
        raise ModelFileError(
            f"{folder} also holds {', '.join(strange)}: remove it, or add a file to {CHECKSUM_FILE}"
        )
    return tuple(folder / name for name in sorted(meant))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path} is no UTF-8 text: {error}") from error


def _check_model(path: Path) -> ModelMetadata | DetectorMetadata:
    """Load and run the model once."""
    session = OnnxSession(path, device="cpu", threads=1)
    metadata: ModelMetadata | DetectorMetadata
    if DETECTOR_METADATA_KEY in session.metadata:
        metadata = read_detector_contract(session)
        side = 2 * metadata.stride
    else:
        metadata, _ = read_contract(session)
        side = metadata.input_size
    session.run({"image": np.full((1, side, side, 3), 128, np.uint8)})
    return metadata


def check_licence(path: Path, metadata: ModelMetadata | DetectorMetadata) -> None:
    """Refuse a model file that does not say under which licence its weights are.

    Raises:
        ModelFileError: It does not.
    """
    if not metadata.licence or metadata.licence == _NOT_STATED:
        raise ModelFileError(
            f"{path} does not state the licence of its weights: export it again with --licence"
        )


def _check_card(
    path: Path, card: str, metadata: ModelMetadata | DetectorMetadata, sha256: str
) -> None:
    check_licence(path.with_name(MODEL_FILE), metadata)
    header = _HEADER.match(card)
    if header is None or re.search(r"^license: \S", header[1], re.MULTILINE) is None:
        raise ModelFileError(f"{path} needs a header between lines --- with a key 'license'")
    heading = re.search(r"^# (.*)$", card, re.MULTILINE)
    if heading is None or heading[1].strip() != metadata.name:
        raise ModelFileError(f"{path} needs the heading '# {metadata.name}', the model's name")
    for fact, text in (("SHA-256", sha256), ("licence", metadata.licence)):
        if text not in card:
            raise ModelFileError(f"{path} does not state the model's {fact}: {text}")


def _check_registry(name: str, sha256: str) -> None:
    for spec in available_models():
        if spec.name == name and spec.sha256 != sha256:
            raise ModelFileError(
                f"the registry pins {name!r} to SHA-256 {spec.sha256}, the folder has {sha256}: "
                "set it in asmnet_sdk/hub/registry.py, or give the model another name"
            )
