"""Pictures in which faces are hard to find, made of annotated photos, and their true landmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, load_image
from asmnet_sdk.crops import cut_crop
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.geometry import Matrix, transform_points

__all__ = ["DAMAGES", "Picture", "Scene", "turned"]

Picture: TypeAlias = NDArray[np.uint8]
Points: TypeAlias = NDArray[np.float32]

_CANVAS_WH = (640, 480)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A picture and the (68, 2) landmarks of one of its faces."""

    picture: Picture
    landmarks: Points


def turned(face: AnnotatedFace, clockwise_degrees: float) -> Scene:
    """Turn a photo as a whole; the picture grows to hold it, black in the corners."""
    image = load_image(face.photo)
    height, width = image.shape[:2]
    angle = np.radians(clockwise_degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size_wh = np.ceil(np.abs(turn) @ (width, height) - 1e-6).astype(int)
    shift = (size_wh - 1) / 2 - turn @ ((width - 1) / 2, (height - 1) / 2)
    return _moved(image, face.landmarks, np.column_stack([turn, shift]), size_wh)


def _moved(image: Picture, landmarks: Points, matrix: Matrix, size_wh: NDArray[np.int64]) -> Scene:
    width, height = size_wh.tolist()
    points = transform_points(matrix, landmarks).astype(np.float32)
    return Scene(picture=cut_crop(image, matrix, (width, height)), landmarks=points)


def _small(face: AnnotatedFace, side: float) -> Scene:
    """Shrink a photo until its face has so many pixels, into the middle of a grey picture."""
    image, box = load_image(face.photo), BoundingBox.around(face.landmarks)
    scale = side / box.longer_side
    size = np.array(image.shape[1::-1]) * scale
    shift = (np.array(_CANVAS_WH) - size) / 2 + (scale - 1) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    scene = _moved(image, face.landmarks, matrix, np.array(_CANVAS_WH))
    left, top = np.maximum(np.floor((np.array(_CANVAS_WH) - size) / 2), 0).astype(int)
    right, bottom = np.array(_CANVAS_WH) - (left, top)
    canvas = np.full_like(scene.picture, 128)
    canvas[top:bottom, left:right] = scene.picture[top:bottom, left:right]
    return Scene(picture=canvas, landmarks=scene.landmarks)


def _lower_half_black(face: AnnotatedFace) -> Scene:
    return _blackened(face, (0.0, 0.5, 1.0, 1.0))


def _one_side_black(face: AnnotatedFace) -> Scene:
    return _blackened(face, (0.0, 0.0, 0.5, 1.0) if _is_odd(face) else (0.5, 0.0, 1.0, 1.0))


def _blackened(face: AnnotatedFace, part: tuple[float, float, float, float]) -> Scene:
    """Blacken a part of the face box, given in shares of its sides."""
    image, box = load_image(face.photo).copy(), BoundingBox.around(face.landmarks)
    corners = np.array([box.x_min, box.y_min] * 2) + np.array(part) * ([box.width, box.height] * 2)
    left, top, right, bottom = np.clip(corners.round(), 0, None).astype(int)
    image[top:bottom, left:right] = 0
    return Scene(picture=image, landmarks=face.landmarks)


def _painted_mask(face: AnnotatedFace) -> Scene:
    """Paint a light blue mask from the bridge of the nose along the jaw to the chin."""
    image = load_image(face.photo).copy()
    outline = [*face.landmarks[2:15], face.landmarks[28]]
    cv2.fillPoly(image, [np.round(outline).astype(np.int32)], (170, 205, 225))
    return Scene(picture=image, landmarks=face.landmarks)


def _cut_off(face: AnnotatedFace) -> Scene:
    """Cut the photo so that 30 % of the face are beyond its left or its right edge."""
    image, box = load_image(face.photo), BoundingBox.around(face.landmarks)
    if _is_odd(face):
        left = max(0, round(box.x_min + 0.3 * box.width))
        shift = np.array([left, 0], np.float32)
        return Scene(picture=image[:, left:], landmarks=face.landmarks - shift)
    right = round(box.x_max - 0.3 * box.width)
    return Scene(picture=np.ascontiguousarray(image[:, :right]), landmarks=face.landmarks)


def _dark(face: AnnotatedFace) -> Scene:
    """Leave 8 % of the light, with the noise of a sensor."""
    image = load_image(face.photo)
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    picture = np.clip(0.08 * image + noise, 0, 255).astype(np.uint8)
    return Scene(picture=picture, landmarks=face.landmarks)


def _shaken(face: AnnotatedFace) -> Scene:
    """Blur along the rows over an eighth of the face's width."""
    length = max(1, round(BoundingBox.around(face.landmarks).width / 8))
    picture: Picture = cv2.blur(load_image(face.photo), (length, 1))  # type: ignore[assignment]
    return Scene(picture=picture, landmarks=face.landmarks)


def _is_odd(face: AnnotatedFace) -> bool:
    return sum(face.name.encode()) % 2 == 1


DAMAGES: Mapping[str, Callable[[AnnotatedFace], Scene]] = {
    "turned by 45 degrees": partial(turned, clockwise_degrees=45.0),
    "turned by 90 degrees": partial(turned, clockwise_degrees=90.0),
    "upside down": partial(turned, clockwise_degrees=180.0),
    "32 px in 640 x 480": partial(_small, side=32.0),
    "24 px in 640 x 480": partial(_small, side=24.0),
    "16 px in 640 x 480": partial(_small, side=16.0),
    "lower half black": _lower_half_black,
    "one side black": _one_side_black,
    "painted mask": _painted_mask,
    "30 % cut off at a side": _cut_off,
    "dark": _dark,
    "motion blur": _shaken,
}
"""Name -> what is done to a photo."""
