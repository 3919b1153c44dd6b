"""In which frame of a video the tracker gives out a face that is there from the first one on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from finding_scenes import overlaps_of
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, FaceAligner, FaceTracker
from asmnet_sdk.crops import cut_crop
from asmnet_sdk.geometry import transform_points
from lab.detection.damages import Picture, Scene

__all__ = ["frames_until_shown"]

_FRAME_WH = (640, 480)
_FRAMES = 10
_LARGER_EACH_FRAME = 0.05
_DRIFT = np.array([-10.0, -5.0])  # pixels a frame
_START = np.array([0.6, 0.55]) * _FRAME_WH
_SAME_FACE = 0.3


def frames_until_shown(aligner: FaceAligner, scenes: Iterable[Scene]) -> NDArray[np.float64]:
    """Return for each scene the frame, from 1 on, that first shows its face; inf: none of 10."""
    return np.array([_frames_until_shown(aligner, scene) for scene in scenes])


def _frames_until_shown(aligner: FaceAligner, scene: Scene) -> float:
    tracker = FaceTracker(aligner)
    for number, (frame, truth) in enumerate(_nearing(scene), start=1):
        boxes = [BoundingBox.around(it.landmarks) for it in tracker.update(frame, color="rgb")]
        if overlaps_of(boxes, truth).max(initial=0) > _SAME_FACE:
            return number
    return np.inf


def _nearing(scene: Scene) -> Iterator[tuple[Picture, BoundingBox]]:
    """Yield frames filled by the photo, whose face comes nearer and drifts, and its box."""
    sides = np.array(scene.picture.shape[1::-1])
    middle = scene.landmarks.mean(axis=0)
    for index in range(_FRAMES):
        scale = (1 + _LARGER_EACH_FRAME * index) * float(np.max(_FRAME_WH / sides))
        beyond = np.maximum(scale * sides - _FRAME_WH, 0)
        corner = np.clip(scale * middle - _START - _DRIFT * index, 0, beyond)
        matrix = np.array([[scale, 0, -corner[0]], [0, scale, -corner[1]]])
        truth = BoundingBox.around(transform_points(matrix, scene.landmarks))
        yield cut_crop(scene.picture, matrix, _FRAME_WH), truth
