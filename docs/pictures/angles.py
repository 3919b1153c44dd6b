"""Heads turned by yaw, pitch and roll, with the package's own rotation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import IBUG_68, HeadPose
from pictures.schematic import schematic_68, schematic_depth
from pictures.svg import THEMES, Drawing, Theme

__all__ = ["draw_angles"]

_TURN = 30.0
_AXIS_COLORS = ("#e63c32", "#2fa84f", "#3c78ff")
_CELL_WH = (220.0, 250.0)
_HEAD_CENTER = np.array([0.0, 13.0, -25.0])  # x right, y up, z towards the camera
_HEAD_RADII = np.array([108.0, 158.0, 122.0])
_ZOOM = 0.62
_TEXTS = {
    "yaw": ("nose to image right", "nose to image left"),
    "pitch": ("nose down", "nose up"),
    "roll": ("counter-clockwise", "clockwise"),
}


def draw_angles(folder: Path) -> None:
    """Draw one picture for each angle and theme: -30, 0 and +30 degrees."""
    for angle in _TEXTS:
        for theme in THEMES:
            _draw_angle(angle, theme).save(folder / f"angle-{angle}-{theme.name}.svg")


def _draw_angle(angle: str, theme: Theme) -> Drawing:
    width, height = _CELL_WH
    drawing = Drawing(3 * width, height + 66, title=f"{angle} of -30, 0 and +30 degrees")
    texts = (_TEXTS[angle][0], "", _TEXTS[angle][1])
    for column, (degrees, words) in enumerate(zip((-_TURN, 0.0, _TURN), texts, strict=True)):
        pose = HeadPose(**{"yaw": 0.0, "pitch": 0.0, "roll": 0.0, angle: degrees})
        center = np.array([(column + 0.5) * width, height / 2])
        _draw_head(drawing, theme, pose, center)
        below = (center[0], height + 14)
        drawing.text(below, f"{angle} {degrees:+.0f}°" if degrees else f"{angle} 0°", theme.ink,
                     size=21, bold=True)  # fmt: skip
        drawing.text((center[0], height + 44), words, theme.muted, size=20)
    return drawing


def _draw_head(drawing: Drawing, theme: Theme, pose: HeadPose, center: NDArray[np.float64]) -> None:
    rotation = pose.rotation_matrix
    silhouette = _silhouette(rotation) * (_ZOOM, -_ZOOM) + center
    drawing.line(silhouette, theme.edge, width=1.5, closed=True, fill=theme.panel)
    points = np.column_stack([schematic_68() * (1, -1), schematic_depth()])
    placed = (points @ rotation.T)[:, :2] * (_ZOOM, -_ZOOM) + center
    for name, contour in IBUG_68.contours.items():
        drawing.line(
            placed[list(contour.indices)], theme.region(name), width=2.2, closed=contour.closed
        )
    for index in np.argsort(rotation[2], kind="stable"):
        tip = placed[30] + rotation[:2, index] * (1, -1) * 62
        if np.linalg.norm(tip - placed[30]) > 8:
            drawing.line([placed[30], tip], _AXIS_COLORS[index], width=3, arrow=True)
        else:
            drawing.dot(placed[30], 5, _AXIS_COLORS[index])


def _silhouette(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the outline of the turned head, an ellipsoid, seen from the front."""
    spread = (rotation * _HEAD_RADII**2) @ rotation.T
    half = np.linalg.cholesky(spread[:2, :2])
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    circle = np.column_stack([np.cos(turns), np.sin(turns)])
    return circle @ half.T + (rotation @ _HEAD_CENTER)[:2]
