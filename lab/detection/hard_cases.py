"""Portraits made harder step by step: what the detector finds, as a picture for its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection import FaceDetector
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.results import BoundingBox
from lab.detection.damages import DAMAGES, Scene

__all__ = ["draw_found_faces"]

_SIDE, _TITLE_HEIGHT, _COLUMNS = 240, 26, 4
_FOUND_OVERLAP = 0.5
_FOUND, _MISSED = (40, 160, 40), (30, 30, 190)  # BGR

Picture = NDArray[np.uint8]


def draw_found_faces(
    detector: FaceDetector, portraits: Sequence[AnnotatedFace], picture: Path
) -> None:
    """Draw each portrait under each damage, the boxes found and their tilt, and save it.

    Args:
        detector: The detector.
        portraits: Photos that may be shown, with landmarks.
        picture: The JPEG file to write.
    """
    panels = [
        _panel(name, damage(portrait), detector)
        for portrait in portraits
        for name, damage in DAMAGES.items()
    ]
    panels += [np.full_like(panels[0], 255)] * (-len(panels) % _COLUMNS)
    rows = [np.hstack(panels[i : i + _COLUMNS]) for i in range(0, len(panels), _COLUMNS)]
    cv2.imwrite(str(picture), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


def _panel(name: str, scene: Scene, detector: FaceDetector) -> Picture:
    boxes = detector.detect(scene.picture)
    truth = list(BoundingBox.around(scene.landmarks))
    overlaps = intersection_over_union([list(box) for box in boxes], truth)
    is_found = overlaps.max(initial=0) >= _FOUND_OVERLAP
    scale = _SIDE / max(scene.picture.shape[:2])
    small = cv2.resize(scene.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    view = np.full((_SIDE, _SIDE, 3), 255, np.uint8)
    view[: small.shape[0], : small.shape[1]] = small[:, :, ::-1]
    for box in boxes:
        _draw_box(view, box, scale)
    title = np.full((_TITLE_HEIGHT, _SIDE, 3), 255, np.uint8)
    colour = _FOUND if is_found else _MISSED
    text = name if is_found else f"{name}: missed"
    cv2.putText(title, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
    return np.vstack([title, view])


def _draw_box(view: Picture, box: BoundingBox, scale: float) -> None:
    """Draw a box, and a stroke from its middle to where the crown of the head is."""
    left, top, right, bottom = (round(scale * edge) for edge in box)
    cv2.rectangle(view, (left, top), (right, bottom), _FOUND, 1, cv2.LINE_AA)
    if box.roll is not None:
        angle = np.radians(box.roll)
        reach = scale * box.longer_side / 2
        middle = scale * np.array(box.center)
        end = middle + reach * np.array([np.sin(angle), -np.cos(angle)])
        begin_xy, end_xy = middle.round().astype(int).tolist(), end.round().astype(int).tolist()
        cv2.line(view, begin_xy, end_xy, _FOUND, 1, cv2.LINE_AA)
