"""Things that cover faces, drawn: patches, black halves, masks, glasses, hats, hands and hair."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import Matrix, transform_points

__all__ = ["cover_face", "erase_face", "face_frame"]

Picture: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[float, float, float]
Cover: TypeAlias = Callable[[np.random.Generator], list[NDArray[np.float64]]]

# Polygons lie in the face's own frame: x from -1 (left edge of the box) to 1, y from -1 (top) to 1.


def cover_face(
    picture: Picture, box: NDArray[np.float32], roll: float, generator: np.random.Generator
) -> None:
    """Draw a random cover over a face, in place.

    Args:
        picture: (H, W, 3) uint8 RGB.
        box: (4,) the face box.
        roll: How far the head is turned clockwise, degrees; NaN counts as 0.
        generator: Source of chance.
    """
    cover = _COVERS[int(generator.choice(len(_COVERS), p=_SHARES))]
    colour = _colour(picture, box, generator)
    matrix = face_frame(box, roll)
    for polygon in cover(generator):
        _fill(picture, transform_points(matrix, polygon), colour, generator)


def erase_face(picture: Picture, box: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Destroy the inside of a face in place, so that nothing in it is a face any more."""
    limits = np.tile(picture.shape[1::-1], 2)
    grown = box + 0.08 * np.array([-1, -1, 1, 1]) * np.tile(box[2:] - box[:2], 2)
    left, top, right, bottom = np.clip(grown, 0, limits).astype(int)
    part = picture[top:bottom, left:right]
    if min(part.shape[:2]) < 8:
        part[:] = 127
        return
    kind = generator.random()
    if kind < 0.4:
        part[:] = _shuffled(part, generator)
    elif kind < 0.7:
        part[:] = cv2.blur(part, (max(3, part.shape[1] // 2), max(3, part.shape[0] // 2)))
    else:
        part[:] = part.reshape(-1, 3).mean(axis=0).astype(np.uint8)


def _shuffled(part: Picture, generator: np.random.Generator) -> Picture:
    """Cut a part into 4 x 4 blocks and mix them, each turned at random."""
    height, width = part.shape[:2]
    side = max(4, min(height, width) // 4 * 4)
    square = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    step = side // 4
    blocks = [
        square[y : y + step, x : x + step]
        for y in range(0, side, step)
        for x in range(0, side, step)
    ]
    mixed = [np.rot90(blocks[i], int(generator.integers(4))) for i in generator.permutation(16)]
    rows = [np.hstack(mixed[i : i + 4]) for i in range(0, 16, 4)]
    return cv2.resize(np.vstack(rows), (width, height))  # type: ignore[return-value]


def face_frame(box: NDArray[np.float32], roll: float) -> Matrix:
    """Return the transform from the face's frame to the picture."""
    angle = np.radians(0.0 if np.isnan(roll) else roll)
    half = np.sqrt((box[2:] - box[:2]).prod()) / 2 * (1 - 0.15 * abs(np.sin(2 * angle)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn * half, (box[:2] + box[2:]) / 2])


def _fill(
    picture: Picture,
    polygon: NDArray[np.float64],
    colour: Colour,
    generator: np.random.Generator,
) -> None:
    corners = [np.round(16 * polygon).astype(np.int32)]
    draw = generator.random()
    if draw < 0.75:
        cv2.fillPoly(picture, corners, colour, cv2.LINE_AA, 4)
        return
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, corners, 255, cv2.LINE_8, 4)
    inside = mask > 0
    count = int(inside.sum())
    if draw < 0.87:
        noise = np.array(colour) + generator.normal(0, 40, (count, 3))
        picture[inside] = np.clip(noise, 0, 255).astype(np.uint8)
    else:
        ramp = np.linspace(generator.uniform(0.4, 1.0), generator.uniform(0.6, 1.3), count)
        picture[inside] = np.clip(np.outer(ramp, colour), 0, 255).astype(np.uint8)


def _colour(picture: Picture, box: NDArray[np.float32], generator: np.random.Generator) -> Colour:
    draw = generator.random()
    if draw < 0.35:
        return (0.0, 0.0, 0.0)
    if draw < 0.5:
        white = generator.uniform(190, 255)
        return (white - 20, white - 4, white)
    if draw < 0.7:
        x, y = np.clip((box[:2] + box[2:]) / 2, 0, np.subtract(picture.shape[1::-1], 1)).astype(int)
        tone = picture[y, x] * generator.uniform(0.6, 1.15)
        return (float(tone[0]), float(tone[1]), float(tone[2]))
    red, green, blue = generator.uniform(0, 255, 3)
    return (red, green, blue)


def _patch(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    low = generator.uniform(-1.4, 0.6, 2)
    high = low + generator.uniform(0.4, 1.2, 2)
    return [_rectangle(low[0], low[1], high[0], high[1])]


def _half(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    edge, far = generator.uniform(-0.1, 0.3), generator.uniform(1.05, 2.2)
    return [
        (
            _rectangle(-far, edge, far, far),
            _rectangle(edge, -far, far, far),
            _rectangle(-far, -far, -edge, far),
            _rectangle(-far, -far, far, -0.25 - edge),
        )[int(generator.choice(4, p=(0.4, 0.25, 0.25, 0.1)))]
    ]


def _mask(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    top, side = generator.uniform(-0.35, 0.0), generator.uniform(-0.15, 0.15)
    corners = [(-1.0, side), (-0.35, top + 0.05), (0.0, top), (0.35, top + 0.05), (1.0, side)]
    chin = [(0.85, 0.65), (0.45, 1.02), (0.0, 1.12), (-0.45, 1.02), (-0.85, 0.65)]
    return [np.array(corners + chin) * generator.uniform(0.92, 1.08)]


def _glasses(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    width, height = generator.uniform(0.3, 0.44), generator.uniform(0.16, 0.3)
    middle = generator.uniform(-0.72, -0.55)
    lenses = [_ellipse(x, middle, width, height) for x in (-0.45, 0.45)]
    return [*lenses, _rectangle(-1.0, middle - 0.05, 1.0, middle + 0.03)]


def _hat(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    brim, top = generator.uniform(-1.05, -0.75), generator.uniform(-2.2, -1.5)
    width = generator.uniform(1.0, 1.5)
    return [np.array([(-width, brim), (-0.9, top), (0.9, top), (width, brim), (0.0, brim + 0.12)])]


def _hand(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    center = generator.uniform(-0.9, 0.9, 2)
    angle = generator.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    fingers = []
    for place in np.linspace(-0.42, 0.42, int(generator.integers(2, 5))):
        begin = center + across * place
        end = begin + along * generator.uniform(0.7, 1.3)
        fingers.append(_capsule(begin, end, generator.uniform(0.09, 0.14)))
    x, y = (center - 0.3 * along).tolist()
    return [*fingers, _ellipse(x, y, 0.55, 0.5)]


def _hair(generator: np.random.Generator) -> list[NDArray[np.float64]]:
    side = generator.choice((-1, 1)) * generator.uniform(0.0, 0.9)
    strands = []
    for _ in range(int(generator.integers(4, 14))):
        begin = np.array([side + generator.normal(0, 0.25), -1.5])
        end = begin + np.array([generator.normal(0, 0.3), generator.uniform(0.9, 2.6)])
        strands.append(_capsule(begin, end, generator.uniform(0.03, 0.09)))
    return strands


def _rectangle(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _ellipse(x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.column_stack([x + width * np.cos(angles), y + height * np.sin(angles)])


def _capsule(
    begin: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    angle = np.arctan2(*(end - begin)[::-1])
    turns = np.linspace(np.pi / 2, 3 * np.pi / 2, 7) + angle
    cap = radius * np.column_stack([np.cos(turns), np.sin(turns)])
    return np.concatenate([begin + cap, end - cap])


_COVERS: tuple[Cover, ...] = (_patch, _half, _mask, _glasses, _hat, _hand, _hair)
_SHARES = (0.2, 0.28, 0.2, 0.1, 0.06, 0.1, 0.06)
