"""What hides who a face is but not that it is one: paint, helmets, stage light, prints."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.geometry import invert
from lab.detection.covers import face_frame

__all__ = ["light_stage", "paint_face", "print_picture", "put_on_helmet"]

Picture: TypeAlias = NDArray[np.uint8]
Plane: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_REACH = 2.6  # the largest helmet, in half sides of the face box, and its corners when turned

# The face's own frame is that of covers: u from -1 (left edge of the box) to 1, v from -1 to 1.


def paint_face(
    picture: Picture, box: NDArray[np.float32], roll: float, generator: np.random.Generator
) -> None:
    """Paint a face in place with strong colours, whole or in patterns; light and shade stay.

    Args:
        picture: (H, W, 3) uint8 RGB.
        box: (4,) the face box.
        roll: How far the head is turned clockwise, degrees; NaN counts as 0.
        generator: Source of chance.
    """
    part, u, v = _around(picture, box, roll)
    first = _pattern(u, v, generator) > 0
    alpha = np.where(first, generator.uniform(0.5, 0.95), generator.choice((0.0, 0.8)))
    alpha = alpha * np.clip(8 * (1.06 - (u / 1.12) ** 2 - ((v + 0.22) / 1.38) ** 2), 0, 1)
    colours = np.where(first[..., np.newaxis], _strong(generator), _strong(generator))
    grey = part @ _LUMA
    middle = u**2 + v**2 < 0.25
    skin = grey[middle].mean() if middle.any() else 128
    shade = np.clip(grey / (1.1 * skin + 12), 0, 1.5)[..., np.newaxis]
    part[:] = _mixed(part, 255 * colours * shade, alpha)


def put_on_helmet(
    picture: Picture, box: NDArray[np.float32], roll: float, generator: np.random.Generator
) -> None:
    """Draw a helmet or a hood around a face in place, now and then with bars or a visor.

    Args:
        picture: (H, W, 3) uint8 RGB.
        box: (4,) the face box.
        roll: How far the head is turned clockwise, degrees; NaN counts as 0.
        generator: Source of chance.
    """
    part, u, v = _around(picture, box, roll)
    angle = generator.uniform(0, 2 * np.pi)
    light = (1 - 0.35 * (np.cos(angle) * u + np.sin(angle) * v))[..., np.newaxis]
    hole = _superellipse(
        u, v, generator.uniform(-0.25, 0.25), generator.uniform((0.62, 0.75), (1.08, 1.15))
    )
    if generator.random() < 0.2:
        seen_through = hole & (v < generator.uniform(-0.4, 1.5))
        glass = 255 * generator.random(3) * light
        part[:] = _mixed(part, glass, seen_through * generator.uniform(0.2, 0.75))
    if generator.random() < 0.5:
        part[:] = _mixed(part, 255 * _metal(generator) * light, _bars(u, v, generator))
    shell = _shell(u, v, hole, generator)
    part[:] = _mixed(part, 255 * _metal(generator) * light, shell)


def light_stage(picture: Picture, generator: np.random.Generator) -> Picture:
    """Light an (H, W, 3) picture in one strong colour, or in two from two sides."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width) - 0.5
    angle, steepness = generator.uniform(0, 2 * np.pi), generator.uniform(4, 24)
    side = 1 / (1 + np.exp(-steepness * (np.cos(angle) * x + np.sin(angle) * y)))
    one, two = np.exp(0.7 * generator.standard_normal((2, 3))).clip(0.05, 3)
    if generator.random() < 0.5:
        two = one
    gain = one + side[..., np.newaxis] * (two - one)
    grey = np.repeat((picture @ _LUMA)[..., np.newaxis], 3, axis=2)
    return _in_range(gain * _mixed(picture, grey, generator.random()))


def print_picture(picture: Picture, generator: np.random.Generator) -> Picture:
    """Reduce an (H, W, 3) picture to two to four colours, as a poster does."""
    count = int(generator.integers(2, 5))
    steps = np.floor(picture @ _LUMA / 255 * count * generator.uniform(0.8, 1.4)) / (count - 1)
    low, high = generator.uniform(0, 0.5, 3), generator.uniform(0.4, 1, 3)
    return _in_range(255 * (low + steps.clip(0, 1)[..., np.newaxis] * (high - low)))


def _around(
    picture: Picture, box: NDArray[np.float32], roll: float
) -> tuple[Picture, Plane, Plane]:
    """Return the part of a picture around a face (a view) and its pixels in the face's frame."""
    matrix = face_frame(box, roll)
    reach = _REACH * np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    limits = picture.shape[1::-1]
    left, top = np.clip(np.floor(matrix[:, 2] - reach), 0, limits).astype(int)
    right, bottom = np.clip(np.ceil(matrix[:, 2] + reach), 0, limits).astype(int)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    (a, b, c), (d, e, f) = invert(matrix)
    return picture[top:bottom, left:right], a * x + b * y + c, d * x + e * y + f


def _pattern(u: Plane, v: Plane, generator: np.random.Generator) -> Plane:
    """Return a plane whose sign tells two colours apart: one, halves, stripes or blotches."""
    draw = generator.random()
    if draw < 0.25:
        return np.ones_like(u)
    low, high, count = ((0.5, 1.2, 1), (4, 16, 1), (2.5, 8, 3))[min(int(4 * draw) - 1, 2)]
    bent = u + generator.uniform(0, 0.3) * np.sin(3 * v + generator.uniform(0, 2 * np.pi))
    plane = np.full_like(u, generator.normal(0, 0.15))
    length = generator.uniform(low, high)
    for angle, phase in generator.uniform(0, 2 * np.pi, (count, 2)):
        plane += np.sin(length * (np.cos(angle) * bent + np.sin(angle) * v) + phase)
    return plane


def _shell(u: Plane, v: Plane, hole: Mask, generator: np.random.Generator) -> Mask:
    """Return where a helmet or hood is: around the hole, above the brow, perhaps a strap."""
    outline = generator.uniform((1.2, 1.35), (1.75, 1.95))
    shell = _superellipse(u, v, generator.uniform(-0.6, -0.2), outline)
    shell &= ~hole | (v < generator.uniform(-1.1, -0.62))
    if generator.random() < 0.5:
        shell &= v < generator.uniform(-0.3, 0.6)
    if generator.random() < 0.4:
        middle = generator.uniform(0.8, 1.0) + 0.1 * (1 - u**2)
        shell |= (abs(v - middle) < generator.uniform(0.05, 0.14)) & (abs(u) < 1)
    return shell


def _bars(u: Plane, v: Plane, generator: np.random.Generator) -> Mask:
    """Return where the bars of a cage are, from the brow or the nose down."""
    thickness = generator.uniform(0.06, 0.2)
    bent = v + generator.normal(0, 0.25) * u**2
    bars = _lines(bent, generator.uniform(0.8, 2.5), thickness, generator)
    if generator.random() < 0.7:
        bars |= _lines(u, generator.uniform(0.5, 2.0), thickness, generator)
    return bars & (v > generator.uniform(-1, 0.3)) & (v < 1.3) & (abs(u) < 1.1)


def _lines(
    along: Plane, frequency: float, thickness: float, generator: np.random.Generator
) -> Mask:
    share = np.mod(along * frequency + generator.random(), 1)
    lines: Mask = abs(share - 0.5) < frequency * thickness / 2
    return lines


def _superellipse(u: Plane, v: Plane, middle: float, radii: NDArray[np.float64]) -> Mask:
    inside: Mask = (abs(u / radii[0]) ** 2.5 + abs((v - middle) / radii[1]) ** 2.5) <= 1
    return inside


def _strong(generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a colour of 0 to 1.1, each channel weak or strong; one in four white to grey."""
    if generator.random() < 0.25:
        return np.full(3, generator.uniform(0.7, 1.1))
    is_weak = generator.random(3) < 0.5
    return np.where(is_weak, generator.uniform(0, 0.3, 3), generator.uniform(0.55, 1.1, 3))


def _metal(generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a colour of 0 to 1, more often grey than not."""
    return generator.random(3) if generator.random() < 0.4 else np.full(3, generator.random())


def _mixed(picture: Picture, other: NDArray[np.floating], alpha: ArrayLike) -> Picture:
    """Return so much of the other picture, the rest of the first; alpha is (H, W) or a number."""
    weight = np.asarray(alpha, np.float32)
    values: NDArray[np.floating] = picture.astype(np.float32)
    if weight.ndim:
        weight = weight[..., np.newaxis]
    return _in_range(values + weight * (other - values))


def _in_range(values: NDArray[np.floating]) -> Picture:
    rounded: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return rounded
