"""What surrounds faces, and pictures without any: parts of photos, textures, drawn things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.loading import load_image
from lab.detection.photos import DetectionPhoto

__all__ = ["Backgrounds"]

Picture: TypeAlias = NDArray[np.uint8]

_SIDE = 256
_TRIES = 6
_BLACK, _PLAIN, _DRAWN, _OWN = 0.2, 0.3, 0.42, 0.55


class Backgrounds:
    """Pictures without a face, in any size.

    Args:
        photos: Photos whose faces are known; parts of them without any are cut out.
        pictures: Files without faces: animals, textures, things.
        count: How many parts are cut.
        generator: Source of chance.
    """

    def __init__(
        self,
        photos: Sequence[DetectionPhoto],
        pictures: Sequence[Path],
        *,
        count: int,
        generator: np.random.Generator,
    ) -> None:
        self.pictures = [_shrunk(load_image(path)) for path in pictures]
        self.parts: list[Picture] = []
        for _ in range(4 * count):
            part = _faceless_part(photos[int(generator.integers(len(photos)))], generator)
            if part is not None:
                self.parts.append(part)
            if len(self.parts) >= count:
                break

    def draw(
        self, size_wh: tuple[int, int], generator: np.random.Generator, *, is_scene: bool = False
    ) -> Picture:
        """Return a (H, W, 3) uint8 RGB picture without a face.

        Args:
            size_wh: Its size.
            generator: Source of chance.
            is_scene: Never black, plain or drawn.
        """
        kind = generator.uniform(_DRAWN if is_scene else 0, 1)
        width, height = size_wh
        if kind < _BLACK:
            return np.zeros((height, width, 3), np.uint8)
        if kind < _PLAIN:
            return np.full((height, width, 3), generator.integers(0, 256, 3), np.uint8)
        if kind < _DRAWN:
            return _drawing(size_wh, generator)
        if kind < _OWN and self.pictures:
            source = self.pictures[int(generator.integers(len(self.pictures)))]
        else:
            source = self.parts[int(generator.integers(len(self.parts)))]
        return _random_view(source, size_wh, generator)


def _faceless_part(photo: DetectionPhoto, generator: np.random.Generator) -> Picture | None:
    width, height = photo.size_wh
    if min(width, height) < 150:
        return None
    faces = [np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in photo.faces]
    known = np.concatenate([np.array(faces, np.float32).reshape(-1, 4), photo.doubtful])
    grown = known + np.tile(known[:, 2:] - known[:, :2], 2) * np.array([-0.1, -0.35, 0.1, 0.1])
    for _ in range(_TRIES):
        side = generator.uniform(0.25, 0.9) * min(width, height)
        left, top = generator.uniform(0, (width - side, height - side))
        box = np.array([left, top, left + side, top + side])
        if not intersection_over_union(box, grown).any():
            matrix = np.array([[_SIDE / side, 0, -left * _SIDE / side], [0, _SIDE / side, 0]])
            matrix[1, 2] = -top * _SIDE / side
            return photo.cut(matrix, (_SIDE, _SIDE))
    return None


def _shrunk(picture: Picture) -> Picture:
    """Shrink a picture so that its shorter side has no more pixels than the parts have."""
    factor = _SIDE / min(picture.shape[:2])
    size_wh = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _random_view(
    source: Picture, size_wh: tuple[int, int], generator: np.random.Generator
) -> Picture:
    """Cut a view that fills its size out of a picture, turned by quarters, perhaps mirrored."""
    quarters, is_mirrored = int(generator.integers(4)), generator.random() < 0.5
    wanted = np.array(size_wh[::-1] if quarters % 2 else size_wh)
    height, width = source.shape[:2]
    scale = (wanted / (width, height)).max() * np.exp(generator.uniform(0, np.log(2.5)))
    shift = -generator.uniform(0, 1, 2) * (np.array([width, height]) * scale - wanted)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    view = np.rot90(cut_crop(source, matrix, (int(wanted[0]), int(wanted[1]))), quarters)
    return np.ascontiguousarray(view[:, ::-1] if is_mirrored else view)


def _drawing(size_wh: tuple[int, int], generator: np.random.Generator) -> Picture:
    """Draw shapes, letters, blobs like fingers, and faces of circles and strokes."""
    width, height = size_wh
    picture = np.full((height, width, 3), generator.integers(0, 256, 3), np.uint8)
    if generator.random() < 0.3:
        _draw_stripes(picture, generator)
    for _ in range(int(generator.integers(2, 9))):
        center = generator.uniform(0, size_wh).astype(int).tolist()
        side = int(generator.uniform(0.08, 0.45) * min(width, height)) + 3
        _THINGS[int(generator.integers(len(_THINGS)))](picture, center, side, generator)
    return picture


def _draw_stripes(picture: Picture, generator: np.random.Generator) -> None:
    step = int(generator.integers(3, 24))
    for place in range(0, picture.shape[1], 2 * step):
        picture[:, place : place + step] = generator.integers(0, 256, 3)


def _paint(generator: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = generator.integers(0, 256, 3).tolist()
    return red, green, blue


def _draw_shape(
    picture: Picture, center: list[int], side: int, generator: np.random.Generator
) -> None:
    corners = generator.normal(0, side / 2, (int(generator.integers(3, 8)), 2)) + center
    cv2.fillPoly(picture, [corners.astype(np.int32)], _paint(generator), cv2.LINE_AA)


def _draw_letters(
    picture: Picture, center: list[int], side: int, generator: np.random.Generator
) -> None:
    letters = "".join(chr(code) for code in generator.integers(48, 123, 5))
    font = int(generator.integers(0, 8))
    thickness = int(generator.integers(1, 4))
    cv2.putText(picture, letters, center, font, side / 40, _paint(generator), thickness)


def _draw_fingers(
    picture: Picture, center: list[int], side: int, generator: np.random.Generator
) -> None:
    skin = np.array([224, 172, 140]) * generator.uniform(0.25, 1.1)
    angle = generator.uniform(0, 360)
    for place in np.linspace(-side / 2, side / 2, int(generator.integers(1, 6))):
        tone = np.clip(skin * generator.uniform(0.85, 1.1), 0, 255).tolist()
        turn = np.radians(angle)
        middle = np.array(center) + place * np.array([-np.sin(turn), np.cos(turn)])
        axes = (side, max(2, side // 7))
        middle_xy = tuple(middle.astype(int).tolist())
        cv2.ellipse(picture, middle_xy, axes, angle, 0, 360, tone, -1, cv2.LINE_AA)


def _draw_smiley(
    picture: Picture, center: list[int], side: int, generator: np.random.Generator
) -> None:
    radius = max(4, side // 2)
    ink, fill = _paint(generator), _paint(generator)
    if generator.random() < 0.7:
        cv2.circle(picture, center, radius, fill, -1, cv2.LINE_AA)
    cv2.circle(picture, center, radius, ink, max(1, radius // 12), cv2.LINE_AA)
    dot = max(1, int(radius * generator.uniform(0.06, 0.2)))
    for sign in (-1, 1):
        eye = (center[0] + int(sign * 0.38 * radius), center[1] - int(0.25 * radius))
        cv2.circle(picture, eye, dot, ink, int(generator.choice((-1, 1))), cv2.LINE_AA)
    axes = (max(1, int(0.5 * radius)), max(1, int(radius * generator.uniform(0.05, 0.4))))
    mouth = (center[0], center[1] + int(0.3 * radius))
    end = int(generator.choice((180, 360)))
    cv2.ellipse(picture, mouth, axes, 0, 0, end, ink, max(1, radius // 12), cv2.LINE_AA)


_THINGS = (_draw_shape, _draw_letters, _draw_fingers, _draw_smiley)
