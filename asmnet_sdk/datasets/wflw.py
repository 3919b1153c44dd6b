"""The lists of WFLW: 98 points and six attributes a face."""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    read_annotation_text,
)
from asmnet_sdk.errors import InvalidInputError

__all__ = ["WFLW_ATTRIBUTES", "read_wflw"]

WFLW_ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")


def read_wflw(path: Path, *, photos: Path | None = None) -> list[AnnotatedFace]:
    """Read a list of WFLW, such as ``list_98pt_rect_attr_test.txt``: a line a face.

    A line holds x and y of 98 points, the four numbers of a rectangle, which is not used, six
    attributes (0 or 1, in the order of ``WFLW_ATTRIBUTES``) and the path of the photo. Its pixel
    coordinates are taken to count from 0.

    Args:
        path: The list.
        photos: Folder that the photo paths start from; by default the nearest ``WFLW_images``
            beside the list or above it.

    Raises:
        InvalidInputError: A line is bad or its photo is missing; the message names file and line.
    """
    photos = photos or _find_wflw_images(path)
    lines = read_annotation_text(path).splitlines()
    faces = [
        _parse_wflw(line, photos, path.stem, where=f"{path}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not faces:
        raise InvalidInputError(f"{path}: no lines in it")
    return faces


def _find_wflw_images(path: Path) -> Path:
    folders = [parent / "WFLW_images" for parent in path.resolve().parents]
    found = next((folder for folder in folders if folder.is_dir()), None)
    if found is None:
        raise InvalidInputError(f"{path}: no folder WFLW_images beside it or above it")
    return found


def _parse_wflw(line: str, photos: Path, subset: str, *, where: str) -> AnnotatedFace:
    words = line.split(maxsplit=206)
    try:
        numbers, name = [float(word) for word in words[:206]], words[206].strip()
    except (ValueError, IndexError):
        raise InvalidInputError(
            f"{where}: expected 206 numbers and the path of a photo, got {line.strip()[:60]!r}"
        ) from None
    flags = zip(WFLW_ATTRIBUTES, numbers[200:], strict=True)
    return AnnotatedFace(
        photo=existing_photo(photos / name, where=where),
        subset=subset,
        landmarks=finite_points(numbers[:196], where=where),
        attributes=frozenset(attribute for attribute, is_set in flags if is_set),
    )
