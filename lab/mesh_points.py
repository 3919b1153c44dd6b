"""Which points of MediaPipe's face mesh are which; needs none of MediaPipe's packages."""

from __future__ import annotations

import numpy as np

__all__ = ["MESH_TO_IBUG", "OVAL"]

MESH_TO_IBUG = np.array(
    [
        *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
        *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
        *(168, 197, 5, 4, 75, 97, 2, 326, 305),
        *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
        *(78, 82, 13, 312, 308, 317, 14, 87),
    ]
)
"""The mesh point of each of the 68.

This is a list that many projects use, with 70 and 300 as the outer ends of the
eyebrows instead of 71 and 301: on photos for training they lie nearer to the annotated points.
"""

OVAL = np.array(
    [
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
        *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ]
)
"""The edge of the mesh, from the top of the forehead clockwise as the picture shows it."""
