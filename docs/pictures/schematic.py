"""A schematic face: where the points of each layout lie, placed by hand, not measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import IBUG_68, WFLW_98, Layout

__all__ = ["schematic_68", "schematic_98", "schematic_depth"]

# The subject's right half, on the left of the picture; x right, y down, chin to ear about 100.
_RIGHT_HALF: dict[int, tuple[float, float]] = {
    0: (-100, -20), 1: (-99, 8), 2: (-95, 35), 3: (-88, 62), 4: (-77, 88),
    5: (-60, 110), 6: (-41, 126), 7: (-20, 136), 8: (0, 139),
    17: (-86, -55), 18: (-71, -68), 19: (-53, -72), 20: (-35, -69), 21: (-18, -59),
    27: (0, -34), 28: (0, -13), 29: (0, 7), 30: (0, 27),
    31: (-25, 40), 32: (-13, 46), 33: (0, 50),
    36: (-68, -26), 37: (-55, -38), 38: (-38, -38), 39: (-25, -23), 40: (-38, -17),
    41: (-55, -17),
    48: (-46, 84), 49: (-28, 74), 50: (-11, 68), 51: (0, 71), 57: (0, 113), 58: (-13, 112),
    59: (-29, 103),
    60: (-38, 85), 61: (-14, 80), 62: (0, 81), 66: (0, 99), 67: (-14, 98),
}  # fmt: skip
_NOSE_RELIEF = {27: 0, 28: 9, 29: 20, 30: 32, 31: 8, 32: 14, 33: 16, 34: 14, 35: 8}


def schematic_68() -> NDArray[np.float64]:
    """Return (68, 2) points of a frontal face, symmetric about x = 0."""
    points = np.zeros((68, 2))
    for index, (x, y) in _RIGHT_HALF.items():
        points[index] = x, y
        points[IBUG_68.mirror[index]] = -x, y
    return points


def schematic_98() -> NDArray[np.float64]:
    """Return (98, 2) points: those of the 68 where the layouts agree, the others in between."""
    known = schematic_68()
    points = np.zeros((98, 2))
    points[0:33:2] = known[0:17]
    points[1:32:2] = (known[0:16] + known[1:17]) / 2
    points[33:38], points[42:47] = known[17:22], known[22:27]
    points[38:42] = known[[21, 20, 19, 18]] + [(2, 11), (1, 13), (0, 13), (-1, 11)]
    points[51:60] = known[27:36]
    points[[60, 61, 63, 64, 65, 67]] = known[36:42]
    points[62] = (-46.5, -41)
    points[66] = (-46.5, -15)
    points[76:96] = known[48:68]
    points[96] = (-46.5, -28)
    return _mirror_right_half(points, WFLW_98, (*range(33, 42), *range(60, 68), 96))


def _mirror_right_half(
    points: NDArray[np.float64], layout: Layout, indices: tuple[int, ...]
) -> NDArray[np.float64]:
    for index in indices:
        points[layout.mirror[index]] = points[index] * (-1, 1)
    return points


def schematic_depth() -> NDArray[np.float64]:
    """Return (68,) how far each point lies towards the camera, on a rough head."""
    x, y = schematic_68().T
    depth = 75 * np.sqrt(np.clip(1 - (x / 130) ** 2 - ((y - 20) / 190) ** 2, 0, None))
    for index, relief in _NOSE_RELIEF.items():
        depth[index] += relief
    along = np.minimum(np.arange(17), 16 - np.arange(17)) / 8
    depth[:17] = -45 + 105 * np.sin(along * np.pi / 2)
    return depth
