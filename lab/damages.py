"""What is done to annotated photos to see how a model bears it: covers, cuts, tilt, poor pictures.

Each damage takes a canvas (C, C, 3) uint8 RGB, the (68, 2) landmarks on it and a source of chance,
and returns the damaged canvas and the landmarks on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import transform_points
from asmnet_sdk.results import BoundingBox

__all__ = ["DAMAGES", "Damage"]

Canvas: TypeAlias = NDArray[np.uint8]
Points: TypeAlias = NDArray[np.float32]
Damage: TypeAlias = Callable[[Canvas, Points, np.random.Generator], tuple[Canvas, Points]]


def cut_off_at_a_side(
    canvas: Canvas, points: Points, generator: np.random.Generator
) -> tuple[Canvas, Points]:
    """Black out 30 % of the face's width at the left or right, and all beyond."""
    canvas, box = canvas.copy(), BoundingBox.around(points)
    if generator.random() < 0.5:
        canvas[:, : round(box.x_min + 0.3 * box.width)] = 0
    else:
        canvas[:, round(box.x_max - 0.3 * box.width) :] = 0
    return canvas, points


def lower_half_black(
    canvas: Canvas, points: Points, _generator: np.random.Generator
) -> tuple[Canvas, Points]:
    """Black out all below the middle of the face box."""
    canvas = canvas.copy()
    canvas[round(BoundingBox.around(points).center[1]) :] = 0
    return canvas, points


def painted_mask(
    canvas: Canvas, points: Points, generator: np.random.Generator
) -> tuple[Canvas, Points]:
    """Paint a mask of one colour from the middle of the nose to the jaw."""
    canvas = canvas.copy()
    outline = np.vstack([points[2:15], points[28:29]])
    colour = [(215, 220, 225), (140, 185, 210), (35, 35, 40)][int(generator.integers(3))]
    cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], colour)
    return canvas, points


def dark_glasses(
    canvas: Canvas, points: Points, _generator: np.random.Generator
) -> tuple[Canvas, Points]:
    """Paint nearly black ellipses over both eyes and a bar between them."""
    canvas = canvas.copy()
    centres = [points[36:42].mean(axis=0), points[42:48].mean(axis=0)]
    apart = float(np.linalg.norm(centres[1] - centres[0]))
    across, down = centres[1] - centres[0]
    angle = float(np.degrees(np.arctan2(down, across)))
    axes = (round(0.36 * apart), round(0.26 * apart))
    ends = [np.round(centre).astype(int).tolist() for centre in centres]
    for end in ends:
        cv2.ellipse(canvas, end, axes, angle, 0, 360, (15, 15, 18), -1)
    cv2.line(canvas, ends[0], ends[1], (15, 15, 18), max(round(0.06 * apart), 1))
    return canvas, points


def tilted(canvas: Canvas, points: Points, generator: np.random.Generator) -> tuple[Canvas, Points]:
    """Turn the picture by 30 degrees, one way or the other."""
    turn = float(generator.choice([-30.0, 30.0]))
    middle = (len(canvas) - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), turn, 1.0)
    turned = cv2.warpAffine(canvas, matrix, canvas.shape[1::-1])
    return turned, transform_points(matrix, points).astype(np.float32)  # type: ignore[return-value]


def small(canvas: Canvas, points: Points, _generator: np.random.Generator) -> tuple[Canvas, Points]:
    """Shrink the face to 24 px and enlarge it again."""
    box = BoundingBox.around(points)
    side = max(round(len(canvas) * 24 / box.longer_side), 1)
    reduced = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, canvas.shape[1::-1]), points  # type: ignore[return-value]


def blurred(
    canvas: Canvas, points: Points, _generator: np.random.Generator
) -> tuple[Canvas, Points]:
    """Blur with a standard deviation of 4 % of the face."""
    box = BoundingBox.around(points)
    return cv2.GaussianBlur(canvas, (0, 0), 0.04 * box.longer_side), points  # type: ignore[return-value]


def dark(canvas: Canvas, points: Points, generator: np.random.Generator) -> tuple[Canvas, Points]:
    """Leave a twelfth of the light, and the noise that a camera adds."""
    noise = generator.normal(0, 3, size=canvas.shape)
    return np.clip(canvas / 12 + noise, 0, 255).astype(np.uint8), points


def jpeg(canvas: Canvas, points: Points, _generator: np.random.Generator) -> tuple[Canvas, Points]:
    """Compress as JPEG of quality 10."""
    _, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 10])
    return cv2.imdecode(data, cv2.IMREAD_COLOR), points  # type: ignore[return-value]


DAMAGES: Mapping[str, Damage] = MappingProxyType(
    {
        "30 % cut off at a side": cut_off_at_a_side,
        "lower half black": lower_half_black,
        "painted mask": painted_mask,
        "dark glasses": dark_glasses,
        "tilted by 30 degrees": tilted,
        "24 px": small,
        "blurred (4 %)": blurred,
        "a twelfth of the light": dark,
        "JPEG quality 10": jpeg,
    }
)
"""Name -> damage. Faces are upright and the box stays that of all landmarks."""
