"""Put an edited crop back into its photo, fading at the border."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop, part_under_crop, resize_matrix
from asmnet_sdk.geometry import Matrix, compose, invert, scale_of

__all__ = ["paste"]

_MOST_PLACED_PIXELS = 2**25
_MOST_ZOOM = 512  # this many samples a side of a photo pixel give its mean closely


def paste(
    photo: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    matrix: Matrix,
    size_wh: tuple[int, int],
    feather: float,
) -> None:
    """Blend a crop into a photo, in place.

    Args:
        photo: (H, W, 3) uint8.
        crop: (h, w, 3) uint8, of any resolution.
        matrix: (2, 3), photo pixels -> pixels of the crop as it was cut.
        size_wh: Width and height of the crop as it was cut.
        feather: Width of the fading border, as a part of the crop's shorter side.
    """
    part, part_to_crop = part_under_crop(photo, matrix, size_wh)
    weight = _fade(part_to_crop, size_wh, feather, part.shape[:2])
    whole = cut_crop(np.full(photo.shape[:2], 255, np.uint8), matrix, size_wh)
    weight[_place(whole, part_to_crop, size_wh, part.shape[:2]) < 255] = 0
    placed = _place(crop, part_to_crop, size_wh, part.shape[:2])
    part[...] = np.rint(part + weight[..., None] * (placed.astype(np.float32) - part))


def _fade(
    part_to_crop: Matrix, size_wh: tuple[int, int], feather: float, part_hw: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return the (h, w) weight of the crop: 0 outside, rising smoothly to 1 inside its border."""
    x, y = np.arange(part_hw[1]), np.arange(part_hw[0])[:, None]
    inside = np.full(part_hw, np.inf)
    for (along_x, along_y, shift), size in zip(part_to_crop, size_wh, strict=True):
        position = along_x * x + along_y * y + shift + 0.5
        inside = np.minimum(inside, np.minimum(position, size - position))
    rise = np.clip(inside / max(feather * min(size_wh), 1e-6), 0, 1)
    return (rise * rise * (3 - 2 * rise)).astype(np.float32)


def _place(
    crop: NDArray[np.uint8],
    part_to_crop: Matrix,
    size_wh: tuple[int, int],
    part_hw: tuple[int, ...],
) -> NDArray[np.uint8]:
    """Warp a crop of any resolution to where it was cut from, averaged by area where it shrinks."""
    part_to_crop = compose(resize_matrix(size_wh, crop.shape[1::-1]), part_to_crop)
    height, width = part_hw
    most = math.isqrt(_MOST_PLACED_PIXELS // (height * width))
    zoom = max(1, min(int(scale_of(part_to_crop)), most, _MOST_ZOOM))
    matrix = compose(resize_matrix((1, 1), (zoom, zoom)), invert(part_to_crop))
    # The edge is replicated, not black: what fades out next to it keeps its colour.
    placed = cv2.warpAffine(
        crop, matrix, (width * zoom, height * zoom), borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.resize(placed, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
