"""Which photos a command is about, and where drawings of them go."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from asmnet_sdk.cli.terminal import counted
from asmnet_sdk.errors import InvalidInputError, in_brief

__all__ = [
    "PHOTO_SUFFIXES",
    "describe_broken",
    "describe_skipped",
    "find_photos",
    "picture_paths",
    "refuse_overwriting",
]

PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif"),
    *(".bmp", ".tif", ".tiff", ".gif"),
)
"""What is taken from folders; a file that is named itself may end in anything."""

_ADDRESS = re.compile(r"(https?|file|data):", re.IGNORECASE)
_DRAWING_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def find_photos(inputs: Sequence[str]) -> list[Path]:
    """Turn files, folders and globs into files, in order, each once.

    Raises:
        InvalidInputError: An input names nothing.
    """
    photos: dict[Path, None] = {}
    for text in inputs:
        found = _expand(text)
        if not found and _ADDRESS.match(text):
            raise InvalidInputError(
                f"'{in_brief(text)}' is an address; save its photo as a file and name that"
            )
        if not found:
            raise InvalidInputError(
                f"no photo at '{in_brief(text)}'; needed: a photo, a folder or glob of photos "
                f"({', '.join(PHOTO_SUFFIXES)})"
            )
        photos.update(dict.fromkeys(found))
    return list(photos)


def describe_broken(photo: Path, error: InvalidInputError) -> str:
    """Return an error that names its photo, which errors about files do by themselves."""
    text, name = str(error), in_brief(photo)
    return text if text.startswith(name) else f"{name}: {text}"


def describe_skipped(inputs: Sequence[str]) -> str:
    """Say in one line which files of the folders are taken for no photos; "" if there are none."""
    folders = [path for path in map(Path, inputs) if path.is_dir()]
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    endings = [path.suffix.lower() or "none" for path in files]
    others = Counter(ending for ending in endings if ending not in PHOTO_SUFFIXES)
    if not others:
        return ""
    counts = ", ".join(f"{ending} ({count})" for ending, count in sorted(others.items())[:8])
    return f"{counted(others.total(), 'file')} of the folders left out, by the ending: {counts}"


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if not text:
        return []
    if path.is_dir():
        found = (p for p in path.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES)
        return sorted(p for p in found if p.is_file())
    if path.exists():
        return [path]
    return [Path(name) for name in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207


def picture_paths(
    target: Path | None, inputs: Sequence[str], photos: Sequence[Path]
) -> dict[Path, Path]:
    """Return where the drawing of each photo goes; nothing without a target.

    A target whose ending is made of letters is a file, unless there is a folder of that name. In a
    folder: at the photo's place in the folder that was given, under its own name, with ``.png``
    after it where that format cannot be written. Where two inputs give the same names, their
    folders are kept.

    Raises:
        InvalidInputError: The target is one file for several photos, cannot be written as its
            ending says, or is one of the photos.
    """
    if target is None:
        return {}
    suffix = target.suffix.lower()
    if suffix[1:].isalpha() and not target.is_dir():
        if suffix not in _DRAWING_SUFFIXES:
            endings = ", ".join(_DRAWING_SUFFIXES)
            raise InvalidInputError(
                f"--draw {target}: drawings end in one of {endings}; a folder of that name has to "
                "be there before"
            )
        if len(photos) > 1:
            raise InvalidInputError(
                f"--draw {target} is one file for {len(photos)} photos: name a folder"
            )
        pictures = {photos[0]: target}
    else:
        pictures = {photo: target / _drawing_name(photo, inputs) for photo in photos}
        if len(set(pictures.values())) < len(pictures):
            base = [os.path.commonpath([photo.resolve().parent for photo in photos])]
            pictures = {p: target / _drawing_name(p.resolve(), base) for p in photos}
    refuse_overwriting(pictures.values(), photos)
    return pictures


def _drawing_name(photo: Path, inputs: Iterable[str]) -> Path:
    folders = [path for path in map(Path, inputs) if path.is_dir() and photo.is_relative_to(path)]
    place = photo.relative_to(folders[0]) if folders else Path(photo.name)
    if place.suffix.lower() in _DRAWING_SUFFIXES:
        return place
    return place.with_name(f"{place.name}.png")


def refuse_overwriting(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Keep outputs from replacing the photos and other files that are read.

    Raises:
        InvalidInputError: One would.
    """
    read = set(map(_identity, inputs))
    for path in outputs:
        if _identity(path) in read:
            raise InvalidInputError(
                f"an output would overwrite {path}, which is read: name another place"
            )


def _identity(path: Path) -> tuple[int, int] | Path:
    """Return what is the same for all names of a file, hard links too."""
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return found.st_dev, found.st_ino
