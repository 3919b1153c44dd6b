"""Faces of a kind: of a subset, with an attribute, or of a range of angle, visibility or size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import numpy as np

from asmnet_sdk.datasets import WFLW_ATTRIBUTES
from asmnet_sdk.evaluation.results import FaceResult
from asmnet_sdk.results import BoundingBox

__all__ = ["GROUPINGS", "Grouping", "groups_by", "subsets_and_attributes"]

Grouping: TypeAlias = Literal["yaw", "pitch", "roll", "visibility", "size"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)

_Groups: TypeAlias = list[tuple[str, list[FaceResult]]]
_Edges: TypeAlias = tuple[float, ...]

# Lower ends of the ranges; the last one has no upper end.
_EDGES: Mapping[str, _Edges] = MappingProxyType(
    {
        "yaw": (0, 15, 30, 45, 60),
        "pitch": (-90, -30, -15, 15, 30),
        "roll": (0, 15, 30, 60, 120),
        "visibility": (0, 50, 75, 90, 100),
        "size": (0, 32, 64, 128, 256, 512),
    }
)
_UNITS: Mapping[str, str] = MappingProxyType(
    {"yaw": "°", "pitch": "°", "roll": "°", "visibility": " %", "size": " px"}
)

_NAMES: Mapping[str, str] = MappingProxyType({"visibility": "seen"})


def subsets_and_attributes(results: Sequence[FaceResult]) -> _Groups:
    """Return the faces of each subset, then those with each attribute, WFLW's own first."""
    subsets = sorted({result.annotated.subset for result in results})
    found = {name for result in results for name in result.annotated.attributes}
    attributes = [name for name in WFLW_ATTRIBUTES if name in found]
    attributes += sorted(found.difference(WFLW_ATTRIBUTES))
    groups = [(s, [r for r in results if r.annotated.subset == s]) for s in subsets]
    return groups + [(a, [r for r in results if a in r.annotated.attributes]) for a in attributes]


def groups_by(grouping: Grouping, results: Sequence[FaceResult]) -> _Groups:
    """Return the faces of each range that holds any.

    - ``yaw`` and ``roll`` without sign, ``pitch`` with it, in degrees: as annotated; as predicted,
      and called so, where no face has a head pose annotated.
    - ``visibility``: share of the points annotated as seen, in %.
    - ``size``: the geometric mean of width and height of the annotated points' box, in pixels.

    Faces of which nothing says the value are left out.
    """
    is_annotated = any(result.annotated.head_pose is not None for result in results)
    is_predicted = grouping in _PREDICTED and not is_annotated
    name = f"predicted {grouping}" if is_predicted else _NAMES.get(grouping, grouping)
    measure = (_PREDICTED if is_predicted else _MEASURES)[grouping]
    values = [measure(result) for result in results]
    return [
        (f"{name} {label}", group)
        for label, low, high in _ranges(grouping)
        if (group := [r for r, v in zip(results, values, strict=True) if low <= v < high])
    ]


def _ranges(grouping: Grouping) -> Iterator[tuple[str, float, float]]:
    """Yield label, lower and upper end of each range."""
    edges, unit = _EDGES[grouping], _UNITS[grouping]
    for low, high in zip(edges, (*edges[1:], math.inf), strict=True):
        if grouping == "pitch" and low == edges[0]:
            yield f"below {high:g}{unit}", -math.inf, high
        elif high == math.inf:
            yield (f"{low:g}{unit}" if low == 100 else f"from {low:g}{unit}"), low, high
        else:
            yield f"{low:g} to {high:g}{unit}", low, high


def _annotated_angle(name: str, *, is_signed: bool) -> Callable[[FaceResult], float]:
    def measure(result: FaceResult) -> float:
        pose = result.annotated.head_pose
        angle = math.nan if pose is None else float(getattr(pose, name))
        return angle if is_signed else abs(angle)

    return measure


def _predicted_angle(name: str, *, is_signed: bool) -> Callable[[FaceResult], float]:
    def measure(result: FaceResult) -> float:
        angle = math.nan if result.face is None else float(getattr(result.face.head_pose, name))
        return angle if is_signed else abs(angle)

    return measure


def _seen_percent(result: FaceResult) -> float:
    visible = result.annotated.landmark_visible
    return math.nan if visible is None else 100 * float(np.mean(visible >= 0.5))


def _size(result: FaceResult) -> float:
    return math.sqrt(BoundingBox.around(result.annotated.landmarks).area)


_SIGNED = {"yaw": False, "pitch": True, "roll": False}
_PREDICTED: Mapping[str, Callable[[FaceResult], float]] = MappingProxyType(
    {name: _predicted_angle(name, is_signed=signed) for name, signed in _SIGNED.items()}
)
_MEASURES: Mapping[str, Callable[[FaceResult], float]] = MappingProxyType(
    {
        **{name: _annotated_angle(name, is_signed=signed) for name, signed in _SIGNED.items()},
        "visibility": _seen_percent,
        "size": _size,
    }
)
