"""Where a training crop lies: turned, shifted and scaled as by a careless detector."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, image_to_crop
from asmnet_sdk.geometry import Matrix, rotate_head_pose
from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import box_around_known

__all__ = ["FaceLabels", "FacePlacement", "jitter_box", "place_face", "place_turned_away"]

_SCALE_DEVIATION, _SCALE_LIMIT = 0.09, 0.22
_SHIFT_DEVIATION, _SHIFT_LIMIT = 0.045, 0.12
_ROTATION_DEVIATION, _ROTATION_LIMIT = 12.0, 45.0
_FAR_ROTATIONS = 0.25  # share of the crops turned evenly within the limit
_TURNED_AWAY = (85.0, 275.0)  # degrees from upright that no crop of a face is to have


def jitter_box(
    box: BoundingBox, generator: np.random.Generator, *, jitter: float = 1.0
) -> BoundingBox:
    """Move and scale a square around the box as a careless detector would.

    Args:
        box: The true box.
        generator: Source of chance.
        jitter: How far it strays, as a share of the usual.
    """
    side = box.longer_side
    shift, limit = jitter * _SHIFT_DEVIATION, jitter * _SHIFT_LIMIT
    scale = _clipped_normal(generator, jitter * _SCALE_DEVIATION, jitter * _SCALE_LIMIT)
    half = side / 2 * np.exp(scale)
    x = box.center[0] + side * _clipped_normal(generator, shift, limit)
    y = box.center[1] + side * _clipped_normal(generator, shift, limit)
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
    jitter: float = 1.0,
    generator: np.random.Generator,
) -> FacePlacement:
    """Turn, shift, scale and perhaps mirror a crop at random.

    Args:
        labels: Of the face; landmarks in canvas pixels.
        layout: The layout of the landmarks; its mirror order goes with a mirrored picture.
        crop_scale: Crop side / longer side of the face box.
        size: Side of the crop.
        jitter: How far it is turned, shifted and scaled, as a share of the usual.
        generator: Source of chance.
    """
    turn = jitter * _random_turn(generator)
    box = jitter_box(box_around_known(labels.landmarks), generator, jitter=jitter)
    matrix = crop_matrix(box, crop_scale=crop_scale, size=size, clockwise_degrees=-turn)
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
    box = jitter_box(box_around_known(landmarks), generator)
    return crop_matrix(box, crop_scale=crop_scale, size=size, clockwise_degrees=-turn)


def _random_turn(generator: np.random.Generator) -> float:
    if generator.random() < _FAR_ROTATIONS:
        return float(generator.uniform(-_ROTATION_LIMIT, _ROTATION_LIMIT))
    return _clipped_normal(generator, _ROTATION_DEVIATION, _ROTATION_LIMIT)


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


def _clipped_normal(generator: np.random.Generator, deviation: float, limit: float) -> float:
    return float(np.clip(generator.normal(0, deviation), -limit, limit))
