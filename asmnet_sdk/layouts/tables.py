"""Layouts of one's own: declared in a table, as a configuration or a model file holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts.known import LAYOUTS
from asmnet_sdk.layouts.layout import Contour, Layout

__all__ = ["layout_from_table", "layout_to_table"]

_MOST_POINTS = 2000
_KEYS = {"name", "points", "mirror", "normalise_by", "contours", "shares_points_of"}


def layout_from_table(table: Mapping[str, Any]) -> Layout:
    """Return the layout that a table declares.

    Args:
        table: ``name``; ``points``, their names in order; ``mirror``, pairs of names that change
            places when the picture is mirrored; ``normalise_by``, the two points, the subject's
            right one first, whose distance errors are measured by; ``contours``, region -> names
            along its line, which is closed where the last is the first again;
            ``shares_points_of``, the package's layout whose points those of the same names are.

    Raises:
        InvalidInputError: A key is missing or unknown, or a name is that of no point.
    """
    unknown = set(table) - _KEYS
    if unknown:
        raise InvalidInputError(f"layout: unknown key {', '.join(sorted(map(str, unknown)))}")
    name, points = table.get("name"), _names(table.get("points"), "points")
    if not isinstance(name, str) or not name or name in LAYOUTS:
        raise InvalidInputError(f"layout: name is {name!r}; needed: one that is not taken")
    if not 2 <= len(points) <= _MOST_POINTS or len(set(points)) != len(points):
        raise InvalidInputError(f"layout {name}: needed: 2 to {_MOST_POINTS} points, named once")
    places = {point: index for index, point in enumerate(points)}
    right, left = _pair(table.get("normalise_by"), places, "normalise_by")
    contours = table.get("contours", {})
    if not isinstance(contours, Mapping):
        raise InvalidInputError("layout: contours are no table of region -> names")
    return Layout(
        name=name,
        point_count=len(points),
        contours={str(region): _contour(names, places) for region, names in contours.items()},
        mirror=_mirror(table.get("mirror", []), places),
        eye_corners=(right, left),
        names=tuple(points),
        shares_points_of=_known_name(table.get("shares_points_of"), points),
    )


def layout_to_table(layout: Layout) -> dict[str, Any]:
    """Return the table that declares a layout: the inverse of ``layout_from_table``."""
    names = layout.point_names
    return {
        "name": layout.name,
        "points": list(names),
        "mirror": [[names[i], names[j]] for i, j in enumerate(layout.mirror) if i < j],
        "normalise_by": [names[index] for index in layout.eye_corners],
        "contours": {
            region: [names[i] for i in (*line.indices, *line.indices[: int(line.closed)])]
            for region, line in layout.contours.items()
        },
        **({"shares_points_of": layout.shares_points_of} if layout.shares_points_of else {}),
    }


def _known_name(value: object, points: Sequence[str]) -> str | None:
    """Return the name of the package's layout that some of the points are of."""
    if value is None:
        return None
    known = LAYOUTS.get(value) if isinstance(value, str) else None
    if known is None or not set(known.point_names) & set(points):
        raise InvalidInputError(
            f"layout: shares_points_of is {value!r}; needed: one of {', '.join(LAYOUTS)} that has "
            "points of the same names"
        )
    return known.name


def _names(value: object, key: str) -> Sequence[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise InvalidInputError(f"layout: {key} is {str(value)[:60]!r}; needed: a list of names")
    return value


def _indices(value: object, places: Mapping[str, int], key: str) -> tuple[int, ...]:
    names = _names(value, key)
    for name in names:
        if name not in places:
            raise InvalidInputError(f"layout: {key} names {name!r}, which is none of the points")
    return tuple(places[name] for name in names)


def _pair(value: object, places: Mapping[str, int], key: str) -> tuple[int, int]:
    indices = _indices(value, places, key)
    if len(indices) != 2 or indices[0] == indices[1]:
        raise InvalidInputError(f"layout: {key} is {value!r}; needed: two points")
    return indices[0], indices[1]


def _mirror(pairs: object, places: Mapping[str, int]) -> tuple[int, ...]:
    if not isinstance(pairs, list | tuple):
        raise InvalidInputError("layout: mirror is no list of pairs of names")
    order = list(range(len(places)))
    for pair in pairs:
        first, second = _pair(pair, places, "mirror")
        if order[first] != first or order[second] != second:
            raise InvalidInputError(f"layout: mirror names a point of {pair!r} twice")
        order[first], order[second] = second, first
    return tuple(order)


def _contour(names: object, places: Mapping[str, int]) -> Contour:
    indices = _indices(names, places, "contours")
    is_closed = len(indices) > 2 and indices[0] == indices[-1]
    return Contour(indices=indices[:-1] if is_closed else indices, closed=is_closed)
