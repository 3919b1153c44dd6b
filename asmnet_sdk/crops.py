"""From a face box to the network's crop and back, by one matrix and its inverse."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.geometry import Matrix, compose, invert, scale_of, transform_points
from asmnet_sdk.results import BoundingBox

__all__ = [
    "crop_matrix",
    "crop_to_image",
    "cut_crop",
    "image_to_crop",
    "part_under_crop",
    "resize_matrix",
    "scaling_matrix",
    "upright_box",
]


def crop_matrix(
    box: BoundingBox, *, crop_scale: float, size: int, clockwise_degrees: float = 0.0
) -> Matrix:
    """Return the (2, 3) transform from image pixels to the pixels of a square upright crop.

    Args:
        box: The face box; the crop shares its centre.
        crop_scale: Crop side / longer side of the box.
        size: Side of the crop in pixels.
        clockwise_degrees: How far the face is turned clockwise in the image; the crop turns it
            back.
    """
    scale = size / (crop_scale * box.longer_side)
    angle = math.radians(clockwise_degrees)
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    (x, y), middle = box.center, (size - 1) / 2
    return np.array([[a, b, middle - a * x - b * y], [-b, a, middle + b * x - a * y]])


def upright_box(landmarks: ArrayLike, clockwise_degrees: float) -> BoundingBox:
    """Return the face box as it is when the face is turned upright about its middle.

    Args:
        landmarks: (K, 2) image pixels.
        clockwise_degrees: How far the face is turned clockwise in the image.

    Raises:
        InvalidBoundingBoxError: The landmarks span no box.
    """
    angle = math.radians(clockwise_degrees)
    a, b = math.cos(angle), math.sin(angle)
    box = BoundingBox.around(np.asarray(landmarks, np.float64) @ [[a, -b], [b, a]])
    (x, y), half_width, half_height = box.center, box.width / 2, box.height / 2
    x, y = a * x - b * y, b * x + a * y
    return BoundingBox(x - half_width, y - half_height, x + half_width, y + half_height)


def resize_matrix(from_wh: tuple[float, float], to_wh: tuple[float, float]) -> Matrix:
    """Return the transform between pixel centres when a picture is resized."""
    across, down = to_wh[0] / from_wh[0], to_wh[1] / from_wh[1]
    return np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5]])


def scaling_matrix(scale: float) -> Matrix:
    """Return the transform between pixel centres when a picture is scaled by a factor."""
    return resize_matrix((1, 1), (scale, scale))


def cut_crop(
    image: NDArray[np.uint8], matrix: Matrix, size_wh: tuple[int, int]
) -> NDArray[np.uint8]:
    """Cut a crop out of an image; black where the crop lies outside.

    A crop that shrinks the image twofold or more is first averaged by area, so that large faces
    do not alias; only the part of the image under the crop is ever resampled.

    Args:
        image: (H, W, C) uint8.
        matrix: (2, 3), image pixels -> crop pixels.
        size_wh: Width and height of the crop.

    Returns:
        (height, width, C) uint8.
    """
    image, matrix = part_under_crop(image, matrix, size_wh)
    shrink = 1 / scale_of(matrix)
    while shrink >= 4:  # halving is many times as fast as averaging larger blocks at once
        image, matrix = _average_blocks(image, matrix, 2)
        shrink /= 2
    if shrink >= 2:
        image, matrix = _average_blocks(image, matrix, int(shrink))
    return cv2.warpAffine(image, matrix, size_wh, flags=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _average_blocks(
    image: NDArray[np.uint8], matrix: Matrix, side: int
) -> tuple[NDArray[np.uint8], Matrix]:
    """Return the means of blocks of side x side pixels, and the transform from these to the crop.

    OpenCV is fast only where the blocks fill the image: the rest at the right and below takes the
    values of the last whole blocks.
    """
    height, width = image.shape[:2]
    whole_wh = (max(width // side, 1), max(height // side, 1))
    filled = image[: whole_wh[1] * side, : whole_wh[0] * side]
    means = cv2.resize(filled, whole_wh, interpolation=cv2.INTER_AREA)
    below, right = height - filled.shape[0], width - filled.shape[1]
    if below or right:
        border = (0, min(below, 1), 0, min(right, 1))
        means = cv2.copyMakeBorder(means, *border, cv2.BORDER_REPLICATE)
    shift = (side - 1) / 2
    to_image = np.array([[side, 0, shift], [0, side, shift]], np.float64)
    return means, compose(matrix, to_image)  # type: ignore[return-value]


def part_under_crop(
    image: NDArray[np.uint8], matrix: Matrix, size_wh: tuple[int, int]
) -> tuple[NDArray[np.uint8], Matrix]:
    """Return the view of the image that a crop covers, and the transform from its pixels."""
    width, height = size_wh
    corners = [(-1, -1), (width, -1), (-1, height), (width, height)]
    corners_in_image = transform_points(invert(matrix), corners)
    limits = (image.shape[1], image.shape[0])
    low = np.clip(np.floor(corners_in_image.min(axis=0)), 0, np.subtract(limits, 1)).astype(int)
    high = np.clip(np.ceil(corners_in_image.max(axis=0)) + 1, low + 1, limits).astype(int)
    shift = np.array([[1.0, 0.0, low[0]], [0.0, 1.0, low[1]]])
    return image[low[1] : high[1], low[0] : high[0]], compose(matrix, shift)


def crop_to_image(landmarks: NDArray[np.float32], matrix: Matrix, size: int) -> NDArray[np.float32]:
    """Map landmarks in [0, 1] of the crop (0 and 1 are its outer edges) to image pixels.

    Args:
        landmarks: (K, 2) as a model gives them.
        matrix: (2, 3), image pixels -> crop pixels.
        size: Side of the crop in pixels.

    Returns:
        (K, 2) float32 image pixels.
    """
    to_image = compose(invert(matrix), [[size, 0, -0.5], [0, size, -0.5]])
    # By OpenCV: after a run numpy's matrix product is out of the caches and takes longer.
    points = cv2.transform(landmarks[np.newaxis].astype(np.float64), to_image)
    return points[0].astype(np.float32)  # type: ignore[no-any-return]


def image_to_crop(landmarks: NDArray[np.float32], matrix: Matrix, size: int) -> NDArray[np.float32]:
    """Map (K, 2) image pixels to [0, 1] of the crop: the inverse of ``crop_to_image``."""
    return ((transform_points(matrix, landmarks) + 0.5) / size).astype(np.float32)
