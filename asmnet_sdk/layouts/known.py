"""The package's own layouts. Indices count from 0, left and right are the subject's."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from asmnet_sdk.layouts.layout import Contour, Layout

__all__ = ["FIVE_POINT", "IBUG_68", "LAYOUTS", "WFLW_98", "layout_of_size"]


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


def layout_of_size(point_count: int, among: Iterable[Layout] = ()) -> Layout | None:
    """Return the layout of so many points, if there is one: first of those given, then of ours."""
    known = (*among, *LAYOUTS.values())
    return next((layout for layout in known if layout.point_count == point_count), None)


def _reduce(layout: Layout) -> tuple[Callable[..., Layout], tuple[dict[str, Any]]]:
    return _restore, ({field.name: getattr(layout, field.name) for field in fields(layout)},)


def _restore(values: dict[str, Any]) -> Layout:
    """Return an unpickled or copied layout: the package's own where it is the same."""
    layout = Layout(**values)
    known = LAYOUTS.get(layout.name)
    return known if known == layout else layout


copyreg.pickle(Layout, _reduce)
