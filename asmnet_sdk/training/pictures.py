"""Pictures of a run: its curves, and validation faces as the network sees them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox, Face, HeadPose
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["draw_curves", "draw_validation"]

Picture = NDArray[np.uint8]

_COLUMNS = 4
_FACE_SIDE = 256


def draw_curves(records: Sequence[Mapping[str, float]]) -> Picture:
    """Draw every figure of a log over the epochs, a panel each.

    Args:
        records: What the log says of each epoch, at least of one.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = dict.fromkeys(name for record in records for name in record)
    shown = [name for name in names if name not in ("epoch", "seconds")]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.2 * rows), dpi=100, layout="constrained")
    for number, name in enumerate(shown, 1):
        points = [(record["epoch"], record[name]) for record in records if name in record]
        axes = figure.add_subplot(rows, columns, number)
        axes.plot(*zip(*points, strict=True), marker="." if len(points) == 1 else "")
        axes.set_title(f"{name}   last {points[-1][1]:.4g}", fontsize="small")
        axes.grid(alpha=0.3)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, 2::-1].copy()


def draw_validation(
    network: FaceNetwork,
    samples: FaceSamples,
    layout: Layout,
    *,
    size: int,
    crop_scale: float,
    count: int = 8,
) -> Picture:
    """Draw what the network predicts for some faces, spread evenly over the samples.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    chosen = np.unique(np.linspace(0, len(samples) - 1, count).astype(int))
    some = samples.take(chosen)
    crops, _ = upright_crops(some, size=size, crop_scale=crop_scale)
    larger, _ = upright_crops(some, size=_FACE_SIDE, crop_scale=crop_scale)
    predicted = predict_crops(network, crops)
    tiles = []
    for crop, landmarks, angles in zip(
        larger, predicted.landmarks.numpy(), predicted.head_pose.tolist(), strict=True
    ):
        pixels = landmarks * _FACE_SIDE - 0.5
        box = BoundingBox.around(pixels)
        face = Face(landmarks=pixels, head_pose=HeadPose(*angles), box=box, layout=layout)
        tiles.append(draw_faces(crop[:, :, ::-1], [face], boxes=False))
    return _tile(tiles, columns=_COLUMNS)


def _tile(pictures: Sequence[Picture], *, columns: int) -> Picture:
    """Put pictures of one size into rows; cells left over stay white."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet
