"""JPEG, PNG, WebP, BMP and GIF files, walked block by block to the last one.

Where a file is too short for what it announces, reading it raises ``struct.error`` or
``IndexError``; what a reader itself finds wrong is an ``InvalidImageError``.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.image_header import ImageHeader
from asmnet_sdk.images.tiff import EXIF_PREFIX, read_exif_orientation

__all__ = ["read_bmp", "read_gif", "read_jpeg", "read_png", "read_webp"]

_MOST_BLOCKS = 2**20


def _count_blocks(file_format: str) -> Iterator[int]:
    """Count the blocks that are read, and refuse a file with very many."""
    yield from range(_MOST_BLOCKS)
    raise InvalidImageError(f"{file_format} file has more than {_MOST_BLOCKS} blocks")


# A marker that is neither a stuffed zero nor a restart within the compressed data.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_jpeg(data: bytes) -> ImageHeader:
    """Walk the segments to the end of the picture, and count its scans."""
    size_hw, orientation, scans = (0, 0), 1, 0
    position = 2
    count = _count_blocks("JPEG")
    while (found := _JPEG_MARKER.search(data, position)) is not None:
        next(count)
        marker, position = found[1][0], found.end()
        if marker == 0xD9:
            if not scans:
                raise InvalidImageError("JPEG file holds no picture")
            height, width = size_hw
            return ImageHeader(
                file_format="JPEG",
                width=width,
                height=height,
                orientation=orientation,
                passes=scans,
            )
        (length,) = struct.unpack_from(">H", data, position)
        segment = data[position + 2 : position + length]
        if marker in _JPEG_FRAMES and not any(size_hw):
            size_hw = struct.unpack_from(">HH", segment, 1)
        elif marker == 0xE1 and segment.startswith(EXIF_PREFIX):
            orientation = read_exif_orientation(segment)
        scans += marker == 0xDA
        position += length
    raise InvalidImageError("JPEG file is cut short")


def read_png(data: bytes) -> ImageHeader:
    """Walk the chunks to the last one, and check those that the picture needs."""
    width = height = 0
    orientation = 1
    position, kind = 8, b""
    count = _count_blocks("PNG")
    while kind != b"IEND":
        next(count)
        length, kind = struct.unpack_from(">I4s", data, position)
        body_at, end = position + 8, position + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        is_critical = kind[:1].isupper()
        if is_critical and checksum != zlib.crc32(memoryview(data)[position + 4 : end]):
            raise InvalidImageError(f"PNG file is damaged: wrong checksum of its {kind!r} chunk")
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", data, body_at)
        elif kind == b"eXIf":
            orientation = read_exif_orientation(data[body_at:end])
        position = end + 4
    return ImageHeader(file_format="PNG", width=width, height=height, orientation=orientation)


def read_webp(data: bytes) -> ImageHeader:
    """Walk the chunks of the one RIFF block that the file is."""
    size_wh, orientation = (0, 0), 1
    (length,) = struct.unpack_from("<I", data, 4)
    end = 8 + length
    if len(data) < end:
        raise InvalidImageError("WebP file is cut short")
    position = 12
    count = _count_blocks("WebP")
    while position + 8 <= end:
        next(count)
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in _WEBP_SIZES and not any(size_wh):
            size_wh = _WEBP_SIZES[kind](data, position + 8)
        elif kind == b"EXIF":
            orientation = read_exif_orientation(data[position + 8 : position + 8 + length])
        position += 8 + length + length % 2
    width, height = size_wh
    return ImageHeader(file_format="WebP", width=width, height=height, orientation=orientation)


def _read_lossy_webp_size(data: bytes, position: int) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, position + 6)
    return width & 0x3FFF, height & 0x3FFF


def _read_lossless_webp_size(data: bytes, position: int) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", data, position + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _read_extended_webp_size(data: bytes, position: int) -> tuple[int, int]:
    low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, position + 4)
    return (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1


_WEBP_SIZES: Mapping[bytes, Callable[[bytes, int], tuple[int, int]]] = MappingProxyType(
    {
        b"VP8 ": _read_lossy_webp_size,
        b"VP8L": _read_lossless_webp_size,
        b"VP8X": _read_extended_webp_size,
    }
)


def read_bmp(data: bytes) -> ImageHeader:
    """Read the two headers, and check that the rows follow."""
    file_size, pixels_at, header_size = struct.unpack_from("<I4xII", data, 2)
    if header_size == 12:
        width, height, bits = struct.unpack_from("<HH2xH", data, 18)
        compression = 0
    else:
        width, height, bits, compression = struct.unpack_from("<ii2xHI", data, 18)
    is_run_length_encoded = compression in {1, 2}
    row_size = (width * bits + 31) // 32 * 4
    end = file_size if is_run_length_encoded else pixels_at + row_size * abs(height)
    if len(data) < end:
        raise InvalidImageError("BMP file is cut short")
    return ImageHeader(file_format="BMP", width=width, height=abs(height))


def read_gif(data: bytes) -> ImageHeader:
    """Walk the blocks to the trailer."""
    width, height, flags, background = struct.unpack_from("<HHBB", data, 6)
    palette_size = _gif_palette_size(flags)
    overwrites = ((11, b"\0"),) if 3 * background >= palette_size else ()
    position = 13 + palette_size
    has_frame = False
    count = _count_blocks("GIF")
    while data[position] != 0x3B:
        next(count)
        if data[position] == 0x2C:
            has_frame = True
            position += 11 + _gif_palette_size(data[position + 9])
        elif data[position] == 0x21:
            position += 2
        else:
            raise InvalidImageError("GIF file is damaged: unknown kind of block")
        while data[position]:
            next(count)
            position += 1 + data[position]
        position += 1
    if not has_frame:
        raise InvalidImageError("GIF file holds no picture")
    return ImageHeader(file_format="GIF", width=width, height=height, overwrites=overwrites)


def _gif_palette_size(flags: int) -> int:
    """Return the bytes of the palette that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
