"""Pictures of a run: its curves, and validation faces as the network sees them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
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

_PANEL_WH = (420, 220)
_MARGIN = 34
_COLUMNS = 4
_FACE_SIDE = 256
_INK, _LINE = (40, 40, 40), (190, 90, 20)  # BGR


def draw_curves(records: Sequence[Mapping[str, float]]) -> Picture:
    """Draw every figure of a log over the epochs, a panel each.

    Args:
        records: What the log says of each epoch, at least of one.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    names = dict.fromkeys(name for record in records for name in record)
    return _tile(
        [
            _draw_panel(name, np.array([(r["epoch"], r[name]) for r in records if name in r]))
            for name in names
            if name not in ("epoch", "seconds")
        ],
        columns=2,
    )


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


def _draw_panel(name: str, points: NDArray[np.float64]) -> Picture:
    """Draw (N, 2) epochs and values, with the range of both axes."""
    width, height = _PANEL_WH
    panel = np.full((height, width, 3), 255, np.uint8)
    low, high = points.min(axis=0), points.max(axis=0)
    share = (points - low) / np.where(high > low, high - low, 1)
    x = _MARGIN + share[:, 0] * (width - 2 * _MARGIN)
    y = height - _MARGIN - share[:, 1] * (height - 2 * _MARGIN)
    frame = (_MARGIN, _MARGIN), (width - _MARGIN, height - _MARGIN)
    cv2.rectangle(panel, *frame, (215, 215, 215), 1)
    line = np.rint(np.column_stack([x, y]) * 16).astype(np.int32)
    cv2.polylines(panel, [line], False, _LINE, 2, cv2.LINE_AA, shift=4)
    texts = {
        f"{name}   last {points[-1, 1]:.4g}": (_MARGIN, 14),
        f"{high[1]:.4g}": (_MARGIN, _MARGIN - 5),
        f"{low[1]:.4g}": (_MARGIN, height - _MARGIN + 13),
        f"epoch {high[0]:.0f}": (width - _MARGIN - 60, height - _MARGIN + 13),
    }
    for text, place in texts.items():
        cv2.putText(panel, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return panel


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
