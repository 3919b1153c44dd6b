"""Random crops as a careless detector would place them, in all kinds of light and quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, cut_crop, image_to_crop
from asmnet_sdk.geometry import Matrix, rotate_head_pose
from asmnet_sdk.layouts import IBUG_68, Layout
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.covers import cover_anything, cover_face, cut_edge
from asmnet_sdk.training.degrading import Wear, degrade, light_from_a_side, recolour

__all__ = [
    "FaceLabels",
    "FacePlacement",
    "augment_face",
    "augment_negative",
    "augment_turned_away",
    "jitter_box",
    "place_face",
    "place_turned_away",
]

Image = NDArray[np.uint8]

_SCALE_DEVIATION, _SCALE_LIMIT = 0.09, 0.22
_SHIFT_DEVIATION, _SHIFT_LIMIT = 0.045, 0.12
_ROTATION_DEVIATION, _ROTATION_LIMIT = 12.0, 45.0
_FAR_ROTATIONS = 0.25  # share of the crops turned evenly within the limit
_TURNED_AWAY = (85.0, 275.0)  # degrees from upright that no crop of a face is to have
_COVER, _COVER_FACE, _CUT_EDGE, _SIDE_LIGHT = 0.25, 0.18, 0.15, 0.2


def jitter_box(box: BoundingBox, generator: np.random.Generator) -> BoundingBox:
    """Move and scale a square around the box as a careless detector would."""
    side = max(box.width, box.height)
    half = side / 2 * np.exp(_clipped_normal(generator, _SCALE_DEVIATION, _SCALE_LIMIT))
    x = box.center[0] + side * _clipped_normal(generator, _SHIFT_DEVIATION, _SHIFT_LIMIT)
    y = box.center[1] + side * _clipped_normal(generator, _SHIFT_DEVIATION, _SHIFT_LIMIT)
    return BoundingBox(x - half, y - half, x + half, y + half)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceLabels:
    """What is known of a face.

    Attributes:
        landmarks: (K, 2) float32, NaN where unknown.
        landmark_weights: (K,) how far each is trusted.
        landmark_visible: (K,) 1 seen, 0 hidden, NaN unknown.
        head_pose: (3,) yaw, pitch, roll in degrees, or NaN.
    """

    landmarks: NDArray[np.float32]
    landmark_weights: NDArray[np.float32]
    landmark_visible: NDArray[np.float32]
    head_pose: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FacePlacement:
    """How a training crop lies on its canvas, and the labels it then has.

    Attributes:
        matrix: (2, 3), canvas pixels -> crop pixels before mirroring.
        is_mirrored: Whether the crop is mirrored afterwards; the labels are already.
        layout: The layout of the landmarks.
        labels: The labels in the crop; landmarks in [0, 1] of it.
    """

    matrix: Matrix
    is_mirrored: bool
    layout: Layout
    labels: FaceLabels


def place_face(
    labels: FaceLabels,
    layout: Layout,
    *,
    crop_scale: float,
    size: int,
    generator: np.random.Generator,
) -> FacePlacement:
    """Turn, shift, scale and perhaps mirror a crop at random.

    Args:
        labels: Of the face; landmarks in canvas pixels.
        layout: The layout of the landmarks; its mirror order goes with a mirrored picture.
        crop_scale: Crop side / longer side of the face box.
        size: Side of the crop.
        generator: Source of chance.
    """
    turn = _random_turn(generator)
    matrix = _random_matrix(labels.landmarks, crop_scale, size, turn, generator)
    placed = replace(
        labels,
        landmarks=image_to_crop(labels.landmarks, matrix, size),
        head_pose=rotate_head_pose(labels.head_pose, turn).astype(np.float32),
    )
    is_mirrored = bool(generator.random() < 0.5)
    return FacePlacement(
        matrix=matrix,
        is_mirrored=is_mirrored,
        layout=layout,
        labels=_mirrored(placed, layout) if is_mirrored else placed,
    )


def place_turned_away(
    landmarks: NDArray[np.float32],
    *,
    crop_scale: float,
    size: int,
    generator: np.random.Generator,
) -> Matrix:
    """Return a crop of a face on its side or on its head, which is to pass for none."""
    turn = generator.uniform(*_TURNED_AWAY)
    return _random_matrix(landmarks, crop_scale, size, turn, generator)


def _random_turn(generator: np.random.Generator) -> float:
    if generator.random() < _FAR_ROTATIONS:
        return float(generator.uniform(-_ROTATION_LIMIT, _ROTATION_LIMIT))
    return _clipped_normal(generator, _ROTATION_DEVIATION, _ROTATION_LIMIT)


def _random_matrix(
    landmarks: NDArray[np.float32],
    crop_scale: float,
    size: int,
    turn: float,
    generator: np.random.Generator,
) -> Matrix:
    known = landmarks[np.isfinite(landmarks).all(axis=1)]
    box = jitter_box(BoundingBox.around(known), generator)
    return crop_matrix(box, crop_scale=crop_scale, size=size, clockwise_degrees=-turn)


def _mirrored(labels: FaceLabels, layout: Layout) -> FaceLabels:
    order = list(layout.mirror)
    points = labels.landmarks[order].copy()
    points[:, 0] = 1 - points[:, 0]
    return FaceLabels(
        landmarks=points,
        landmark_weights=labels.landmark_weights[order],
        landmark_visible=labels.landmark_visible[order],
        head_pose=labels.head_pose * np.array([-1, 1, -1], np.float32),
    )


def augment_face(
    canvas: Image,
    placement: FacePlacement,
    *,
    size: int,
    others: Sequence[Image] = (),
    generator: np.random.Generator,
) -> tuple[Image, NDArray[np.float32]]:
    """Cut one training crop as it is placed, in random light and quality, some partly covered.

    Args:
        canvas: (C, C, 3) uint8 RGB.
        placement: Where the crop lies.
        size: Side of the crop, as in the placement.
        others: Pictures whose pieces may cover the face.
        generator: Source of chance.

    Returns:
        (size, size, 3) uint8 RGB, and the (K,) visibility of the points under the covers.
    """
    crop = cut_crop(canvas, placement.matrix, (size, size))
    if placement.is_mirrored:
        crop = np.ascontiguousarray(crop[:, ::-1])
    crop = recolour(crop, generator)
    if generator.random() < _SIDE_LIGHT:
        crop = light_from_a_side(crop, generator)
    points = placement.labels.landmarks * size - 0.5
    hidden = _cover(crop, points, others, generator, has_ibug=placement.layout == IBUG_68)
    visible = np.where(_lies_in(points, hidden), np.float32(0), placement.labels.landmark_visible)
    return _degraded(crop, generator), visible.astype(np.float32)


def _cover(
    crop: Image,
    points: NDArray[np.float32],
    others: Sequence[Image],
    generator: np.random.Generator,
    *,
    has_ibug: bool,
) -> NDArray[np.bool_]:
    """Draw covers on a crop; return the mask of all that is hidden.

    Masks and glasses sit where the points of iBUG say.
    """
    hidden = np.zeros(crop.shape[:2], bool)
    if has_ibug and generator.random() < _COVER_FACE:
        hidden |= cover_face(crop, points, generator)
    if generator.random() < _COVER:
        hidden |= cover_anything(crop, others, generator)
    if generator.random() < _CUT_EDGE:
        hidden |= cut_edge(crop, generator)
    return hidden


def _lies_in(points: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which points lie in a mask; unknown ones and those outside the crop do not."""
    size = len(mask)
    known = np.asarray(np.isfinite(points).all(axis=1))
    columns, rows = np.where(known[:, None], np.round(points), -1).astype(int).T
    inside = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size)
    hidden: NDArray[np.bool_] = (
        inside & mask[np.clip(rows, 0, size - 1), np.clip(columns, 0, size - 1)]
    )
    return hidden


def augment_turned_away(
    canvas: Image, matrix: Matrix, *, size: int, generator: np.random.Generator
) -> Image:
    """Cut a crop as ``place_turned_away`` places it, in random light and quality."""
    return _degraded(recolour(cut_crop(canvas, matrix, (size, size)), generator), generator)


def augment_negative(crop: Image, *, size: int, generator: np.random.Generator) -> Image:
    """Mirror, recolour and degrade a crop that shows no face."""
    if generator.random() < 0.5:
        crop = crop[:, ::-1]
    resized: Image = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return _degraded(recolour(resized, generator), generator)


def _clipped_normal(generator: np.random.Generator, deviation: float, limit: float) -> float:
    return float(np.clip(generator.normal(0, deviation), -limit, limit))


def _degraded(crop: Image, generator: np.random.Generator) -> Image:
    return degrade(
        crop,
        generator,
        blur=Wear(0.2, 0.4, 0.014 * len(crop)),
        resolution=Wear(0.2, 0.25, 0.8),
        noise=Wear(0.2, 3, 16),
        quality=Wear(0.15, 25, 80),
    )
