"""Whatever the caller has, a path, bytes, a file, a PIL image or an array, as one RGB array."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, TypeGuard, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidImageError, InvalidInputError
from asmnet_sdk.images.headers import ImageHeader, read_image_header

__all__ = [
    "MAX_IMAGE_BYTES",
    "MAX_IMAGE_PIXELS",
    "ColorOrder",
    "ImageInput",
    "PilImage",
    "load_image",
]

MAX_IMAGE_PIXELS = 2**27
"""Files and PIL images with more pixels (134 million) are refused before they are decoded."""

MAX_IMAGE_BYTES = 2**30
"""Files with more bytes (1 GiB) are refused."""

_MOST_PASSES = 16  # over a picture of MAX_IMAGE_PIXELS; over smaller ones more


class PilImage(Protocol):
    """What is used of a ``PIL.Image.Image``: types are complete where pillow is not installed."""

    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def mode(self) -> str: ...  # noqa: D102
    def load(self) -> object: ...  # noqa: D102
    def getexif(self) -> Mapping[int, Any]: ...  # noqa: D102
    def convert(self, mode: str) -> PilImage: ...  # noqa: D102


ColorOrder: TypeAlias = Literal["bgr", "rgb"]
ImageInput: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PilImage | NDArray[Any]
)


def load_image(
    image: ImageInput, *, color: ColorOrder = "bgr", copy: bool = True
) -> NDArray[np.uint8]:
    """Load an image as RGB.

    A file (path, bytes or binary file object) may be BMP, GIF, JPEG, PNG, TIFF or WebP as far as
    the installed OpenCV decodes it; of several frames or pages the first one is taken. Files and
    PIL images are turned upright by their EXIF orientation, alpha is dropped, 16 bits become 8.

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
    if color not in ("bgr", "rgb"):
        raise InvalidInputError(f"color is {color!r}; needed: 'bgr' or 'rgb'")
    if isinstance(image, np.ndarray):
        return _convert_array(image, color, copy=copy)
    if _is_pil_image(image):
        return _convert_pil_image(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _decode(bytes(image), source="image bytes")
    if isinstance(image, (str, os.PathLike)):
        return _decode(_read_path(image), source=os.fsdecode(image))
    if hasattr(image, "read"):
        source = str(getattr(image, "name", "file object"))
        return _decode(_read_file(cast(BinaryIO, image), source=source), source=source)
    raise InvalidImageError(
        f"image is a {type(image).__qualname__}; "
        "needed: a path, bytes, binary file object, PIL image or uint8 array"
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
    _check_size(image.width, image.height, source="PIL image")
    try:
        # The orientation is read after loading, which turns some formats upright by itself.
        image.load()
        orientation = image.getexif().get(0x0112, 1)
        pixels = _read_pil_pixels(image)
    except (OSError, SyntaxError, ValueError) as exc:
        raise InvalidImageError(f"PIL image cannot be read: {exc}") from exc
    return _turn_upright(pixels, orientation)


def _read_pil_pixels(image: PilImage) -> NDArray[np.uint8]:
    if image.mode.startswith("I;16"):
        return _convert_array((np.asarray(image) >> 8).astype(np.uint8), "rgb")
    if image.mode in {"I", "F"}:
        raise InvalidImageError(f"PIL image has mode {image.mode!r}; convert it to 'L' or 'RGB'")
    if image.mode == "P":
        image = image.convert("RGBA")  # straight to RGB it warns about transparency
    return np.array(image.convert("RGB"))


def _read_path(path: str | os.PathLike[str]) -> bytes:
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size if stat.S_ISREG(status.st_mode) else MAX_IMAGE_BYTES
            return file.read(min(size, MAX_IMAGE_BYTES) + 1)
    except OSError as exc:
        raise InvalidImageError(f"{path}: cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise InvalidImageError(f"{path!r}: is no path: {exc}") from exc


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
    return bytes(data)


def _decode(data: bytes, *, source: str) -> NDArray[np.uint8]:
    if not data:
        raise InvalidImageError(f"{source}: empty, no bytes to read")
    if len(data) > MAX_IMAGE_BYTES:
        raise InvalidImageError(f"{source}: more than {MAX_IMAGE_BYTES} bytes")
    try:
        header = read_image_header(data)
    except InvalidImageError as exc:
        raise InvalidImageError(f"{source}: {exc}") from exc
    _check_size(header.width, header.height, source=source)
    if header.passes * header.width * header.height > _MOST_PASSES * MAX_IMAGE_PIXELS:
        raise InvalidImageError(
            f"{source}: {header.passes} scans of {header.width} x {header.height} pixels would "
            "take too long to decode"
        )
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    failure = f"{source}: OpenCV {cv2.__version__} cannot decode this {header.file_format} file"
    try:
        pixels = cv2.imdecode(_overwrite(data, header), flags)
    except cv2.error as exc:
        raise InvalidImageError(failure) from exc
    if pixels is None:
        raise InvalidImageError(failure)
    return _turn_upright(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), header.orientation)


def _overwrite(data: bytes, header: ImageHeader) -> NDArray[np.uint8]:
    if not header.overwrites:
        return np.frombuffer(data, np.uint8)
    changed = bytearray(data)
    for position, values in header.overwrites:
        changed[position : position + len(values)] = values
    return np.frombuffer(changed, np.uint8)


def _check_size(width: int, height: int, *, source: str) -> None:
    if not width * height:
        raise InvalidImageError(f"{source}: {width} x {height} has no pixels")
    if width * height > MAX_IMAGE_PIXELS:
        raise InvalidImageError(
            f"{source}: {width} x {height} is more than {MAX_IMAGE_PIXELS} pixels; shrink it, or "
            "decode it yourself and give the array"
        )


def _turn_upright(pixels: NDArray[Any], orientation: int) -> NDArray[np.uint8]:
    """Apply an EXIF orientation, 1 to 8; 5 to 8 exchange width and height."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels, np.uint8)
