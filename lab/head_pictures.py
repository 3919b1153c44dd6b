"""Pictures of heads: skin, eyes, hair and clothes as flat patches, drawn from far to near.

Lengths are in distances between the eyes, the origin lies between them; frame as in
``lab.head_shapes``. Colours are RGB from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.head_shapes import HeadShapes

__all__ = ["Surface", "draw_surface", "paint_head", "refine"]

Points = NDArray[np.float64]

_SKINS = (
    *((0.93, 0.75, 0.66), (0.88, 0.68, 0.56), (0.80, 0.60, 0.47)),
    *((0.62, 0.43, 0.32), (0.42, 0.28, 0.20), (0.95, 0.80, 0.72)),
)
_HAIR = ((0.08, 0.06, 0.05), (0.25, 0.16, 0.09), (0.55, 0.42, 0.25))
_GREY = (0.75, 0.75, 0.75)
_IRISES = ((0.25, 0.38, 0.50), (0.30, 0.20, 0.10), (0.12, 0.08, 0.05), (0.30, 0.40, 0.25))
_PUPIL, _WHITE = (0.03, 0.03, 0.03), (0.92, 0.90, 0.88)
_PUPIL_DEGREES, _IRIS_DEGREES = 12, 30

_NECK = -4.5  # no skin below
_COLLAR = (-6.0, -2.4)
_MIDDLE = (0.0, -0.45, -0.9)  # of the head, on the axis of the camera
_CAMERA = 22.0  # its distance
_PICTURE = 5.0  # what the picture's side shows
_OVERSAMPLING = 4
_FIXED_POINT_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """N four-cornered patches.

    Attributes:
        quads: (N, 4, 3) corners.
        colours: (N, 3) without light.
        normals: (N, 3) unit vectors, outwards.
    """

    quads: Points
    colours: Points
    normals: Points

    @classmethod
    def join(cls, parts: Iterable[Surface]) -> Surface:
        """Return all patches together."""
        rows = [(part.quads, part.colours, part.normals) for part in parts]
        return cls(*(np.concatenate(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """A shaped mesh, its (V, 3) vertices and their normals, and the colour of the hair."""

    shapes: HeadShapes
    vertices: Points
    normals: Points
    hair: Points


def paint_head(
    shapes: HeadShapes, vertices: Points, age: str, generator: np.random.Generator
) -> Surface:
    """Paint a person in random colours, mostly with hair.

    Args:
        shapes: What the vertices belong to.
        vertices: (V, 3) of the person (``HeadShapes.shaped``).
        age: A key of ``AGES``.
        generator: Source of chance.
    """
    is_grey = age == "old" and generator.random() < 0.7
    hair = np.array(_GREY if is_grey else _HAIR[generator.integers(len(_HAIR))])
    person = _Person(shapes, vertices, _vertex_normals(vertices, shapes.skin), hair)
    iris = _IRISES[generator.integers(len(_IRISES))]
    parts = [_skin(person, generator), _clothes(person, generator)]
    parts += [_eye(vertices[eye], iris) for eye in shapes.eyes]
    is_baby = age == "baby"
    if generator.random() > (0.56 if is_baby else 0.12):
        thickness = 0.05 if is_baby else generator.uniform(0.10, 0.28)
        parts.append(_hair(person, thickness, generator))
    return Surface.join(parts)


def refine(quads: Points) -> Points:
    """Return (4 N, 4, C): each of (N, 4, C) quads cut into four through its middle."""
    a, b, c, d = np.moveaxis(quads, 1, 0)
    ab, bc, cd, da, middle = (a + b) / 2, (b + c) / 2, (c + d) / 2, (d + a) / 2, quads.mean(axis=1)
    parts = ((a, ab, middle, da), (ab, b, bc, middle), (middle, bc, c, cd), (da, middle, cd, d))
    return np.concatenate([np.stack(part, axis=1) for part in parts])


def _skin(person: _Person, generator: np.random.Generator) -> Surface:
    shapes = person.shapes
    near = person.vertices[shapes.skin][..., 1].mean(axis=1) > _NECK
    quads = refine(person.vertices[shapes.skin[near]])
    middles, uv = quads.mean(axis=1), refine(shapes.skin_uv[near]).mean(axis=1)
    lips, lids, ears = (_sampled(shapes.textures[name], uv) for name in ("lips", "eyelids", "ears"))
    tone = np.array(_SKINS[generator.integers(len(_SKINS))]) * generator.uniform(0.92, 1.05)
    colours = tone * (1 + 0.008 * generator.normal(size=(len(quads), 1)))
    colours = _blended(colours, tone * (0.85, 0.5, 0.5), 0.55 * lips)
    colours = _blended(colours, tone * (0.8, 0.65, 0.6), 0.25 * lids)
    colours = _blended(colours, tone * (0.95, 0.7, 0.65), 0.2 * ears)
    colours = _blended(colours, tone * (1, 0.6, 0.58), 0.2 * _cheeks(middles))
    colours = _blended(colours, person.hair, 0.75 * _brows(middles))
    return Surface(quads, colours, refine(person.normals[shapes.skin[near]]).mean(axis=1))


def _cheeks(points: Points) -> Points:
    across, up, front = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    red: Points = np.exp(-(((across - 0.8) / 0.45) ** 2) - ((up + 0.7) / 0.4) ** 2) * (front > -1)
    return red


def _brows(points: Points) -> Points:
    across, up, front = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    arch = 0.45 - 0.25 * (across - 0.5) ** 2
    dark: Points = np.exp(-(((across - 0.56) / 0.32) ** 4) - ((up - arch) / 0.09) ** 2)
    return dark * (front > -0.9)


def _hair(person: _Person, thickness: float, generator: np.random.Generator) -> Surface:
    """Return a cap above the skin, but for the ears."""
    across, up, front = person.vertices[person.shapes.skin].mean(axis=1).T
    line = 0.95 - 0.55 * np.clip(-front, 0, 2.2)
    ears = (np.abs(across) > 1.05) & (up < 0.15) & (front > -1.9)
    chosen = person.shapes.skin[(up > line) & (up > _NECK) & ~ears]
    quads = refine((person.vertices + thickness * person.normals)[chosen])
    colours = person.hair * (1 + 0.12 * generator.normal(size=(len(quads), 1)))
    return Surface(quads, colours, refine(person.normals[chosen]).mean(axis=1))


def _clothes(person: _Person, generator: np.random.Generator) -> Surface:
    quads = person.vertices[person.shapes.clothes]
    height = quads[..., 1].mean(axis=1)
    quads = quads[(height > _COLLAR[0]) & (height < _COLLAR[1])]
    colours = np.broadcast_to(generator.uniform(0.1, 0.9, 3), (len(quads), 3))
    return Surface(quads, colours, _normals(quads))


def _eye(vertices: Points, iris: ArrayLike) -> Surface:
    """Return the ball in an eye, which looks straight ahead."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    radius = (high - low)[:2].mean() / 2
    away, around = np.linspace(0, 0.62 * np.pi, 28)[:, None], np.linspace(0, 2 * np.pi, 41)
    ball = np.stack(
        [
            np.sin(away) * np.cos(around),
            np.sin(away) * np.sin(around),
            np.broadcast_to(np.cos(away), (28, 41)),
        ],
        axis=-1,
    )
    corners = [ball[:-1, :-1], ball[1:, :-1], ball[1:, 1:], ball[:-1, 1:]]
    quads = np.stack(corners, axis=2).reshape(-1, 4, 3)
    normals = quads.mean(axis=1)
    degrees = np.degrees(np.arccos(normals[:, 2:]))
    colours = np.where(degrees < _IRIS_DEGREES, iris, _WHITE)
    colours = np.where(degrees < _PUPIL_DEGREES, _PUPIL, colours)
    return Surface((low + high) / 2 + 0.98 * radius * quads, colours, normals)


def _sampled(texture: Points, uv: Points) -> Points:
    height, width = texture.shape
    columns, rows = (np.clip(uv, 0, 1 - 1e-9) * (width, height)).astype(int).T
    values: Points = texture[rows, columns]
    return values


def _blended(colours: Points, other: Points, share: Points) -> Points:
    return colours + share[:, None] * (other - colours)


def _normals(quads: Points) -> Points:
    return _unit(np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]))


def _vertex_normals(vertices: Points, corners: NDArray[np.int64]) -> Points:
    quads, normals = vertices[corners], np.zeros_like(vertices)
    across = np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1])
    for corner in corners.T:
        np.add.at(normals, corner, across)
    return _unit(normals)


def _unit(vectors: Points) -> Points:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Points = vectors / np.maximum(lengths, 1e-12)
    return unit


def draw_surface(
    surface: Surface, rotation: Points, *, size: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw a head in random light before a plain background.

    Args:
        surface: The head.
        rotation: (3, 3) how it is turned (``asmnet_sdk.geometry``).
        size: Side of the picture.
        generator: Source of chance.

    Returns:
        (size, size, 3) uint8 RGB; the middle of the head lies in the middle.
    """
    side = size * _OVERSAMPLING
    corners = (surface.quads - _MIDDLE) @ rotation.T
    colours = _lit(surface.colours, surface.normals @ rotation.T, generator)
    closer = _CAMERA / (_CAMERA - corners[..., 2:])
    scale = side / _PICTURE * generator.uniform(0.9, 1.1)
    pixels = corners[..., :2] * closer * (scale, -scale) + (side - 1) / 2
    canvas = _background(side, generator)
    order = _far_to_near(corners)
    fixed = np.round(pixels[order] * 2**_FIXED_POINT_BITS).astype(np.int32)
    for quad, colour in zip(fixed, colours[order].tolist(), strict=True):
        cv2.fillConvexPoly(canvas, quad, colour, cv2.LINE_8, _FIXED_POINT_BITS)
    blurred = cv2.GaussianBlur(canvas, (0, 0), 0.45 * _OVERSAMPLING)
    picture = cv2.resize(blurred, (size, size), interpolation=cv2.INTER_AREA)
    noise = generator.normal(0, generator.uniform(0, 4), picture.shape)
    drawn: NDArray[np.uint8] = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return drawn


def _lit(colours: Points, normals: Points, generator: np.random.Generator) -> Points:
    """Return (N, 3) colours from 0 to 255 under a lamp from above and light from all sides."""
    lamp = _unit(np.array([generator.uniform(-0.8, 0.8), generator.uniform(0.1, 0.9), 1.0]))
    ambient = generator.uniform(0.35, 0.6)
    direct = np.clip(normals @ lamp, 0, 1) ** 0.9
    edge = np.clip(1 - np.abs(normals[:, 2]), 0, 1)
    light = ambient + (1.05 - ambient) * direct + 0.12 * ambient * edge
    lit: Points = 255 * np.clip(colours * light[:, None], 0, 1)
    return lit


def _far_to_near(corners: Points) -> NDArray[np.int64]:
    """Return the patches that face the camera, the farthest first."""
    order = np.argsort(corners[..., 2].mean(axis=1))
    return order[_normals(corners[order])[:, 2] > -0.02]


def _background(side: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    colour, fall = generator.uniform(0.1, 0.9, 3), generator.uniform(-0.3, 0.3)
    rows = colour * (1 - fall * np.linspace(0, 1, side)[:, None, None])
    wide = np.broadcast_to(255 * rows, (side, side, 3))
    return np.ascontiguousarray(wide.clip(0, 255).astype(np.uint8))
