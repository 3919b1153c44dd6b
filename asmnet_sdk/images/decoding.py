"""The bytes of a picture file to upright RGB pixels, within limits."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.depth import to_8_bits
from asmnet_sdk.images.headers import ImageHeader, read_image_header

__all__ = ["MAX_IMAGE_BYTES", "MAX_IMAGE_PIXELS", "check_size", "decode_file", "turn_upright"]

MAX_IMAGE_PIXELS = 2**27
"""Files and PIL images with more pixels (134 million) are refused before they are decoded."""

MAX_IMAGE_BYTES = 2**30
"""Files with more bytes (1 GiB) are refused."""

_MOST_PASSES = 16  # over a picture of MAX_IMAGE_PIXELS; over smaller ones more
_WITH_16_BITS = frozenset({"PNG", "TIFF"})


def decode_file(data: bytes, *, source: str) -> NDArray[np.uint8]:
    """Decode the bytes of a picture file.

    Args:
        data: The whole file.
        source: How errors call it.

    Returns:
        (H, W, 3) uint8 RGB, upright.

    Raises:
        InvalidImageError: It is no picture, cut short, too large, or cannot be decoded here.
    """
    if not data:
        raise InvalidImageError(f"{source}: empty, no bytes to read")
    if len(data) > MAX_IMAGE_BYTES:
        raise InvalidImageError(f"{source}: more than {MAX_IMAGE_BYTES} bytes")
    try:
        header = read_image_header(data)
    except InvalidImageError as exc:
        raise InvalidImageError(f"{source}: {exc}") from exc
    check_size(header.width, header.height, source=source)
    if header.passes * header.width * header.height > _MOST_PASSES * MAX_IMAGE_PIXELS:
        raise InvalidImageError(
            f"{source}: {header.passes} scans of {header.width} x {header.height} pixels would "
            "take too long to decode"
        )
    if header.file_format == "HEIC":
        return _decode_heic(data, source=source)
    return turn_upright(_decode_with_opencv(data, header, source=source), header.orientation)


def _decode_with_opencv(data: bytes, header: ImageHeader, *, source: str) -> NDArray[np.uint8]:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    if header.file_format in _WITH_16_BITS:
        flags |= cv2.IMREAD_ANYDEPTH
    failure = f"{source}: OpenCV {cv2.__version__} cannot decode this {header.file_format} file"
    try:
        pixels = cv2.imdecode(_overwrite(data, header), flags)
    except cv2.error as exc:
        raise InvalidImageError(failure) from exc
    if pixels is None:
        raise InvalidImageError(failure)
    rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    if rgb.dtype == np.uint16:
        return to_8_bits(np.asarray(rgb, np.uint16))
    return np.asarray(rgb, np.uint8)


def _decode_heic(data: bytes, *, source: str) -> NDArray[np.uint8]:
    """Decode with pillow-heif, which turns pictures upright itself."""
    try:
        import pillow_heif
    except ImportError as exc:
        raise InvalidImageError(
            f"{source}: HEIC files need one more package: pip install pillow-heif; "
            "or save the photo as JPEG"
        ) from exc
    try:
        picture = pillow_heif.open_heif(data, convert_hdr_to_8bit=True).to_pillow()
        return np.array(picture.convert("RGB"), np.uint8)
    except (OSError, ValueError, RuntimeError, EOFError, SyntaxError) as exc:
        raise InvalidImageError(f"{source}: pillow-heif cannot decode it: {exc}") from exc


def _overwrite(data: bytes, header: ImageHeader) -> NDArray[np.uint8]:
    if not header.overwrites:
        return np.frombuffer(data, np.uint8)
    changed = bytearray(data)
    for position, values in header.overwrites:
        changed[position : position + len(values)] = values
    return np.frombuffer(changed, np.uint8)


def check_size(width: int, height: int, *, source: str) -> None:
    """Refuse a picture without pixels or with too many.

    Raises:
        InvalidImageError: It is one.
    """
    if not width * height:
        raise InvalidImageError(f"{source}: {width} x {height} has no pixels")
    if width * height > MAX_IMAGE_PIXELS:
        raise InvalidImageError(
            f"{source}: {width} x {height} is more than {MAX_IMAGE_PIXELS} pixels; shrink it, or "
            "decode it yourself and give the array"
        )


def turn_upright(pixels: NDArray[Any], orientation: int) -> NDArray[np.uint8]:
    """Apply an EXIF orientation, 1 to 8; 5 to 8 exchange width and height."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels, np.uint8)
