"""What a landmark layout is: its points, the lines through them, and what mirrors what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import NoReturn

__all__ = ["WHOLES", "Contour", "Layout"]

WHOLES = MappingProxyType(
    {"nose": ("nose_bridge", "nose_base"), "mouth": ("outer_lip", "inner_lip")}
)
"""Part of the face -> the contours that it is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """One drawn line of a face: its points in order, and whether it returns to the first."""

    indices: tuple[int, ...]
    closed: bool = False


class _Contours(dict[str, Contour]):
    """Lines by region, unchangeable; a dict, so that ``dataclasses.asdict`` can copy it."""

    def __reduce__(self) -> tuple[type[_Contours], tuple[dict[str, Contour]]]:
        return _Contours, (dict(self),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a layout cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A landmark layout."""

    name: str
    """The name that model metadata and ``Face.to_layout`` use."""
    point_count: int
    """K, the number of points."""
    contours: Mapping[str, Contour] = field(repr=False, hash=False)
    """Region name -> line through its points."""
    mirror: tuple[int, ...] = field(repr=False)
    """For each point, the point it becomes when the picture is mirrored."""
    eye_corners: tuple[int, int] = field(repr=False)
    """Outer corners (right, left), whose distance normalises the NME."""
    names: tuple[str, ...] = field(default=(), repr=False)
    """A name a point, of a layout that names its own."""
    shares_points_of: str | None = field(default=None, repr=False)
    """Name of the package's layout whose points those of the same names are, if there is one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "contours", _Contours(self.contours))

    @property
    def point_names(self) -> tuple[str, ...]:
        """A name a point: its own, else its region and place in it, such as ``right_eye_0``."""
        if self.names:
            return self.names
        names = {index: f"point_{index}" for index in range(self.point_count)}
        for region, contour in self.contours.items():
            count = len(contour.indices)
            for place, index in enumerate(contour.indices):
                names[index] = region if count == 1 else f"{region}_{place}"
        return tuple(names.values())

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of points that a line joins."""
        return tuple(
            pair
            for contour in self.contours.values()
            for pair in _pairs(contour.indices, closed=contour.closed)
        )

    @property
    def indices(self) -> Mapping[str, tuple[int, ...]]:
        """Part of the face -> its points: every contour, and ``nose`` and ``mouth`` as a whole."""
        parts = {name: contour.indices for name, contour in self.contours.items()}
        for whole, pieces in WHOLES.items():
            if all(piece in parts for piece in pieces):
                parts[whole] = tuple(i for piece in pieces for i in parts[piece])
        return MappingProxyType(parts)


def _pairs(indices: tuple[int, ...], *, closed: bool) -> Iterator[tuple[int, int]]:
    yield from pairwise(indices)
    if closed and len(indices) > 2:
        yield indices[-1], indices[0]
