"""A face as HTML, which notebooks show: its points as a drawing, its figures as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from asmnet_sdk.results import Face

__all__ = ["face_html"]

_SIDE = 180  # pixels of the drawing
_MARGIN = 10


def face_html(face: Face) -> str:
    """Return a drawing of the landmarks beside the figures of a face."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in _figures(face).items()
    )
    return (
        "<div style='display:flex;align-items:center;gap:1em;flex-wrap:wrap'>"
        f"{_drawing(face)}<table>{rows}</table></div>"
    )


def _figures(face: Face) -> dict[str, str]:
    box, record = face.box, face.to_dict()
    figures = {
        "layout": face.layout.name,
        "box": f"{box.width:.0f} x {box.height:.0f} px at ({box.x_min:.0f}, {box.y_min:.0f})",
        "head pose": "yaw {:+.1f}°, pitch {:+.1f}°, roll {:+.1f}°".format(*face.head_pose),
    }
    if face.score is not None:
        figures["score"] = f"{face.score:.3f}"
    if face.landmark_sigma is not None:
        figures["error radius"] = f"{face.landmark_sigma.mean():.2g} px on average"
    if face.landmark_visible is not None:
        seen = int((face.landmark_visible >= 0.5).sum())
        figures["in sight"] = f"{seen} of {face.layout.point_count} points"
    if record["eye_openness"] is not None:
        figures["eyes open"] = "right {:.2f}, left {:.2f}".format(*face.eye_openness)
        figures["mouth open"] = f"{face.mouth_openness:.2f}"
    if face.track_id is not None:
        figures["track"] = str(face.track_id)
    return figures


def _drawing(face: Face) -> str:
    points = _fitted(face.landmarks)
    lines = "".join(
        f"<poly{'gon' if contour.closed else 'line'} points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in points[list(contour.indices)])
        + "'/>"
        for contour in face.layout.contours.values()
    )
    visible = face.landmark_visible
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


def _fitted(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the landmarks in pixels of the drawing; those that are not finite at its corner."""
    points = np.nan_to_num(landmarks.astype(np.float64), posinf=0, neginf=0)
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    room = _SIDE - 2 * _MARGIN
    fitted: NDArray[np.float64] = (points - low) * (room / size) + _MARGIN
    return fitted
