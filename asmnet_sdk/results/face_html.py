"""A face as HTML, which notebooks show: its points as a drawing, its figures as a table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.layouts import Layout

__all__ = ["face_html"]

_SIDE = 180  # pixels of the drawing
_MARGIN = 10


def face_html(record: Mapping[str, Any], layout: Layout) -> str:
    """Return a drawing of the landmarks beside the figures of a face.

    Args:
        record: What ``Face.to_dict`` gives.
        layout: Which points its landmarks are.
    """
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in _figures(record).items()
    )
    return (
        "<div style='display:flex;align-items:center;gap:1em;flex-wrap:wrap'>"
        f"{_drawing(record, layout)}<table>{rows}</table></div>"
    )


def _figures(record: Mapping[str, Any]) -> dict[str, str]:
    x_min, y_min, x_max, y_max = record["box"]
    figures = {
        "layout": record["layout"],
        "box": f"{x_max - x_min:.0f} x {y_max - y_min:.0f} px at ({x_min:.0f}, {y_min:.0f})",
        "head pose": "yaw {yaw:+.1f}°, pitch {pitch:+.1f}°, roll {roll:+.1f}°".format(
            **record["head_pose"]
        ),
    }
    if record["score"] is not None:
        figures["score"] = f"{record['score']:.3f}"
    if record["landmark_sigma"] is not None:
        figures["error radius"] = f"{np.mean(record['landmark_sigma']):.2g} px on average"
    if record["landmark_visible"] is not None:
        seen = int((np.array(record["landmark_visible"]) >= 0.5).sum())
        figures["in sight"] = f"{seen} of {len(record['landmarks'])} points"
    if record["eye_openness"] is not None:
        figures["eyes open"] = "right {:.2f}, left {:.2f}".format(*record["eye_openness"])
        figures["mouth open"] = f"{record['mouth_openness']:.2f}"
    if record["track_id"] is not None:
        figures["track"] = str(record["track_id"])
    return figures


def _drawing(record: Mapping[str, Any], layout: Layout) -> str:
    points = _fitted(record["landmarks"])
    lines = "".join(
        f"<poly{'gon' if contour.closed else 'line'} points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in points[list(contour.indices)])
        + "'/>"
        for contour in layout.contours.values()
    )
    visible = record["landmark_visible"]
    dots = "".join(
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='1.8' "
        f"fill='{'none' if visible is not None and visible[i] < 0.5 else 'currentColor'}'/>"
        for i, (x, y) in enumerate(points)
    )
    return (
        f"<svg width='{_SIDE}' height='{_SIDE}' role='img' aria-label='landmarks'>"
        "<g fill='none' stroke='currentColor' stroke-width='0.8'>"
        f"{lines}{dots}</g></svg>"
    )


def _fitted(landmarks: ArrayLike) -> NDArray[np.float64]:
    """Return the landmarks in pixels of the drawing; those that are not finite at its corner."""
    points = np.nan_to_num(np.asarray(landmarks, np.float64), posinf=0, neginf=0)
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    room = _SIDE - 2 * _MARGIN
    fitted: NDArray[np.float64] = (points - low) * (room / size) + _MARGIN
    return fitted
