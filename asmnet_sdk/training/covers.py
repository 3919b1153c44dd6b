"""Covers that a training crop may get, and which of its pixels they hide.

Each function draws on a square (S, S, 3) uint8 RGB crop in place and returns the (S, S) mask of
what it covered. Landmarks are (K, 2) pixels of the crop in the IBUG_68 layout, NaN where unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["cover_anything", "cover_face", "cut_edge"]

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Points = NDArray[np.float32]
Generator = np.random.Generator


def cover_anything(crop: Image, others: Sequence[Image], generator: Generator) -> Mask:
    """Cover a part with a box, a bar, a half, or a piece of another picture."""
    kinds: list[Callable[[Image, Generator], Mask]] = [_box, _box, _bar, _half]
    if others and generator.random() < 0.5:
        return _piece(crop, others[int(generator.integers(len(others)))], generator)
    return kinds[int(generator.integers(len(kinds)))](crop, generator)


def cover_face(crop: Image, landmarks: Points, generator: Generator) -> Mask:
    """Put on a mask or dark glasses, where the landmarks they need are known."""
    if generator.random() < 0.6:
        return _face_mask(crop, landmarks, generator)
    return _dark_glasses(crop, landmarks, generator)


def cut_edge(crop: Image, generator: Generator) -> Mask:
    """End the picture inside the crop, as if the face were cut off: black, or its edge repeated."""
    size = len(crop)
    depth = int(size * generator.uniform(0.05, 0.42))
    replicate = generator.random() < 0.4
    turns = int(generator.integers(4))
    turned = np.rot90(crop, turns)  # a view: what is written to it is written to the crop
    turned[:depth] = turned[depth] if replicate else 0
    mask = np.zeros((size, size), bool)
    np.rot90(mask, turns)[:depth] = True
    return mask


def _fill(crop: Image, mask: Mask, generator: Generator) -> Mask:
    """Fill the mask with one colour or with noise."""
    colour = generator.integers(0, 256, size=3)
    if generator.random() < 0.35:
        colour = np.zeros(3, np.int64)
    if generator.random() < 0.3:
        noise = generator.normal(colour, 40, size=(int(mask.sum()), 3))
        crop[mask] = np.clip(noise, 0, 255).astype(np.uint8)
    else:
        crop[mask] = colour
    return mask


def _box(crop: Image, generator: Generator) -> Mask:
    size = len(crop)
    width, height = generator.uniform(0.1, 0.5, size=2) * size
    x, y = generator.uniform(-0.1, 0.9, size=2) * size
    mask = np.zeros((size, size), bool)
    mask[max(int(y), 0) : max(int(y + height), 0), max(int(x), 0) : max(int(x + width), 0)] = True
    return _fill(crop, mask, generator)


def _bar(crop: Image, generator: Generator) -> Mask:
    size = len(crop)
    canvas = np.zeros((size, size), np.uint8)
    ends = generator.uniform(-0.1, 1.1, size=(2, 2)) * size
    thickness = max(1, int(size * generator.uniform(0.03, 0.15)))
    cv2.line(canvas, ends[0].astype(int).tolist(), ends[1].astype(int).tolist(), 1, thickness)
    return _fill(crop, canvas > 0, generator)


def _half(crop: Image, generator: Generator) -> Mask:
    """Cover all beyond a straight line near the middle, in one colour."""
    size = len(crop)
    turn = generator.choice([0, 90, 180, 270]) + generator.normal(0, 12)
    across, down = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    mask: Mask = across * columns + down * rows > generator.uniform(0.0, 0.25) * size
    crop[mask] = 0 if generator.random() < 0.6 else generator.integers(0, 256, size=3)
    return mask


def _piece(crop: Image, other: Image, generator: Generator) -> Mask:
    """Lay an irregular piece of another picture over the crop: hands, hair, things."""
    size = len(crop)
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    radii = size * generator.uniform(0.08, 0.3) * generator.uniform(0.6, 1.4, size=12)
    stretch = generator.uniform(0.5, 1.6)
    centre = generator.uniform(0.05, 0.95, size=2) * size
    outline = centre + np.column_stack([stretch * radii * np.cos(angles), radii * np.sin(angles)])
    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [outline.astype(np.int32)], 1)
    height, width = other.shape[:2]
    x, y = (int(generator.integers(max(side - size, 0) + 1)) for side in (width, height))
    patch = other[y : y + size, x : x + size]
    if patch.shape != crop.shape:
        patch = cv2.resize(other, (size, size))  # type: ignore[assignment]
    mask: Mask = canvas > 0
    crop[mask] = patch[mask]
    return mask


def _face_mask(crop: Image, landmarks: Points, generator: Generator) -> Mask:
    """Paint a cloth mask from the nose's bridge down to the jaw."""
    jaw = landmarks[2:15]
    top = landmarks[28] + generator.uniform(-0.2, 1.0) * (landmarks[29] - landmarks[28])
    outline = np.vstack([jaw, top[None]])
    if not np.isfinite(outline).all():
        return np.zeros(crop.shape[:2], bool)
    centre = outline.mean(axis=0)
    outline = centre + (outline - centre) * generator.uniform(1.0, 1.1)
    canvas = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], 1)
    mask: Mask = canvas > 0
    base = _mask_colour(generator)
    rows = np.arange(len(crop))[:, None]
    folds = generator.uniform(0, 14) * np.sin(rows * generator.uniform(0.1, 0.8))
    shade = generator.uniform(-0.6, 0.6) * (np.arange(len(crop))[None] - len(crop) / 2)
    cloth = base + (folds + shade)[..., None] + generator.normal(0, 4, size=(*crop.shape[:2], 1))
    crop[mask] = np.clip(cloth, 0, 255).astype(np.uint8)[mask]
    return mask


def _mask_colour(generator: Generator) -> NDArray[np.float64]:
    common = [(225, 228, 232), (150, 190, 215), (30, 30, 34), (120, 170, 190)]
    if generator.random() < 0.7:
        return common[int(generator.integers(4))] + generator.normal(0, 12, size=3)
    return generator.uniform(0, 255, size=3)


def _dark_glasses(crop: Image, landmarks: Points, generator: Generator) -> Mask:
    """Paint dark glasses over both eyes."""
    canvas = np.zeros(crop.shape[:2], np.uint8)
    eyes = [landmarks[36:42], landmarks[42:48]]
    if not np.isfinite(landmarks[36:48]).all():
        return canvas > 0
    centres = [eye.mean(axis=0) for eye in eyes]
    spread = [float(np.ptp(eye[:, 0])) for eye in eyes]
    angle = float(np.degrees(np.arctan2(*(centres[1] - centres[0])[::-1])))
    height = max(spread) * generator.uniform(0.45, 0.85)
    for centre, width in zip(centres, spread, strict=True):
        axes = (max(int(width * generator.uniform(0.85, 1.15)), 1), max(int(height), 1))
        middle = np.round(np.add(centre, [0, 0.1 * height])).astype(int).tolist()
        cv2.ellipse(canvas, middle, axes, angle, 0, 360, 1, -1)
    ends = [np.round(centre).astype(int).tolist() for centre in centres]
    cv2.line(canvas, ends[0], ends[1], 1, max(int(height / 5), 1))
    mask: Mask = canvas > 0
    tint = generator.uniform(0, 60, size=3)
    opacity = generator.uniform(0.85, 1.0)
    crop[mask] = (opacity * tint + (1 - opacity) * crop[mask]).astype(np.uint8)
    return mask
