"""How far a head is turned in the picture plane, from points of its face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIVE", "INNER", "HeadModel"]

# The vertex of the canonical mesh next to each of the iBUG points 17..67.
_MESH_POINTS = (
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
INNER = slice(17, 68)
"""The iBUG points that belong to fixed places of the head: all but the jaw line."""

FIVE = ((36, 39), (42, 45), (30,), (48,), (54,))
"""Of which iBUG points each of the five points is the middle."""


class HeadModel:
    """A rigid head, to read a tilt from points in a picture.

    Args:
        path: MediaPipe's ``canonical_face_model.obj``.
    """

    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        vertices = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], float)
        inner = vertices[list(_MESH_POINTS)]
        self.inner = inner
        self.five = np.stack([inner[np.subtract(indices, 17)].mean(axis=0) for indices in FIVE])

    def roll_of(self, points: NDArray[np.floating], model: NDArray[np.float64]) -> float:
        """Return the tilt in degrees, clockwise, in (-180, 180]; NaN for too few points.

        It is the direction into which an affine camera, fitted by least squares, projects the
        head's axis: turning the picture by an angle changes it by just that angle.

        Args:
            points: (K, 2) pixels, rows of NaN where a point is unknown.
            model: (K, 3) ``inner`` or ``five``.
        """
        is_known = ~np.isnan(points).any(axis=1)
        if is_known.sum() < 5:
            return float("nan")
        design = np.column_stack([model[is_known], np.ones(int(is_known.sum()))])
        camera, *_ = np.linalg.lstsq(design, points[is_known].astype(float), rcond=1e-3)
        right, down = camera[1]
        return float(np.degrees(np.arctan2(right, -down)))
