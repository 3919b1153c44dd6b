"""Photos in which every face is a white rectangle whose outline the landmarks trace."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.detection.photos import DetectionPhoto

POINTS = 68


def framed_photo(
    size_wh: tuple[int, int],
    boxes: list[tuple[int, int, int, int]],
    doubtful: list[tuple[int, int, int, int]] | None = None,
) -> DetectionPhoto:
    """Return a black photo with white boxes (first and last white pixel in x and y)."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for x_min, y_min, x_max, y_max in boxes:
        image[y_min : y_max + 1, x_min : x_max + 1] = 255
    levels = [image]
    while min(levels[-1].shape[:2]) >= 32:
        height, width = (side // 2 for side in levels[-1].shape[:2])
        cut = levels[-1][: 2 * height, : 2 * width].astype(np.float32)
        levels.append(cut.reshape(height, 2, width, 2, 3).mean(axis=(1, 3)).astype(np.uint8))
    return DetectionPhoto(
        levels=levels,
        faces=[outline(box) for box in boxes],
        rolls=np.zeros(len(boxes), np.float32),
        doubtful=np.array(doubtful or [], np.float32).reshape(-1, 4),
    )


def outline(box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return (68, 2) points on the outer edge of a box of pixels, its corners among them."""
    low = np.array(box[:2], np.float32) - 0.5
    size = np.array(box[2:], np.float32) + 0.5 - low
    along = np.linspace(0, 1, POINTS // 4, dtype=np.float32)
    zero, one = np.zeros_like(along), np.ones_like(along)
    sides = [(along, zero), (one, along), (along, one), (zero, along)]
    return low + size * np.concatenate([np.column_stack(side) for side in sides])


def write_face(
    folder: Path, name: str, size_wh: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    """Write a photo with one white face, and its .pts file."""
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.png"), framed_photo(size_wh, [box]).levels[0])
    points = "".join(f"{x} {y}\n" for x, y in outline(box) + 1)
    (folder / f"{name}.pts").write_text(f"version: 1\nn_points: 68\n{{\n{points}}}\n")
