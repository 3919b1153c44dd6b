"""AVIF and HEIC files: boxes that nest (ISO/IEC 14496-12), and in them a picture with its
properties (ISO/IEC 23008-12).

Only what says how large the picture is and how it lies is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.image_header import ImageHeader

__all__ = ["read_heif"]

_MOST_BOXES = 2**16
_FULL = 4  # bytes of version and flags before the content of some boxes

# (quarter turns to the left, mirror: None, 0 upside down, 1 left to right) -> EXIF orientation.
_ORIENTATIONS: Mapping[tuple[int, int | None], int] = MappingProxyType(
    {
        (0, None): 1,
        (1, None): 8,
        (2, None): 3,
        (3, None): 6,
        (0, 0): 4,
        (1, 0): 5,
        (2, 0): 2,
        (3, 0): 7,
        (0, 1): 2,
        (1, 1): 7,
        (2, 1): 4,
        (3, 1): 5,
    }
)


def read_heif(data: bytes, file_format: str) -> ImageHeader:
    """Read size and orientation of the main picture.

    Args:
        data: The whole file.
        file_format: ``"AVIF"`` or ``"HEIC"``.

    Raises:
        InvalidImageError: There is no such picture, or the file is cut short.
        struct.error: A box is too short for what it has to hold.
        IndexError: Likewise.
    """
    boxes = _Boxes(data, file_format)
    meta_start, meta_end = boxes.find_meta()
    main_item = boxes.main_item(*boxes.find("pitm", meta_start, meta_end))
    properties_at = boxes.find("iprp", meta_start, meta_end)
    listed = list(boxes.within(*boxes.find("ipco", *properties_at)))
    size_wh, turns, mirror = (0, 0), 0, None
    for index in boxes.property_indices(main_item, *boxes.find("ipma", *properties_at)):
        kind, start, _ = listed[index - 1]
        if kind == b"ispe":
            size_wh = struct.unpack_from(">II", data, start + _FULL)
        elif kind == b"irot":
            turns = data[start] & 3
        elif kind == b"imir":
            mirror = data[start] & 1
    width, height = size_wh
    orientation = _ORIENTATIONS[turns, mirror]
    return ImageHeader(file_format=file_format, width=width, height=height, orientation=orientation)


class _Boxes:
    """The boxes of one file, as (kind, start of the content, end)."""

    def __init__(self, data: bytes, file_format: str) -> None:
        self._data, self._format = data, file_format
        self._count = count()

    def within(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield the boxes between two positions."""
        while start < end:
            if next(self._count) >= _MOST_BOXES:
                raise InvalidImageError(f"{self._format} file has more than {_MOST_BOXES} boxes")
            size, kind = struct.unpack_from(">I4s", self._data, start)
            content = start + 8
            if size == 1:
                (size,) = struct.unpack_from(">Q", self._data, content)
                content += 8
            box_end = end if size == 0 else start + size
            if not content <= box_end <= end:
                raise self._cut()
            yield kind, content, box_end
            start = box_end

    def find(self, kind: str, start: int, end: int) -> tuple[int, int]:
        """Return where the content of the first box of a kind begins and ends.

        All boxes there are gone through: none may leave the file.
        """
        found = [box[1:] for box in self.within(start, end) if box[0] == kind.encode()]
        if not found:
            raise InvalidImageError(
                f"{self._format} file holds no still picture: no {kind!r} in it"
            )
        return found[0]

    def find_meta(self) -> tuple[int, int]:
        """Return where the boxes in ``meta`` begin and end; what comes after the data may be junk.

        Raises:
            InvalidImageError: The file ends before ``meta`` and the data are complete.
        """
        found: dict[bytes, tuple[int, int]] = {}
        for kind, start, end in self.within(0, len(self._data)):
            found.setdefault(kind, (start, end))
            if {b"meta", b"mdat"} <= found.keys():
                return found[b"meta"][0] + _FULL, found[b"meta"][1]
        raise self._cut()

    def _cut(self) -> InvalidImageError:
        return InvalidImageError(f"{self._format} file is cut short or damaged")

    def main_item(self, start: int, end: int) -> int:
        """Return the number of the main picture."""
        del end
        layout = ">H" if self._data[start] == 0 else ">I"
        (item,) = struct.unpack_from(layout, self._data, start + _FULL)
        return int(item)

    def property_indices(self, item: int, start: int, end: int) -> Iterator[int]:
        """Yield the 1-based numbers of an item's properties, in the order in which they apply."""
        data = self._data
        has_long_items, has_long_indices = data[start] > 0, data[start + 3] & 1
        (entries,) = struct.unpack_from(">I", data, start + _FULL)
        position = start + _FULL + 4
        for _ in range(min(entries, _MOST_BOXES)):
            if position >= end:
                return
            (found,) = struct.unpack_from(">I" if has_long_items else ">H", data, position)
            position += 4 if has_long_items else 2
            number, width = data[position], 2 if has_long_indices else 1
            if found == item:
                for at in range(position + 1, position + 1 + number * width, width):
                    index = int.from_bytes(data[at : at + width], "big")
                    if index := index & (0x7FFF if has_long_indices else 0x7F):
                        yield index
                return
            position += 1 + number * width
