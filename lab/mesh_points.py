"""Which points of MediaPipe's face mesh are which; needs none of MediaPipe's packages."""

from __future__ import annotations

import numpy as np

from asmnet_sdk.layouts import IBUG_68, WFLW_98, shared_points

__all__ = ["MESH_TO_IBUG", "MESH_TO_WFLW", "NOSE", "OVAL"]

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

_ONLY_WFLW = {
    **{38: 55, 39: 65, 40: 52, 41: 53, 47: 283, 48: 282, 49: 295, 50: 285},
    **{62: 159, 66: 145, 70: 386, 74: 374, 96: 468, 97: 473},
}


def _mesh_to_wflw() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    pairs = np.zeros((WFLW_98.point_count, 2), np.int64)
    for point, of_ibug in shared_points(IBUG_68, WFLW_98).items():
        pairs[point] = MESH_TO_IBUG[of_ibug]
    for point, of_mesh in _ONLY_WFLW.items():
        pairs[point] = of_mesh
    pairs[1:32:2] = np.column_stack([pairs[0:31:2, 0], pairs[2:33:2, 0]])  # along the jaw
    return pairs


MESH_TO_WFLW = _mesh_to_wflw()
"""The two mesh points between which each of the 98 lies; mostly twice the same."""

OVAL = np.array(
    [
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
        *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ]
)
"""The edge of the mesh, from the top of the forehead clockwise as the picture shows it."""

NOSE = np.array(
    [
        *(1, 2, 3, 4, 5, 6, 19, 20, 44, 45, 48, 49, 51, 59, 60, 64, 75, 79, 94, 97, 99, 102),
        *(115, 122, 125, 129, 131, 134, 141, 166, 168, 174, 188, 193, 195, 196, 197, 198),
        *(209, 217, 218, 219, 220, 235, 236, 237, 238, 239, 241, 242, 248, 250, 274, 275),
        *(278, 279, 281, 289, 290, 294, 305, 309, 326, 328, 331, 344, 351, 354, 358, 360),
        *(363, 370, 392, 399, 412, 417, 419, 420, 429, 437, 438, 439, 440, 455, 456, 457),
        *(458, 459, 461, 462),
    ]
)
"""The points of the mesh on the nose, from its root to its base."""
