"""From one layout's points to another's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts.known import LAYOUTS
from asmnet_sdk.layouts.layout import Layout

__all__ = ["convert_landmarks", "is_convertible", "shared_points"]

_Sources: TypeAlias = Mapping[int, tuple[int, ...]]
"""Target point -> the source points whose mean it is."""

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


def is_convertible(source: Layout, target: Layout) -> bool:
    """Say whether ``convert_landmarks`` leads from one layout to another."""
    return source.name == target.name or _sources_of(source, target) is not None


def convert_landmarks(
    values: NDArray[np.float32], source: Layout, target: Layout
) -> NDArray[np.float32]:
    """Convert per-point values from one layout to another.

    Points of a layout of one's own that ``shares_points_of`` one of the package's are those of the
    same names there.

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
    sources = _sources_of(source, target)
    if sources is None:
        reachable = [layout.name for layout in LAYOUTS.values() if _sources_of(source, layout)]
        raise InvalidInputError(
            f"{source.name} landmarks cannot be converted to {target.name}; "
            f"possible: {', '.join(reachable) or 'none'}"
        )
    return np.stack(
        [
            values[points[0]] if len(points) == 1 else values[list(points)].mean(axis=0)
            for points in sources
        ]
    )


def shared_points(source: Layout, target: Layout) -> dict[int, int]:
    """Return which points two layouts have in common: point of the target -> point of the source.

    They are the same point of the face, by the conversions and names that ``convert_landmarks``
    goes by; none is a mean of several.
    """
    there, back = _known_sources(source, target), _known_sources(target, source)
    found = {sources[0]: point for point, sources in back.items() if len(sources) == 1}
    found |= {point: sources[0] for point, sources in there.items() if len(sources) == 1}
    return dict(sorted(found.items()))


def _sources_of(source: Layout, target: Layout) -> tuple[tuple[int, ...], ...] | None:
    """Return for each target point its source points, unless some are missing."""
    if source.name == target.name:
        return None
    found = _known_sources(source, target)
    return tuple(found.values()) if len(found) == target.point_count else None


@lru_cache(maxsize=256)
def _known_sources(source: Layout, target: Layout) -> _Sources:
    """Return the source points of the most target points, by way of a shared layout if need be."""
    shared = (source.shares_points_of, target.shares_points_of)
    middles = (source, *(LAYOUTS[name] for name in shared if name is not None))
    return max((_sources_by_way_of(middle, source, target) for middle in middles), key=len)


def _sources_by_way_of(middle: Layout, source: Layout, target: Layout) -> _Sources:
    first, then = _direct_sources(source, middle), _direct_sources(middle, target)
    return {
        point: tuple(origin for step in steps for origin in first[step])
        for point, steps in then.items()
        if all(step in first for step in steps)
    }


def _direct_sources(source: Layout, target: Layout) -> _Sources:
    """Return the sources of those target points that a name or the table gives, in their order."""
    if source.name == target.name:
        return {index: (index,) for index in range(target.point_count)}
    table = _SOURCES.get((source.name, target.name))
    if table is not None:
        return dict(enumerate(table))
    if target.name != source.shares_points_of and source.name != target.shares_points_of:
        return {}
    places = {name: index for index, name in enumerate(source.point_names)}
    names = enumerate(target.point_names)
    return {index: (places[name],) for index, name in names if name in places}
