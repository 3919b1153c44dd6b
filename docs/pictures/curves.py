"""Curves on logarithmic axes, in which cost that grows in proportion is a straight diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pictures.svg import THEMES, Drawing, Theme

__all__ = ["Curve", "Panel", "draw_panels"]

_SIZE_WH = (225.0, 215.0)
_MARGIN = (62.0, 60.0)  # left of and above each panel
_BELOW = 70.0
_COLORS = ("jaw", "lip", "eye")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line: its name, and the values that belong to the panel's x values."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart.

    Attributes:
        title: What is shown.
        x_name: What grows.
        x_values: At which values it was measured.
        curves: Milliseconds.
    """

    title: str
    x_name: str
    x_values: Sequence[float]
    curves: Sequence[Curve]


def draw_panels(panels: Sequence[Panel], folder: Path, name: str, *, title: str) -> None:
    """Write ``NAME-light.svg`` and ``NAME-dark.svg``, the panels side by side."""
    width = len(panels) * (_SIZE_WH[0] + _MARGIN[0]) + 20
    height = _MARGIN[1] + _SIZE_WH[1] + _BELOW + 24 * max(len(p.curves) for p in panels)
    for theme in THEMES:
        drawing = Drawing(width, height, title=title)
        for number, panel in enumerate(panels):
            left = number * (_SIZE_WH[0] + _MARGIN[0]) + _MARGIN[0]
            _draw_panel(drawing, theme, panel, left)
        drawing.save(folder / f"{name}-{theme.name}.svg")


def _draw_panel(drawing: Drawing, theme: Theme, panel: Panel, left: float) -> None:
    values = np.array([curve.values for curve in panel.curves], np.float64)
    x = np.log10(np.asarray(panel.x_values, np.float64))
    low, high = np.floor(np.log10(values.min())), np.ceil(np.log10(values.max()))
    top, (width, height) = _MARGIN[1], _SIZE_WH

    def place(xs: NDArray[np.float64], logs: NDArray[np.float64]) -> NDArray[np.float64]:
        across = left + width * (xs - x[0]) / (x[-1] - x[0])
        return np.column_stack([across, top + height * (high - logs) / (high - low)])

    drawing.text((left + width / 2, 26), panel.title, theme.ink, size=17, bold=True)
    for power in np.arange(low, high + 1):
        line = place(x[[0, -1]], np.array([power, power]))
        drawing.line(line, theme.edge, width=0.7)
        drawing.text((left - 8, line[0, 1]), f"{10**power:g}", theme.muted, size=14, anchor="end")
    drawing.text((left - 8, top - 16), "ms", theme.muted, size=14, anchor="end")
    _draw_x_axis(drawing, theme, panel, place(x, np.full(len(x), low)))
    start = np.log10(values[0, 0])
    end = min(high, start + x[-1] - x[0])
    proportional = np.array([x[0], x[0] + end - start])
    drawing.line(place(proportional, np.array([start, end])), theme.muted, width=1.2, dash="4 5")
    for number, curve in enumerate(panel.curves):
        color = theme.region(_COLORS[number])
        points = place(x, np.log10(np.asarray(curve.values, np.float64)))
        drawing.line(points, color, width=2.2)
        for point in points:
            drawing.dot(point, 3.2, color)
        y = top + height + 62 + 24 * number
        drawing.line([(left, y), (left + 26, y)], color, width=3)
        drawing.text((left + 36, y), curve.name, theme.ink, size=15, anchor="start")


def _draw_x_axis(drawing: Drawing, theme: Theme, panel: Panel, places: NDArray[np.float64]) -> None:
    for value, (x, y) in zip(panel.x_values, places, strict=True):
        drawing.line([(x, y), (x, y + 5)], theme.muted, width=1)
        drawing.text((x, y + 15), f"{value:g}", theme.muted, size=13)
    center = (places[0, 0] + places[-1, 0]) / 2
    drawing.text((center, places[0, 1] + 36), panel.x_name, theme.muted, size=15)
