"""Accuracy against time of our models and others, from ``benchmarks/results/peers.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pictures.svg import THEMES, Drawing, Theme

__all__ = ["draw_peers"]

_RESULTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "results" / "peers.json"
_SIZE_WH = (860.0, 560.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 74.0, 820.0, 64.0, 486.0
_RADIUS = 7.0  # of a file of 1 MB
_TEXT = 16.0
_GAP = 5.0
_LEGEND_MEGABYTES = (1, 3, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rectangle:
    left: float
    top: float
    right: float
    bottom: float

    def shared_area(self, other: _Rectangle) -> float:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    name: str
    is_ours: bool
    x: float
    y: float
    radius: float

    @property
    def surroundings(self) -> _Rectangle:
        r = self.radius
        return _Rectangle(left=self.x - r, top=self.y - r, right=self.x + r, bottom=self.y + r)


def draw_peers(folder: Path) -> None:
    """Draw NME against time a face, the area of a circle being the size of the model file."""
    rows = json.loads(_RESULTS.read_text("utf-8"))["rows"]
    rows = [row for row in rows if "nme_annotated" in row]
    for theme in THEMES:
        _draw(rows, theme).save(folder / f"peers-{theme.name}.svg")


def _draw(rows: list[dict[str, Any]], theme: Theme) -> Drawing:
    drawing = Drawing(*_SIZE_WH, title="Error against time a face of several landmark models")
    highest_x = 1.08 * max(row["milliseconds_1"] for row in rows)
    errors = [row["nme_detected"] for row in rows]
    low_y, high_y = np.floor(min(errors) - 0.1), np.ceil(max(errors) + 0.1)
    _draw_axes(drawing, theme, highest_x, (float(low_y), float(high_y)))
    points = [
        _Point(
            name=str(row["model"]).replace("MediaPipe face mesh", "MediaPipe"),
            is_ours=row["kind"] in ("ours", "openvino"),
            x=_LEFT + (_RIGHT - _LEFT) * row["milliseconds_1"] / highest_x,
            y=_BOTTOM - (_BOTTOM - _TOP) * (row["nme_detected"] - low_y) / (high_y - low_y),
            radius=_RADIUS * np.sqrt(row["megabytes"]),
        )
        for row in rows
    ]
    for point in sorted(points, key=lambda point: -point.radius):
        color = theme.accent if point.is_ours else theme.region("eyebrow")
        drawing.dot((point.x, point.y), point.radius, _translucent(color), stroke=color)
    _write_names(drawing, theme, points)
    _draw_legend(drawing, theme)
    return drawing


def _translucent(color: str) -> str:
    return f"{color}59"


def _draw_axes(
    drawing: Drawing, theme: Theme, highest_x: float, range_y: tuple[float, float]
) -> None:
    for tick in np.arange(0, highest_x, 0.5):
        x = _LEFT + (_RIGHT - _LEFT) * tick / highest_x
        drawing.line([(x, _TOP), (x, _BOTTOM)], theme.panel, width=1.5)
        drawing.text((x, _BOTTOM + 18), f"{tick:g}", theme.muted, size=_TEXT)
    low, high = range_y
    for tick in np.arange(low, high + 0.25, 0.5):
        y = _BOTTOM - (_BOTTOM - _TOP) * (tick - low) / (high - low)
        drawing.line([(_LEFT, y), (_RIGHT, y)], theme.panel, width=1.5)
        drawing.text((_LEFT - 10, y), f"{tick:.1f}", theme.muted, size=_TEXT, anchor="end")
    drawing.line([(_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)], theme.edge, width=1.5)
    drawing.text(((_LEFT + _RIGHT) / 2, _BOTTOM + 46), "milliseconds a face, one thread", theme.ink,
                 size=18)  # fmt: skip
    drawing.text((10, 26), "NME in %, at boxes that YuNet finds (lower is better)", theme.ink,
                 size=18, anchor="start")  # fmt: skip


def _write_names(drawing: Drawing, theme: Theme, points: list[_Point]) -> None:
    """Write each name where it covers least of what is there."""
    taken = [point.surroundings for point in points]
    for point in sorted(points, key=lambda point: (point.x, point.y)):
        places = list(_places(point))
        best = min(places, key=lambda place: _cost(place, taken))
        taken.append(best)
        center = ((best.left + best.right) / 2, (best.top + best.bottom) / 2)
        if _distance(point, best) > point.radius + 2 * _GAP:
            end = (
                np.clip(point.x, best.left + 20, best.right - 20),
                best.top if best.top > point.y else best.bottom,
            )
            drawing.line([(point.x, point.y), end], theme.muted, width=1)
        drawing.text(center, point.name, theme.ink, size=_TEXT, bold=point.is_ours)


def _places(point: _Point) -> Iterable[_Rectangle]:
    """Yield where the name of a point may stand, the best place first."""
    width, height = 0.6 * _TEXT * len(point.name), 1.15 * _TEXT
    for gap in (_GAP, 6 * _GAP, 12 * _GAP, 18 * _GAP):
        beside = point.radius + gap
        for x, y in (
            (beside + width / 2, 0.0),
            (-beside - width / 2, 0.0),
            (beside + width / 2 - gap, -beside),
            (beside + width / 2 - gap, beside),
            (0.0, -beside - height / 2),
            (0.0, beside + height / 2),
            (-beside - width / 2 + gap, -beside),
            (-beside - width / 2 + gap, beside),
        ):
            yield _Rectangle(
                left=point.x + x - width / 2,
                top=point.y + y - height / 2,
                right=point.x + x + width / 2,
                bottom=point.y + y + height / 2,
            )


def _distance(point: _Point, place: _Rectangle) -> float:
    """Return how far a point is from the rectangle."""
    x = max(place.left - point.x, point.x - place.right, 0.0)
    y = max(place.top - point.y, point.y - place.bottom, 0.0)
    return float(np.hypot(x, y))


def _cost(place: _Rectangle, taken: list[_Rectangle]) -> float:
    """Return what of others, and of the margins, a text at a place would cover."""
    outside = max(_LEFT - place.left, 0) + max(place.right - _SIZE_WH[0] + 6, 0)
    outside += max(place.bottom - _BOTTOM, 0)
    return sum(place.shared_area(other) for other in taken) + 100 * outside


def _draw_legend(drawing: Drawing, theme: Theme) -> None:
    x = _RIGHT - 270
    for words, color in (("ours", theme.accent), ("others", theme.region("eyebrow"))):
        drawing.dot((x, 26), 8, _translucent(color), stroke=color)
        drawing.text((x + 14, 26), words, theme.ink, size=_TEXT, anchor="start")
        x += 84
    for megabytes in _LEGEND_MEGABYTES:
        radius = _RADIUS * np.sqrt(megabytes)
        drawing.dot((x, 26), radius, "none", stroke=theme.muted)
        drawing.text((x, 26), f"{megabytes}", theme.muted, size=13)
        x += 2 * radius + 12
    drawing.text((x - 14, 26), "MB", theme.muted, size=_TEXT, anchor="start")
