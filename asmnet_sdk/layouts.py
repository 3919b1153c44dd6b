"""Which point is which: landmark layouts and the conversions between them.

Left and right are the subject's: iBUG points 36 to 41 are the right eye, on the left of a frontal
picture. Indices count from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidInputError

__all__ = [
    "FIVE_POINT",
    "IBUG_68",
    "LAYOUTS",
    "WFLW_98",
    "Contour",
    "Layout",
    "convert_landmarks",
    "is_convertible",
    "layout_of_size",
]


_WHOLES = {"nose": ("nose_bridge", "nose_base"), "mouth": ("outer_lip", "inner_lip")}


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
        for whole, pieces in _WHOLES.items():
            if all(piece in parts for piece in pieces):
                parts[whole] = tuple(i for piece in pieces for i in parts[piece])
        return MappingProxyType(parts)

    def __reduce__(self) -> tuple[Callable[..., Layout], tuple[object, ...]]:
        return _restore_layout, ({f.name: getattr(self, f.name) for f in fields(self)},)


def _pairs(indices: tuple[int, ...], *, closed: bool) -> Iterator[tuple[int, int]]:
    yield from pairwise(indices)
    if closed and len(indices) > 2:
        yield indices[-1], indices[0]


def _restore_layout(values: dict[str, Any]) -> Layout:
    """Return an unpickled layout: the one of this module where it is the same."""
    layout = Layout(**values)
    known = LAYOUTS.get(layout.name)
    return known if known == layout else layout


def _line(first: int, last: int, *, closed: bool = False) -> Contour:
    return Contour(indices=tuple(range(first, last + 1)), closed=closed)


def _mirror(point_count: int, swaps: Mapping[int, int]) -> tuple[int, ...]:
    order = list(range(point_count))
    for first, second in swaps.items():
        order[first], order[second] = second, first
    return tuple(order)


IBUG_68 = Layout(
    name="IBUG_68",
    point_count=68,
    contours=MappingProxyType(
        {
            "jaw": _line(0, 16),
            "right_eyebrow": _line(17, 21),
            "left_eyebrow": _line(22, 26),
            "nose_bridge": _line(27, 30),
            "nose_base": _line(31, 35),
            "right_eye": _line(36, 41, closed=True),
            "left_eye": _line(42, 47, closed=True),
            "outer_lip": _line(48, 59, closed=True),
            "inner_lip": _line(60, 67, closed=True),
        }
    ),
    mirror=_mirror(
        68,
        {
            **{i: 16 - i for i in range(8)},
            **{17 + i: 26 - i for i in range(5)},
            **{31: 35, 32: 34},
            **{36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46},
            **{48: 54, 49: 53, 50: 52, 58: 56, 59: 55},
            **{60: 64, 61: 63, 67: 65},
        },
    ),
    eye_corners=(36, 45),
)

WFLW_98 = Layout(
    name="WFLW_98",
    point_count=98,
    contours=MappingProxyType(
        {
            "jaw": _line(0, 32),
            "right_eyebrow": _line(33, 41, closed=True),
            "left_eyebrow": _line(42, 50, closed=True),
            "nose_bridge": _line(51, 54),
            "nose_base": _line(55, 59),
            "right_eye": _line(60, 67, closed=True),
            "left_eye": _line(68, 75, closed=True),
            "outer_lip": _line(76, 87, closed=True),
            "inner_lip": _line(88, 95, closed=True),
            "right_pupil": _line(96, 96),
            "left_pupil": _line(97, 97),
        }
    ),
    mirror=_mirror(
        98,
        {
            **{i: 32 - i for i in range(16)},
            **{33 + i: 46 - i for i in range(5)},
            **{38 + i: 50 - i for i in range(4)},
            **{55: 59, 56: 58},
            **{60 + i: 72 - i for i in range(5)},
            **{65: 75, 66: 74, 67: 73},
            **{76: 82, 77: 81, 78: 80, 87: 83, 86: 84},
            **{88: 92, 89: 91, 95: 93},
            **{96: 97},
        },
    ),
    eye_corners=(60, 72),
)

FIVE_POINT = Layout(
    name="FIVE_POINT",
    point_count=5,
    contours=MappingProxyType(
        {
            "right_eye": _line(0, 0),
            "left_eye": _line(1, 1),
            "nose_tip": _line(2, 2),
            "mouth_corners": _line(3, 4),
        }
    ),
    mirror=(1, 0, 2, 4, 3),
    eye_corners=(0, 1),
)

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {layout.name: layout for layout in (IBUG_68, WFLW_98, FIVE_POINT)}
)

# (from, to) -> for each target point the source points whose mean it is.
_SOURCES: Mapping[tuple[str, str], tuple[tuple[int, ...], ...]] = MappingProxyType(
    {
        ("IBUG_68", "FIVE_POINT"): (
            tuple(range(36, 42)),
            tuple(range(42, 48)),
            (30,),
            (48,),
            (54,),
        ),
        ("WFLW_98", "FIVE_POINT"): ((96,), (97,), (54,), (76,), (82,)),
        ("WFLW_98", "IBUG_68"): tuple(
            (i,)
            for i in (
                *range(0, 33, 2),
                *range(33, 38),
                *range(42, 47),
                *range(51, 60),
                *(60, 61, 63, 64, 65, 67),
                *(68, 69, 71, 72, 73, 75),
                *range(76, 96),
            )
        ),
    }
)


def layout_of_size(point_count: int, among: Iterable[Layout] = ()) -> Layout | None:
    """Return the layout of so many points, if there is one: first of those given, then of ours."""
    known = (*among, *LAYOUTS.values())
    return next((layout for layout in known if layout.point_count == point_count), None)


def is_convertible(source: Layout, target: Layout) -> bool:
    """Say whether ``convert_landmarks`` leads from one layout to another."""
    return source.name == target.name or (source.name, target.name) in _SOURCES


def convert_landmarks(
    values: NDArray[np.float32], source: Layout, target: Layout
) -> NDArray[np.float32]:
    """Convert per-point values from one layout to another.

    Args:
        values: (K, ...) of the source layout: landmarks, or one number a point.
        source: The layout of ``values``.
        target: The layout wanted; it must not need points that the source lacks.

    Returns:
        (K', ...) of the target layout. The eye points of ``FIVE_POINT`` are the mean of the
        six eye points of ``IBUG_68``, or the pupils of ``WFLW_98``.

    Raises:
        InvalidInputError: The source layout lacks points that the target needs.
    """
    if source.name == target.name:
        return values
    sources = _SOURCES.get((source.name, target.name))
    if sources is None:
        reachable = [name for start, name in _SOURCES if start == source.name]
        raise InvalidInputError(
            f"{source.name} landmarks cannot be converted to {target.name}; "
            f"possible: {', '.join(reachable) or 'none'}"
        )
    return np.stack([values[list(points)].mean(axis=0) for points in sources])
