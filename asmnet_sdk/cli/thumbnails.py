"""Small JPEG pictures for the report: one face with its overlay, or one whole photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["LARGEST_BYTES", "LONGEST_SIDE", "face_thumbnail", "photo_thumbnail", "thumbnails_of"]

LONGEST_SIDE = 192
"""Pixels."""

LARGEST_BYTES = 16_384

_WINDOW = 1.5  # side of the part that is shown / longer side of the face box
_LINE_WIDTH = 1.4  # pixels: still seen where the page shows thumbnails at half their size
_QUALITIES = (80, 60, 40, 20, 5)  # of JPEG; the first that keeps within LARGEST_BYTES


def thumbnails_of(image: NDArray[np.uint8], faces: Sequence[Face]) -> list[bytes]:
    """Return a thumbnail of each face, or one of the whole photo where there is no face.

    Args:
        image: (H, W, 3) RGB.
        faces: Faces of this image.

    Raises:
        InvalidInputError: A face has landmarks that are not finite.
    """
    return [face_thumbnail(image, face) for face in faces] or [photo_thumbnail(image)]


def face_thumbnail(image: NDArray[np.uint8], face: Face) -> bytes:
    """Return a JPEG of a face and its surroundings, with landmarks, contours and box.

    Args:
        image: (H, W, 3) RGB.
        face: A face of this image.

    Raises:
        InvalidInputError: Its landmarks are not finite.
    """
    left, top, right, bottom = _window(image, face.box)
    part, scale = _resized(image[top:bottom, left:right])
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
    drawn = draw_faces(part, [moved], head_pose=False, line_width=_LINE_WIDTH, color="rgb")
    return _encoded(drawn)


def photo_thumbnail(image: NDArray[np.uint8]) -> bytes:
    """Return a JPEG of a whole (H, W, 3) RGB photo."""
    return _encoded(_resized(image)[0])


def _window(image: NDArray[np.uint8], box: BoundingBox) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part to show: within the image, never empty."""
    height, width = image.shape[:2]
    reach = _WINDOW * max(box.width, box.height) / 2
    x, y = box.center
    left, right = (int(np.clip(round(edge), 0, width)) for edge in (x - reach, x + reach))
    top, bottom = (int(np.clip(round(edge), 0, height)) for edge in (y - reach, y + reach))
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _resized(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return the image with its longer side at ``LONGEST_SIDE``, and by how much it grew."""
    height, width = image.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size_wh, interpolation=method), np.uint8), scale


def _encoded(image: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    encoded = b""
    for quality in _QUALITIES:
        encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(encoded) <= LARGEST_BYTES:
            break
    return encoded
