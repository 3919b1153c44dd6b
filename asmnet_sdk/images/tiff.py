"""TIFF files, and the EXIF blocks of other files, which are built alike: a list of tags."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.image_header import ImageHeader

__all__ = ["EXIF_PREFIX", "TIFF_SIGNATURE", "read_exif_orientation", "read_tiff"]

EXIF_PREFIX = b"Exif\0\0"
TIFF_SIGNATURE = re.compile(rb"II\*\0|MM\0\*")

_USUAL_TILE_PIXELS = 2**22
_LARGEST_TILE_IN_PICTURES = 4
_WIDTH, _HEIGHT, _BITS, _ORIENTATION = 256, 257, 258, 274
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _JPEG_TABLES = 338, 339, 347
_DATA_OFFSETS, _DATA_SIZES = (273, 324), (279, 325)  # of strips, of tiles
_TILE_SIDES = (322, 323)
_MERE_HINTS = {_ORIENTATION, _EXTRA_SAMPLES}
_FILE_TAGS = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _ORIENTATION, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _JPEG_TABLES}
    | {*_DATA_OFFSETS, *_DATA_SIZES, *_TILE_SIDES}
)
_UNASSOCIATED_ALPHA, _UNSPECIFIED = 2, 0
# Kind of a tag's numbers -> how struct calls it.
_CODES: Mapping[int, str] = MappingProxyType({1: "B", 3: "H", 4: "I", 7: "B"})


@dataclass(frozen=True, slots=True)
class _Tag:
    position: int
    layout: str
    values: tuple[int, ...]


_NO_TAG = _Tag(0, "", ())


def read_tiff(data: bytes) -> ImageHeader:
    """Read the first directory of a file, and check that all of its pixels are there.

    Raises:
        InvalidImageError: They are not, or samples or tiles are none that are decoded.
        struct.error: A tag is too short for what it has to hold.
    """
    tags = _read_tags(data, wanted=_FILE_TAGS)
    if not {_WIDTH, _HEIGHT} <= tags.keys() or tags.keys().isdisjoint(_DATA_OFFSETS):
        raise InvalidImageError("TIFF file is damaged: no size, or no place of the pixels")
    if any(not tags[tag].values for tag in tags.keys() - _MERE_HINTS):
        raise InvalidImageError("TIFF file is damaged: a tag that is no whole number")
    bits = tags.get(_BITS, _NO_TAG).values
    sample_formats = tags.get(_SAMPLE_FORMAT, _NO_TAG).values
    if not {1, 2, 4, 8, 16}.issuperset(bits) or not {1}.issuperset(sample_formats):
        raise InvalidImageError("TIFF file whose samples are not unsigned numbers of 1 to 16 bits")
    if any(end > len(data) for end in _data_ends(tags)):
        raise InvalidImageError("TIFF file is cut short")
    width, height = tags[_WIDTH].values[0], tags[_HEIGHT].values[0]
    _check_tile(tags, picture_pixels=width * height)
    extra_samples = tags.get(_EXTRA_SAMPLES, _NO_TAG).values
    replacements = {
        _ORIENTATION: [1],
        _EXTRA_SAMPLES: [_UNSPECIFIED if s == _UNASSOCIATED_ALPHA else s for s in extra_samples],
    }
    return ImageHeader(
        file_format="TIFF",
        width=width,
        height=height,
        orientation=_orientation_of(tags),
        overwrites=tuple(
            (tags[tag].position, struct.pack(tags[tag].layout, *values))
            for tag, values in replacements.items()
            if tags.get(tag, _NO_TAG).values
        ),
    )


def _check_tile(tags: Mapping[int, _Tag], *, picture_pixels: int) -> None:
    """Refuse tiles far larger than the picture: decoders hold one whole."""
    sides = [values[0] for tag in _TILE_SIDES if (values := tags.get(tag, _NO_TAG).values)]
    pixels = math.prod(sides)
    if pixels > max(_USUAL_TILE_PIXELS, _LARGEST_TILE_IN_PICTURES * picture_pixels):
        raise InvalidImageError(f"TIFF file of {picture_pixels} pixels has a tile of {pixels}")


def _data_ends(tags: Mapping[int, _Tag]) -> Iterator[int]:
    for offsets_tag, sizes_tag in zip(_DATA_OFFSETS, _DATA_SIZES, strict=True):
        offsets = tags.get(offsets_tag, _NO_TAG).values
        sizes = tags.get(sizes_tag, _NO_TAG).values
        yield from (sum(ends) for ends in zip_longest(offsets, sizes, fillvalue=0))


def _read_tags(tiff: bytes, *, wanted: Container[int]) -> dict[int, _Tag]:
    """Read the whole-number tags of the first directory of a TIFF file or EXIF block."""
    order = "<" if tiff.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entry_count,) = struct.unpack_from(f"{order}H", tiff, start)
    tags: dict[int, _Tag] = {}
    for entry in range(start + 2, start + 2 + 12 * entry_count, 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag not in wanted or tag in tags:
            continue
        if kind not in _CODES or not count:
            tags[tag] = _NO_TAG  # a second one does not count, as for the decoder
            continue
        layout = f"{order}{count}{_CODES[kind]}"
        position = entry + 8
        if struct.calcsize(layout) > 4:
            (position,) = struct.unpack_from(f"{order}I", tiff, position)
        tags[tag] = _Tag(position, layout, struct.unpack_from(layout, tiff, position))
    return tags


def read_exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of an EXIF block; 1 if it has none or is broken."""
    exif = exif.removeprefix(EXIF_PREFIX)
    if not TIFF_SIGNATURE.match(exif):
        return 1
    try:
        return _orientation_of(_read_tags(exif, wanted={_ORIENTATION}))
    except struct.error:
        return 1


def _orientation_of(tags: Mapping[int, _Tag]) -> int:
    values = tags.get(_ORIENTATION, _NO_TAG).values
    return values[0] if values and 1 <= values[0] <= 8 else 1
