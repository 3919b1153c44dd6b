"""The photos of the data folder that may train a detector, and what is annotated in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.datasets import AnnotatedFace, read_300w
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.training.validation_part import photo_of
from lab.aflw import read_aflw

__all__ = ["SOURCES", "Source", "SourcePhoto"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourcePhoto:
    """One photo.

    Attributes:
        photo: The file.
        annotated: (68, 2) points of each annotated face, rows of NaN where hidden.
    """

    photo: Path
    annotated: tuple[NDArray[np.float32], ...] = ()


Reader: TypeAlias = Callable[[Path], Iterator[SourcePhoto]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One set of photos and how the teachers look at it.

    Attributes:
        read: Gives the photos of the data folder.
        views: Long side and quarter turns of each view that YuNet sees; none where everything is
            annotated.
    """

    read: Reader
    views: tuple[tuple[int, int], ...]


def _pts(*folders: str) -> Reader:
    def read(data: Path) -> Iterator[SourcePhoto]:
        for folder in folders:
            for faces in _same_picture(read_300w(data / folder)):
                points = tuple(face.landmarks for face in faces)
                yield SourcePhoto(photo=faces[0].photo, annotated=points)

    return read


def _same_picture(faces: Iterable[AnnotatedFace]) -> list[list[AnnotatedFace]]:
    """Put the files of one photo in one size together: each carries another of its faces."""
    pictures: dict[tuple[object, ...], list[AnnotatedFace]] = defaultdict(list)
    for face in faces:
        pictures[face.photo.parent, photo_of(face), load_image(face.photo).shape].append(face)
    return list(pictures.values())


def _photos(folder: str) -> Reader:
    def read(data: Path) -> Iterator[SourcePhoto]:
        for photo in sorted((data / folder).glob("*.jpg")):
            yield SourcePhoto(photo=photo)

    return read


def _aflw(data: Path) -> Iterator[SourcePhoto]:
    for face in read_aflw(data / "aflw"):
        yield SourcePhoto(photo=face.photo, annotated=(face.landmarks,))


_ALL_TILTS = ((640, 0), (640, 1), (640, 2), (640, 3))

SOURCES = {
    "300w": Source(
        read=_pts("300w/train/helen", "300w/train/afw", "300w/train/lfpw"),
        views=((640, 0), (1100, 0)),
    ),
    "infants": Source(read=_pts("infants/train"), views=()),
    "aflw": Source(read=_aflw, views=()),
    "turned": Source(read=_photos("turned"), views=((160, 0), (320, 0))),
    "wflw": Source(read=_photos("wflw/unlabelled"), views=(*_ALL_TILTS, (1100, 0))),
    "masks": Source(read=_photos("faces/masks"), views=((200, 0), (480, 0))),
    "portraits": Source(read=_photos("faces/portraits"), views=((160, 0), (320, 0))),
    "lighting": Source(read=_photos("faces/lighting"), views=((160, 0), (320, 0))),
}
"""Name -> source, in the order of the labels."""
