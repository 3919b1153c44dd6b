"""Label files: which there are for a format, written together, never without a copy of the old."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args

from asmnet_sdk.arguments import PathInput, as_path, check_choice
from asmnet_sdk.datasets import (
    AnnotatedFace,
    write_coco,
    write_cvat,
    write_labelme,
    write_pts,
    write_wflw,
)
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.whole_files import whole_file

__all__ = ["FORMATS", "LabelFormat", "format_of", "kept_copy", "label_files", "write_labels"]

LabelFormat: TypeAlias = Literal["pts", "coco", "wflw", "labelme", "cvat"]
FORMATS: tuple[LabelFormat, ...] = get_args(LabelFormat)

_SUFFIXES: Mapping[str, str] = MappingProxyType({"coco": ".json", "wflw": ".txt", "cvat": ".xml"})


def format_of(path: Path) -> LabelFormat:
    """Return the format of annotations that ``read_annotations`` reads.

    Raises:
        InvalidInputError: There are none at the path.
    """
    if path.is_dir():
        return "pts" if any(path.rglob("*.pts")) else "labelme"
    if path.suffix == ".json" and path.is_file():
        return "labelme" if b'"shapes"' in path.read_bytes() else "coco"
    found = next((kind for kind, suffix in _SUFFIXES.items() if suffix == path.suffix), None)
    if found is None or not path.is_file():
        raise InvalidInputError(f"no annotations at {path}")
    return cast(LabelFormat, found)


def label_files(photos: Iterable[Path], kind: LabelFormat, out: Path | None) -> list[Path]:
    """Return the files that hold the labels of photos, or will: those there are already included.

    Args:
        photos: The photos.
        kind: The format.
        out: The folder of ``pts`` and ``labelme``, None for each photo's own; else the file.

    Raises:
        InvalidInputError: ``out`` does not suit the format, or two photos have one file.
    """
    if kind in _SUFFIXES:
        if out is None or out.suffix != _SUFFIXES[kind]:
            raise InvalidInputError(f"{kind} labels go into one {_SUFFIXES[kind]} file, not {out}")
        more = [out.with_name(f"{out.stem}.attributes.json")] if kind == "wflw" else []
        return [out, *more]
    if out is not None and out.exists() and not out.is_dir():
        raise InvalidInputError(f"{kind} labels go into a folder; {out} is none")
    suffix = ".pts" if kind == "pts" else ".json"
    owners: dict[Path, Path] = {}
    for photo in photos:
        file = (out or photo.parent) / f"{photo.stem}{suffix}"
        if owners.setdefault(file, photo) != photo:
            raise InvalidInputError(f"{photo}: another photo's labels go to {file} too")
    further = [more for file in owners for more in sorted(_further_faces(file))]
    return list(dict.fromkeys([*owners, *(further if kind == "pts" else [])]))


def _further_faces(file: Path) -> list[Path]:
    further = re.compile(re.escape(file.stem) + r"_face\d+")
    return [path for path in file.parent.glob("*.pts") if further.fullmatch(path.stem)]


def write_labels(
    faces: Sequence[AnnotatedFace], kind: LabelFormat, out: PathInput | None, layout: Layout
) -> list[Path]:
    """Write labels; what the files hold already is lost, so keep copies first.

    Args:
        faces: What is written, in this order.
        kind: The format.
        out: As ``label_files`` takes it.
        layout: The layout of the faces.

    Returns:
        The files.

    Raises:
        InvalidInputError: The format cannot hold the faces, or a photo cannot be read.
    """
    check_choice("kind", kind, FORMATS)
    out = None if out is None else as_path("out", out)
    if kind == "pts":
        return write_pts(faces, out)
    if kind == "labelme":
        return write_labelme(faces, out, layout)
    if out is None:
        raise InvalidInputError(f"{kind} labels go into one file: name it")
    if kind == "wflw":
        return write_wflw(faces, out)
    return (write_coco if kind == "coco" else write_cvat)(faces, out, layout)


def kept_copy(file: Path) -> Path:
    """Copy a file beside itself under a name that is free: ``NAME.bak``, ``NAME.bak2``, ...

    Returns:
        The copy.
    """
    names = (f"{file.name}.bak{number if number > 1 else ''}" for number in count(1))
    copy = next(path for path in map(file.with_name, names) if not path.exists())
    with whole_file(copy) as part:
        shutil.copy2(file, part)
    return copy
