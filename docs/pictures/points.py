"""The numbered layouts of 68 and 98 points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import IBUG_68, WFLW_98, Layout
from pictures.schematic import schematic_68, schematic_98
from pictures.svg import THEMES, Drawing, Theme

__all__ = ["draw_points"]

_ZOOM = 4.0
_MARGIN_TOP = 84.0
_MARGIN_SIDE = 60.0


def draw_points(folder: Path) -> None:
    """Draw both layouts for both themes."""
    for layout, points, text_size in (
        (IBUG_68, schematic_68(), 19.0),
        (WFLW_98, schematic_98(), 16.0),
    ):
        for theme in THEMES:
            drawing = _draw(layout, points, theme, text_size)
            drawing.save(folder / f"points-{layout.point_count}-{theme.name}.svg")


def _draw(layout: Layout, points: NDArray[np.float64], theme: Theme, text_size: float) -> Drawing:
    low, high = points.min(axis=0), points.max(axis=0)
    size = (high - low) * _ZOOM + (2 * _MARGIN_SIDE, _MARGIN_TOP + 50)
    placed = (points - low) * _ZOOM + (_MARGIN_SIDE, _MARGIN_TOP)
    drawing = Drawing(*size, title=f"Numbers of the {layout.point_count} points of {layout.name}")
    drawing.text((_MARGIN_SIDE, 22), "the subject's right", theme.muted, size=20, anchor="start")
    drawing.text((size[0] - _MARGIN_SIDE, 22), "the subject's left", theme.muted, size=20,
                 anchor="end")  # fmt: skip
    for name, contour in layout.contours.items():
        line = placed[list(contour.indices)]
        color = theme.region(name)
        if len(line) > 1:
            drawing.line(line, color, width=2, closed=contour.closed)
        for position, index in enumerate(contour.indices):
            drawing.dot(line[position], 4.5, color)
            away = _label_direction(name, line, position) * (1.2 * text_size, text_size)
            drawing.text(line[position] + away, str(index), theme.ink, size=text_size)
    return drawing


def _label_direction(contour: str, line: NDArray[np.float64], position: int) -> NDArray[np.float64]:
    """Return where the number of a point stands, as a unit vector."""
    fixed = {
        "nose_bridge": (1.0, 0.0),
        "nose_base": (0.0, 1.0),
        "right_pupil": (0.0, 1.0),
        "left_pupil": (0.0, 1.0),
    }
    if contour in fixed:
        return np.array(fixed[contour])
    if "eyebrow" in contour:  # five points along its upper edge, then the lower one
        return np.array([0.0, -1.0 if position < 5 else 1.0])
    away = line[position] - line.mean(axis=0)
    if contour == "inner_lip":
        across = abs(away[0]) > 100
        return np.array([-np.sign(away[0]), 0.0]) if across else np.array([0.0, -np.sign(away[1])])
    if contour != "jaw":
        away[1] *= 2.2
    return away / max(float(np.linalg.norm(away)), 1e-9)
