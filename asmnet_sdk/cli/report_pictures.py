"""JPEG pictures for the reports: one face with its overlay, or one whole photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing import DrawingStyle, draw_faces
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.results import BoundingBox, Face

__all__ = [
    "LARGE_FACE",
    "THUMBNAIL",
    "Limits",
    "PhotoPictures",
    "face_picture",
    "photo_limits",
    "photo_picture",
    "pictures_of",
]

_WINDOW = 1.5  # side of the part that is shown / longer side of the face box
# Still seen where the page shows pictures at half their size.
_STYLE = DrawingStyle(line_width=1.4)
_QUALITIES = (80, 60, 40, 20, 5)  # of JPEG; the first that keeps within the limit
_ALL_PHOTOS_BYTES = 2**26  # what the whole photos of a report share


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a picture may be: pixels of its longer side, bytes of its file."""

    longest_side: int
    largest_bytes: int


THUMBNAIL = Limits(longest_side=192, largest_bytes=16_384)
LARGE_FACE = Limits(longest_side=384, largest_bytes=32_768)


def photo_limits(photo_count: int) -> Limits:
    """Return the limits of a whole photo in a report of so many: fewer may be larger."""
    share = _ALL_PHOTOS_BYTES // max(1, photo_count)
    return Limits(longest_side=960, largest_bytes=int(np.clip(share, 16_384, 98_304)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoPictures:
    """What a report shows of a photo.

    Attributes:
        size_wh: Width and height of the photo in pixels.
        whole: A JPEG of all of it.
        faces: A JPEG of each face.
    """

    size_wh: tuple[int, int]
    whole: bytes
    faces: tuple[bytes, ...]


def pictures_of(image: NDArray[np.uint8], faces: Sequence[Face], limits: Limits) -> PhotoPictures:
    """Return the pictures of a photo.

    Args:
        image: (H, W, 3) RGB.
        faces: Faces of this image.
        limits: Of the whole photo.

    Raises:
        InvalidInputError: A face has landmarks that are not finite.
    """
    return PhotoPictures(
        size_wh=(image.shape[1], image.shape[0]),
        whole=photo_picture(image, limits),
        faces=tuple(face_picture(image, face, LARGE_FACE) for face in faces),
    )


def face_picture(image: NDArray[np.uint8], face: Face, limits: Limits = THUMBNAIL) -> bytes:
    """Return a JPEG of a face and its surroundings, with landmarks, contours and box.

    Args:
        image: (H, W, 3) RGB.
        face: A face of this image.
        limits: Its longer side is as long as they allow, however small the face.

    Raises:
        InvalidInputError: Its landmarks are not finite.
    """
    left, top, right, bottom = _window(image, face.box)
    part = image[top:bottom, left:right]
    scale = limits.longest_side / max(part.shape[:2])
    shift_x, shift_y = ((0.5 - edge) * scale - 0.5 for edge in (left, top))
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    corners = transform_points(matrix, np.reshape(tuple(face.box), (2, 2)))
    moved = replace(
        face,
        landmarks=transform_points(matrix, face.landmarks).astype(np.float32),
        box=BoundingBox(*corners.ravel().tolist()),
        score=None,
        track_id=None,
    )
    drawn = draw_faces(_resized(part, scale), [moved], head_pose=False, style=_STYLE, color="rgb")
    return _encoded(drawn, limits)


def photo_picture(image: NDArray[np.uint8], limits: Limits = THUMBNAIL) -> bytes:
    """Return a JPEG of a whole (H, W, 3) RGB photo, never larger than the photo itself."""
    scale = min(1.0, limits.longest_side / max(image.shape[:2]))
    return _encoded(_resized(image, scale), limits)


def _window(image: NDArray[np.uint8], box: BoundingBox) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part to show: within the image, never empty."""
    height, width = image.shape[:2]
    reach = _WINDOW * box.longer_side / 2
    x, y = box.center
    left, right = (int(np.clip(round(edge), 0, width)) for edge in (x - reach, x + reach))
    top, bottom = (int(np.clip(round(edge), 0, height)) for edge in (y - reach, y + reach))
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _resized(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size_wh, interpolation=method), np.uint8)


def _encoded(image: NDArray[np.uint8], limits: Limits) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    encoded = b""
    for quality in _QUALITIES:
        encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(encoded) <= limits.largest_bytes:
            break
    return encoded
