"""Whatever the caller has, a path, bytes, a file, a PIL image or an array, as one RGB array."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, TypeGuard, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import check_choice
from asmnet_sdk.errors import InvalidImageError, in_brief
from asmnet_sdk.images.decoding import (
    MAX_IMAGE_BYTES,
    MAX_IMAGE_PIXELS,
    check_size,
    decode_file,
    turn_upright,
)
from asmnet_sdk.images.depth import to_8_bits

__all__ = [
    "MAX_IMAGE_BYTES",
    "MAX_IMAGE_PIXELS",
    "ColorOrder",
    "ImageInput",
    "PilImage",
    "check_rgb",
    "load_image",
]

# What a text is that is no path, by its beginning, and how to get bytes from it.
_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "https?://": "fetch it yourself and give the bytes: urllib.request.urlopen(address).read()",
        "file:": "give the path in it: urllib.request.url2pathname(urlsplit(address).path)",
        "data:": "give the bytes in it: base64.b64decode(address.partition(',')[2])",
        "[a-z][a-z0-9+.-]+://": "fetch it yourself and give the bytes",
    }
)


class PilImage(Protocol):
    """What is used of a ``PIL.Image.Image``: types are complete where pillow is not installed."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def mode(self) -> str: ...
    def load(self) -> object: ...
    def getexif(self) -> Mapping[int, Any]: ...
    def convert(self, mode: str) -> PilImage: ...


ColorOrder: TypeAlias = Literal["bgr", "rgb"]
ImageInput: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PilImage | NDArray[Any]
)


def check_color(color: object) -> None:
    """Refuse what is no order of channels.

    Raises:
        InvalidInputError: ``color`` is neither ``"bgr"`` nor ``"rgb"``.
    """
    check_choice("color", color, ("bgr", "rgb"))


def load_image(
    image: ImageInput, *, color: ColorOrder = "bgr", copy: bool = True
) -> NDArray[np.uint8]:
    """Load an image as RGB.

    A file (path, bytes or binary file object) may be AVIF, BMP, GIF, JPEG, PNG, TIFF or WebP as
    far as the installed OpenCV decodes it, and HEIC where pillow-heif is installed; of several
    frames or pages the first one is taken. Files and PIL images are turned upright by their
    orientation, alpha is dropped. 16 bits become the upper 8 of those that are used: of a sensor
    with 10 bits, bits 2 to 9.

    Args:
        image: Path, bytes, binary file object, PIL image, or uint8 array of shape (H, W),
            (H, W, 1), (H, W, 3) or (H, W, 4).
        color: Order of the channels of an array; files and PIL images know their own.
        copy: False returns an RGB array itself where it is C-contiguous.

    Returns:
        (H, W, 3) uint8 RGB, C-contiguous; it shares no memory with ``image`` unless ``copy`` is
        False.

    Raises:
        InvalidImageError: The image cannot be read, is cut short, is larger than
            ``MAX_IMAGE_PIXELS`` or ``MAX_IMAGE_BYTES``, would take unduly long to decode, or has
            the wrong type.
        InvalidInputError: ``color`` is neither ``"bgr"`` nor ``"rgb"``.
    """
    check_color(color)
    if isinstance(image, np.ndarray):
        return _convert_array(image, color, copy=copy)
    if _is_pil_image(image):
        return _convert_pil_image(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return decode_file(bytes(image), source="image bytes")
    if isinstance(image, (str, os.PathLike)):
        return decode_file(_read_path(image), source=in_brief(os.fsdecode(image)))
    if hasattr(image, "read"):
        source = in_brief(str(getattr(image, "name", "file object")))
        return decode_file(_read_file(cast(BinaryIO, image), source=source), source=source)
    raise InvalidImageError(
        f"image is {_kind_of(image)}; "
        "needed: a path, bytes, binary file object, PIL image or uint8 array"
    )


def _kind_of(image: object) -> str:
    if image is None:
        return "None, which cv2.imread gives for a file that it cannot read"
    return f"of type {type(image).__qualname__}"


def check_rgb(image: object) -> None:
    """Refuse what is no (H, W, 3) uint8 array, as detectors take it.

    Raises:
        InvalidImageError: The message says what came.
    """
    if isinstance(image, np.ndarray):
        if image.dtype == np.uint8 and image.shape[2:] == (3,) and image.size:
            return
        came = f"{image.dtype} of shape {image.shape}"
    else:
        came = type(image).__qualname__
    raise InvalidImageError(
        f"image is {came}; needed: an RGB array (H, W, 3) of uint8, as load_image gives it"
    )


def _convert_array(
    array: NDArray[Any], color: ColorOrder, *, copy: bool = True
) -> NDArray[np.uint8]:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in {2, 3} or channels not in {1, 3, 4}:
        raise InvalidImageError(
            f"array has dtype {array.dtype} and shape {array.shape}; needed: uint8 (0..255, "
            "convert it first) of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
        )
    if not array.size:
        raise InvalidImageError(f"array of shape {array.shape} has no pixels")
    if array.size > 4 * MAX_IMAGE_PIXELS and array.size > _bytes_behind(array):
        raise InvalidImageError(f"array of shape {array.shape} repeats a small one: too large")
    if channels == 3 and color == "rgb":
        return np.array(array, order="C") if copy else np.ascontiguousarray(array)
    conversions = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}
    conversion = cv2.COLOR_RGBA2RGB if color == "rgb" and channels == 4 else conversions[channels]
    return cv2.cvtColor(np.ascontiguousarray(array), conversion)  # type: ignore[return-value]


def _bytes_behind(array: NDArray[np.uint8]) -> int:
    """Return how many bytes of memory the strides of an array reach over."""
    reaches = (abs(step) * (n - 1) for step, n in zip(array.strides, array.shape, strict=True))
    return 1 + int(sum(reaches))


def _is_pil_image(image: object) -> TypeGuard[PilImage]:
    pil_image = sys.modules.get("PIL.Image")
    return pil_image is not None and isinstance(image, pil_image.Image)


def _convert_pil_image(image: PilImage) -> NDArray[np.uint8]:
    check_size(image.width, image.height, source="PIL image")
    try:
        # The orientation is read after loading, which turns some formats upright by itself.
        image.load()
        orientation = image.getexif().get(0x0112, 1)
        pixels = _read_pil_pixels(image)
    except InvalidImageError:
        raise
    except (OSError, SyntaxError, ValueError, RuntimeError) as exc:  # the last of damaged AVIF
        raise InvalidImageError(f"PIL image cannot be read: {exc}") from exc
    return turn_upright(pixels, orientation)


def _read_pil_pixels(image: PilImage) -> NDArray[np.uint8]:
    if image.mode.startswith("I") or image.mode == "F":
        return _convert_array(_read_deep_pixels(np.asarray(image), image.mode), "rgb")
    if image.mode == "P":
        image = image.convert("RGBA")  # straight to RGB it warns about transparency
    return np.array(image.convert("RGB"))


def _read_deep_pixels(samples: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    """Return 8 bits of a PIL image with one channel of more bits."""
    low, high = samples.min(), samples.max()
    if mode == "F" or low < 0 or high >= 2**16:
        raise InvalidImageError(
            f"PIL image of mode {mode!r} has values from {low:g} to {high:g}, which convert('L') "
            "would cut off: bring them to 0..255 yourself and give the uint8 array"
        )
    return to_8_bits(samples.astype(np.uint16))


def _read_path(path: str | os.PathLike[str]) -> bytes:
    if not os.fspath(path):
        raise InvalidImageError("image is an empty text; needed: a path")
    _refuse_address(path)
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size if stat.S_ISREG(status.st_mode) else MAX_IMAGE_BYTES
            return file.read(min(size, MAX_IMAGE_BYTES) + 1)
    except OSError as exc:
        shown = in_brief(os.fsdecode(path))
        raise InvalidImageError(f"{shown}: cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise InvalidImageError(f"{in_brief(repr(path))}: is no path: {exc}") from exc


def _refuse_address(path: str | os.PathLike[str]) -> None:
    if not isinstance(path, str):
        return
    for beginning, remedy in _ADDRESSES.items():
        if re.match(beginning, path, re.IGNORECASE):
            raise InvalidImageError(f"{in_brief(path)}: is an address, no path; {remedy}")


def _read_file(file: BinaryIO, *, source: str) -> bytes:
    try:
        data = file.read()
    except (OSError, ValueError) as exc:
        raise InvalidImageError(f"{source}: cannot be read: {exc}") from exc
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InvalidImageError(
            f"{source}: read() gave {type(data).__qualname__}; needed: bytes, "
            "from a file opened in binary mode ('rb')"
        )
    if not data and _is_read_already(file):
        raise InvalidImageError(f"{source}: has been read to its end; call its seek(0) first")
    return bytes(data)


def _is_read_already(file: BinaryIO) -> bool:
    try:
        return file.tell() > 0
    except (OSError, ValueError, AttributeError):
        return False
