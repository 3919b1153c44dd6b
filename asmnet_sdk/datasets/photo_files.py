"""What annotation files say of their photos: how to find them, and how large they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from asmnet_sdk.arguments import list_of
from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.errors import InvalidImageError, InvalidInputError
from asmnet_sdk.images.headers import read_image_header

__all__ = ["by_photo", "file_of_photo", "name_from", "photo_size_wh"]


def by_photo(faces: Iterable[AnnotatedFace]) -> list[tuple[Path, list[AnnotatedFace]]]:
    """Return photos in the order of their first face, each with all its faces.

    Raises:
        InvalidInputError: They are no annotated faces.
    """
    faces = list_of(AnnotatedFace, "faces", faces)
    photos: dict[Path, list[AnnotatedFace]] = {}
    for photo, group in groupby(faces, lambda face: face.photo):
        photos.setdefault(photo, []).extend(group)
    return list(photos.items())


def file_of_photo(photo: Path, folder: Path | None, suffix: str, taken: Sequence[Path]) -> Path:
    """Return the annotation file of a photo: beside it, or in a folder.

    Raises:
        InvalidInputError: The file of another photo has this name.
    """
    file = (folder or photo.parent) / f"{photo.stem}{suffix}"
    if file in taken:
        raise InvalidInputError(f"{photo}: another photo's annotations go to {file} too")
    return file


def name_from(folder: Path, photo: Path) -> str:
    """Return the path of a photo as seen from a folder, with forward slashes."""
    try:
        return Path(os.path.relpath(photo, folder)).as_posix()
    except ValueError:  # another drive
        return photo.resolve().as_posix()


def photo_size_wh(photo: Path) -> tuple[int, int]:
    """Return width and height of a photo in pixels, turned upright by its EXIF orientation.

    Raises:
        InvalidInputError: It cannot be read; ``InvalidImageError`` where it is no picture.
    """
    try:
        header = read_image_header(photo.read_bytes())
    except OSError as exc:
        raise InvalidInputError(f"{photo} cannot be read: {exc.strerror}") from exc
    except InvalidImageError as exc:
        raise InvalidImageError(f"{photo}: {exc}") from exc
    size = header.width, header.height
    return size if header.orientation < 5 else (size[1], size[0])
