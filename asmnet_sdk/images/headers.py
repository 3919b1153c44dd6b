"""Format, size and orientation of a picture file, read from its bytes without decoding it.

Each reader walks the blocks of the file to the last one: decoders fill what a cut file lacks with
grey, so such a file is refused here. So are files made to take long or to take much memory: with
very many blocks, or with tiles far larger than their picture.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.heif import read_heif

__all__ = ["SUPPORTED_FORMATS", "ImageHeader", "read_image_header"]

_MOST_BLOCKS = 2**20
_USUAL_TILE_PIXELS = 2**22
_LARGEST_TILE_IN_PICTURES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What a picture file says of itself.

    Attributes:
        file_format: One of ``SUPPORTED_FORMATS``, or ``"HEIC"``.
        width: Width in pixels as stored, before the orientation is applied.
        height: Height in pixels as stored.
        orientation: The EXIF orientation, 1 (upright) to 8.
        passes: How often the decoder goes over the whole picture: the scans of a JPEG file.
        overwrites: (position, bytes) to write into the file before OpenCV decodes it, so that it
            neither turns a TIFF, nor multiplies its colours by alpha, nor refuses a GIF whose
            background is outside its palette.
    """

    file_format: str
    width: int
    height: int
    orientation: int = 1
    passes: int = 1
    overwrites: tuple[tuple[int, bytes], ...] = ()


def read_image_header(data: bytes) -> ImageHeader:
    """Read the header of a picture file and check that the file is complete.

    HEIC is read too, though OpenCV cannot decode it. Bytes after the end are ignored.

    Raises:
        InvalidImageError: The format is not supported, or the file is cut short or broken.
    """
    file_format = next((name for name in _READERS if _SIGNATURES[name].match(data)), None)
    if file_format is None:
        formats = ", ".join(SUPPORTED_FORMATS)
        raise InvalidImageError(
            f"not a picture of a supported format ({formats}; HEIC with pillow-heif)"
        )
    try:
        header = _READERS[file_format](data)
    except (struct.error, IndexError) as exc:
        raise InvalidImageError(f"{file_format} file is cut short or damaged") from exc
    if header.width <= 0 or header.height <= 0:
        raise InvalidImageError(f"{file_format} file says {header.width} x {header.height} pixels")
    return header


def _count_blocks(file_format: str) -> Iterator[int]:
    """Count the blocks that are read, and refuse a file with very many."""
    yield from range(_MOST_BLOCKS)
    raise InvalidImageError(f"{file_format} file has more than {_MOST_BLOCKS} blocks")


# A marker that is neither a stuffed zero nor a restart within the compressed data.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _read_jpeg(data: bytes) -> ImageHeader:
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
        elif marker == 0xE1 and segment.startswith(_EXIF_PREFIX):
            orientation = _read_exif_orientation(segment)
        scans += marker == 0xDA
        position += length
    raise InvalidImageError("JPEG file is cut short")


def _read_png(data: bytes) -> ImageHeader:
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
            orientation = _read_exif_orientation(data[body_at:end])
        position = end + 4
    return ImageHeader(file_format="PNG", width=width, height=height, orientation=orientation)


def _read_webp(data: bytes) -> ImageHeader:
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
            orientation = _read_exif_orientation(data[position + 8 : position + 8 + length])
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


def _read_bmp(data: bytes) -> ImageHeader:
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


def _read_gif(data: bytes) -> ImageHeader:
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


_WIDTH, _HEIGHT, _BITS, _ORIENTATION = 256, 257, 258, 274
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _JPEG_TABLES = 338, 339, 347
_DATA_OFFSETS, _DATA_SIZES = (273, 324), (279, 325)  # of strips, of tiles
_TILE_SIDES = (322, 323)
_MERE_HINTS = {_ORIENTATION, _EXTRA_SAMPLES}
_TIFF_TAGS = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _ORIENTATION, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _JPEG_TABLES}
    | {*_DATA_OFFSETS, *_DATA_SIZES, *_TILE_SIDES}
)
_UNASSOCIATED_ALPHA, _UNSPECIFIED = 2, 0


@dataclass(frozen=True, slots=True)
class _TiffTag:
    position: int
    layout: str
    values: tuple[int, ...]


_NO_TAG = _TiffTag(0, "", ())


def _read_tiff(data: bytes) -> ImageHeader:
    tags = _read_tags(data, wanted=_TIFF_TAGS)
    if not {_WIDTH, _HEIGHT} <= tags.keys() or tags.keys().isdisjoint(_DATA_OFFSETS):
        raise InvalidImageError("TIFF file is damaged: no size, or no place of the pixels")
    if any(not tags[tag].values for tag in tags.keys() - _MERE_HINTS):
        raise InvalidImageError("TIFF file is damaged: a tag that is no whole number")
    bits = tags.get(_BITS, _NO_TAG).values
    sample_formats = tags.get(_SAMPLE_FORMAT, _NO_TAG).values
    if not {1, 2, 4, 8, 16}.issuperset(bits) or not {1}.issuperset(sample_formats):
        raise InvalidImageError("TIFF file whose samples are not unsigned numbers of 1 to 16 bits")
    if any(end > len(data) for end in _tiff_data_ends(tags)):
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


def _check_tile(tags: Mapping[int, _TiffTag], *, picture_pixels: int) -> None:
    """Refuse tiles far larger than the picture: decoders hold one whole."""
    sides = [values[0] for tag in _TILE_SIDES if (values := tags.get(tag, _NO_TAG).values)]
    pixels = math.prod(sides)
    if pixels > max(_USUAL_TILE_PIXELS, _LARGEST_TILE_IN_PICTURES * picture_pixels):
        raise InvalidImageError(f"TIFF file of {picture_pixels} pixels has a tile of {pixels}")


def _tiff_data_ends(tags: Mapping[int, _TiffTag]) -> Iterator[int]:
    for offsets_tag, sizes_tag in zip(_DATA_OFFSETS, _DATA_SIZES, strict=True):
        offsets = tags.get(offsets_tag, _NO_TAG).values
        sizes = tags.get(sizes_tag, _NO_TAG).values
        yield from (sum(ends) for ends in zip_longest(offsets, sizes, fillvalue=0))


def _read_tags(tiff: bytes, *, wanted: Container[int]) -> dict[int, _TiffTag]:
    """Read the whole-number tags of the first directory of a TIFF file or EXIF block."""
    order = "<" if tiff.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entry_count,) = struct.unpack_from(f"{order}H", tiff, start)
    tags: dict[int, _TiffTag] = {}
    for entry in range(start + 2, start + 2 + 12 * entry_count, 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag not in wanted or tag in tags:
            continue
        if kind not in _TIFF_CODES or not count:
            tags[tag] = _NO_TAG  # a second one does not count, as for the decoder
            continue
        layout = f"{order}{count}{_TIFF_CODES[kind]}"
        position = entry + 8
        if struct.calcsize(layout) > 4:
            (position,) = struct.unpack_from(f"{order}I", tiff, position)
        tags[tag] = _TiffTag(position, layout, struct.unpack_from(layout, tiff, position))
    return tags


_TIFF_CODES: Mapping[int, str] = MappingProxyType({1: "B", 3: "H", 4: "I", 7: "B"})
_EXIF_PREFIX = b"Exif\0\0"


def _read_exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, of an EXIF block; 1 if it has none or is broken."""
    exif = exif.removeprefix(_EXIF_PREFIX)
    if not _SIGNATURES["TIFF"].match(exif):
        return 1
    try:
        return _orientation_of(_read_tags(exif, wanted={_ORIENTATION}))
    except struct.error:
        return 1


def _orientation_of(tags: Mapping[int, _TiffTag]) -> int:
    values = tags.get(_ORIENTATION, _NO_TAG).values
    return values[0] if values and 1 <= values[0] <= 8 else 1


def _read_avif(data: bytes, file_format: str = "AVIF") -> ImageHeader:
    width, height, orientation = read_heif(data, file_format)
    return ImageHeader(file_format=file_format, width=width, height=height, orientation=orientation)


def _read_heic(data: bytes) -> ImageHeader:
    return _read_avif(data, "HEIC")


_SIGNATURES: Mapping[str, re.Pattern[bytes]] = MappingProxyType(
    {
        "AVIF": re.compile(
            rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4}){0,16}?avi[fs])", re.DOTALL
        ),
        "BMP": re.compile(rb"BM"),
        "GIF": re.compile(rb"GIF8[79]a"),
        "HEIC": re.compile(rb".{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL),
        "JPEG": re.compile(rb"\xff\xd8\xff"),
        "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
        "TIFF": re.compile(rb"II\*\0|MM\0\*"),
        "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    }
)
_READERS: Mapping[str, Callable[[bytes], ImageHeader]] = MappingProxyType(
    {
        "AVIF": _read_avif,
        "BMP": _read_bmp,
        "GIF": _read_gif,
        "HEIC": _read_heic,
        "JPEG": _read_jpeg,
        "PNG": _read_png,
        "TIFF": _read_tiff,
        "WebP": _read_webp,
    }
)
SUPPORTED_FORMATS = tuple(name for name in _READERS if name != "HEIC")
"""Those that OpenCV decodes, if it is built to."""
