"""Training crops in all kinds of light and quality, some partly covered."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop
from asmnet_sdk.geometry import Matrix
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.training.covers import cover_anything, cover_face, cut_edge
from asmnet_sdk.training.degrading import Wear, degrade, light_from_a_side, recolour
from asmnet_sdk.training.placing import FacePlacement

__all__ = ["augment_face", "augment_negative", "augment_turned_away"]

Image = NDArray[np.uint8]

_COVER, _COVER_FACE, _CUT_EDGE, _SIDE_LIGHT = 0.25, 0.18, 0.15, 0.2
_BLUR, _COARSE, _NOISE, _JPEG = 0.2, 0.2, 0.2, 0.15


def augment_face(
    canvas: Image,
    placement: FacePlacement,
    *,
    size: int,
    others: Sequence[Image] = (),
    damage: float = 1.0,
    generator: np.random.Generator,
) -> tuple[Image, NDArray[np.float32]]:
    """Cut one training crop as it is placed, in random light and quality, some partly covered.

    Args:
        canvas: (C, C, 3) uint8 RGB.
        placement: Where the crop lies.
        size: Side of the crop, as in the placement.
        others: Pictures whose pieces may cover the face.
        damage: How often the crop is covered, cut off, lit from a side, blurred, coarsened, noisy
            or compressed, as a share of the usual rates.
        generator: Source of chance.

    Returns:
        (size, size, 3) uint8 RGB, and the (K,) visibility of the points under the covers.
    """
    crop = cut_crop(canvas, placement.matrix, (size, size))
    if placement.is_mirrored:
        crop = np.ascontiguousarray(crop[:, ::-1])
    crop = recolour(crop, generator)
    if generator.random() < damage * _SIDE_LIGHT:
        crop = light_from_a_side(crop, generator)
    points = placement.labels.landmarks * size - 0.5
    has_ibug = placement.layout == IBUG_68
    hidden = _cover(crop, points, others, damage, generator, has_ibug=has_ibug)
    visible = np.where(_lies_in(points, hidden), np.float32(0), placement.labels.landmark_visible)
    return _degraded(crop, damage, generator), visible.astype(np.float32)


def _cover(
    crop: Image,
    points: NDArray[np.float32],
    others: Sequence[Image],
    damage: float,
    generator: np.random.Generator,
    *,
    has_ibug: bool,
) -> NDArray[np.bool_]:
    """Draw covers on a crop; return the mask of all that is hidden.

    Masks and glasses sit where the points of iBUG say.
    """
    hidden = np.zeros(crop.shape[:2], bool)
    if has_ibug and generator.random() < damage * _COVER_FACE:
        hidden |= cover_face(crop, points, generator)
    if generator.random() < damage * _COVER:
        hidden |= cover_anything(crop, others, generator)
    if generator.random() < damage * _CUT_EDGE:
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
    canvas: Image,
    matrix: Matrix,
    *,
    size: int,
    damage: float = 1.0,
    generator: np.random.Generator,
) -> Image:
    """Cut a crop as ``place_turned_away`` places it, in random light and quality."""
    crop = recolour(cut_crop(canvas, matrix, (size, size)), generator)
    return _degraded(crop, damage, generator)


def augment_negative(
    crop: Image, *, size: int, damage: float = 1.0, generator: np.random.Generator
) -> Image:
    """Mirror, recolour and degrade a crop that shows no face."""
    if generator.random() < 0.5:
        crop = crop[:, ::-1]
    resized: Image = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return _degraded(recolour(resized, generator), damage, generator)


def _degraded(crop: Image, damage: float, generator: np.random.Generator) -> Image:
    return degrade(
        crop,
        generator,
        blur=Wear(damage * _BLUR, 0.4, 0.014 * len(crop)),
        resolution=Wear(damage * _COARSE, 0.25, 0.8),
        noise=Wear(damage * _NOISE, 3, 16),
        quality=Wear(damage * _JPEG, 25, 80),
    )
