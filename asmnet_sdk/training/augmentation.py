"""Random crops as a careless detector would place them, in all kinds of light and quality."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, cut_crop, image_to_crop
from asmnet_sdk.geometry import Matrix, rotate_head_pose
from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox

__all__ = [
    "FacePlacement",
    "augment_face",
    "augment_negative",
    "jitter_box",
    "place_face",
    "recolour",
]

Image = NDArray[np.uint8]

_SCALE_DEVIATION, _SCALE_LIMIT = 0.09, 0.22
_SHIFT_DEVIATION, _SHIFT_LIMIT = 0.045, 0.12
_ROTATION_DEVIATION, _ROTATION_LIMIT = 14.0, 45.0


def jitter_box(box: BoundingBox, generator: np.random.Generator) -> BoundingBox:
    """Move and scale a square around the box as a careless detector would."""
    side = max(box.width, box.height)
    half = side / 2 * np.exp(_clipped_normal(generator, _SCALE_DEVIATION, _SCALE_LIMIT))
    x = box.center[0] + side * _clipped_normal(generator, _SHIFT_DEVIATION, _SHIFT_LIMIT)
    y = box.center[1] + side * _clipped_normal(generator, _SHIFT_DEVIATION, _SHIFT_LIMIT)
    return BoundingBox(x - half, y - half, x + half, y + half)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FacePlacement:
    """How a training crop lies on its canvas, and the labels it then has.

    Attributes:
        matrix: (2, 3), canvas pixels -> crop pixels before mirroring.
        is_mirrored: Whether the crop is mirrored afterwards; the labels are already.
        landmarks: (K, 2) in [0, 1] of the crop.
        head_pose: (3,) yaw, pitch, roll in degrees.
    """

    matrix: Matrix
    is_mirrored: bool
    landmarks: NDArray[np.float32]
    head_pose: NDArray[np.float32]


def place_face(
    landmarks: NDArray[np.float32],
    head_pose: NDArray[np.float32],
    layout: Layout,
    *,
    crop_scale: float,
    size: int,
    generator: np.random.Generator,
) -> FacePlacement:
    """Turn, shift, scale and perhaps mirror a crop at random.

    Args:
        landmarks: (K, 2) canvas pixels.
        head_pose: (3,) yaw, pitch, roll in degrees.
        layout: The layout of the landmarks; its mirror order goes with a mirrored picture.
        crop_scale: Crop side / longer side of the face box.
        size: Side of the crop.
        generator: Source of chance.
    """
    turn = _clipped_normal(generator, _ROTATION_DEVIATION, _ROTATION_LIMIT)
    box = jitter_box(BoundingBox.around(landmarks), generator)
    matrix = crop_matrix(box, crop_scale=crop_scale, size=size, clockwise_degrees=-turn)
    points = image_to_crop(landmarks, matrix, size)
    pose = rotate_head_pose(head_pose, turn).astype(np.float32)
    is_mirrored = bool(generator.random() < 0.5)
    if is_mirrored:
        points = points[list(layout.mirror)].copy()
        points[:, 0] = 1 - points[:, 0]
        pose = pose * np.array([-1, 1, -1], np.float32)
    return FacePlacement(matrix=matrix, is_mirrored=is_mirrored, landmarks=points, head_pose=pose)


def augment_face(
    canvas: Image, placement: FacePlacement, *, size: int, generator: np.random.Generator
) -> Image:
    """Cut one training crop as it is placed, in random light and quality.

    Args:
        canvas: (C, C, 3) uint8 RGB.
        placement: Where the crop lies.
        size: Side of the crop, as in the placement.
        generator: Source of chance.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    crop = cut_crop(canvas, placement.matrix, (size, size))
    if placement.is_mirrored:
        crop = np.ascontiguousarray(crop[:, ::-1])
    return _degrade(_occlude(recolour(crop, generator), generator), generator)


def augment_negative(crop: Image, *, size: int, generator: np.random.Generator) -> Image:
    """Mirror, recolour and degrade a crop that shows no face."""
    if generator.random() < 0.5:
        crop = crop[:, ::-1]
    resized: Image = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return _degrade(recolour(resized, generator), generator)


def _clipped_normal(generator: np.random.Generator, deviation: float, limit: float) -> float:
    return float(np.clip(generator.normal(0, deviation), -limit, limit))


def recolour(crop: Image, generator: np.random.Generator) -> Image:
    """Change gain, offset, gamma and colour balance through one table a channel."""
    levels = np.linspace(0, 1, 256)
    gamma = np.exp(generator.normal(0, 0.25))
    gain = np.exp(generator.normal(0, 0.15)) * np.exp(generator.normal(0, 0.07, size=(3, 1)))
    tables = gain * levels**gamma + generator.normal(0, 0.06)
    tables = np.clip(255 * tables, 0, 255).astype(np.uint8)
    crop = cv2.LUT(crop, np.ascontiguousarray(tables.T).reshape(1, 256, 3))  # type: ignore[assignment]
    if generator.random() < 0.15:
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        crop = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)  # type: ignore[assignment]
    return crop


def _occlude(crop: Image, generator: np.random.Generator) -> Image:
    """Cover a random box with one colour or with noise."""
    if generator.random() >= 0.35:
        return crop
    size = crop.shape[0]
    width, height = generator.uniform(0.1, 0.45, size=2) * size
    x, y = generator.uniform(-0.1, 0.9, size=2) * size
    left, top, right, bottom = (max(int(v), 0) for v in (x, y, x + width, y + height))
    part = crop[top:bottom, left:right]
    if generator.random() < 0.5:
        part[:] = generator.integers(0, 256, size=3)
    else:
        part[:] = generator.integers(0, 256, size=part.shape)
    return crop


def _degrade(crop: Image, generator: np.random.Generator) -> Image:
    """Blur, lose resolution, add noise or compress, each now and then."""
    size = crop.shape[0]
    if generator.random() < 0.2:
        crop = cv2.GaussianBlur(crop, (0, 0), generator.uniform(0.4, 0.014 * size))  # type: ignore[assignment]
    if generator.random() < 0.2:
        small = int(size * generator.uniform(0.25, 0.8))
        reduced = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
        crop = cv2.resize(reduced, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    if generator.random() < 0.2:
        noise = generator.normal(0, generator.uniform(3, 16), size=crop.shape)
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if generator.random() < 0.15:
        quality = int(generator.integers(25, 80))
        _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
        crop = cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[assignment]
    return crop
