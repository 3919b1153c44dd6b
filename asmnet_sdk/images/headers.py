"""Format, size and orientation of a picture file, read from its bytes without decoding it.

Each reader walks the blocks of the file to the last one: decoders fill what a cut file lacks with
grey, so such a file is refused here. So are files made to take long or to take much memory: with
very many blocks, or with tiles far larger than their picture.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.formats import read_bmp, read_gif, read_jpeg, read_png, read_webp
from asmnet_sdk.images.heif import read_heif
from asmnet_sdk.images.image_header import ImageHeader
from asmnet_sdk.images.tiff import TIFF_SIGNATURE, read_tiff

__all__ = ["SUPPORTED_FORMATS", "ImageHeader", "read_image_header"]


def read_image_header(data: bytes) -> ImageHeader:
    """Read the header of a picture file and check that the file is complete.

    HEIC is read too, though OpenCV cannot decode it. Bytes after the end are ignored.

    Raises:
        InvalidImageError: The format is not supported, or the file is cut short or broken.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InvalidImageError(f"data is a {type(data).__qualname__}; needed: bytes")
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
        "TIFF": TIFF_SIGNATURE,
        "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    }
)
_READERS: Mapping[str, Callable[[bytes], ImageHeader]] = MappingProxyType(
    {
        "AVIF": partial(read_heif, file_format="AVIF"),
        "BMP": read_bmp,
        "GIF": read_gif,
        "HEIC": partial(read_heif, file_format="HEIC"),
        "JPEG": read_jpeg,
        "PNG": read_png,
        "TIFF": read_tiff,
        "WebP": read_webp,
    }
)
SUPPORTED_FORMATS = tuple(name for name in _READERS if name != "HEIC")
"""Those that OpenCV decodes, if it is built to."""
