"""MediaPipe's short-range face detector, run by LiteRT: the whole photo in 128 x 128 px."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, load_image
from asmnet_sdk.crops import cut_crop
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection.suppression import keep_best
from asmnet_sdk.geometry import intersection_over_union, invert, transform_points

__all__ = ["MediaPipeDetector"]

_SIZE = 128
_SCORE, _OVERLAP = 0.5, 0.3


class MediaPipeDetector:
    """Gives face boxes: its own box, moved by the medians over some annotated faces.

    Args:
        path: ``face_landmarker.task``, which holds the network.
        training: Annotated faces that are measured nowhere.
    """

    def __init__(self, path: Path, training: Iterable[AnnotatedFace]) -> None:
        with zipfile.ZipFile(path) as bundle:
            content = bundle.read("face_detector.tflite")
        self._network = Interpreter(model_content=content, num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        self._outputs = {
            entry["name"]: entry["index"] for entry in self._network.get_output_details()
        }
        self._shift = np.zeros(4)
        self._shift = self._median_shift(training)

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image."""
        scale = _SIZE / max(image.shape[:2])
        shift = (_SIZE - scale * np.array(image.shape[1::-1])) / 2 + (scale - 1) / 2
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        boxes, scores = self._run(cut_crop(image, matrix, (_SIZE, _SIZE)))
        kept = keep_best(boxes, scores, score_threshold=_SCORE, overlap_threshold=_OVERLAP)
        corners = transform_points(invert(matrix), boxes[kept].reshape(-1, 2)).reshape(-1, 4)
        sizes = np.tile(corners[:, 2:] - corners[:, :2], 2)
        rows = (corners + self._shift * sizes).tolist()
        return [
            BoundingBox(*row, score=score)
            for row, score in zip(rows, scores[kept].tolist(), strict=True)
        ]

    def _run(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self._network.set_tensor(self._input, (picture[np.newaxis] / 127.5 - 1).astype(np.float32))
        self._network.invoke()
        raw = self._network.get_tensor(self._outputs["regressors"])[0]
        logits = self._network.get_tensor(self._outputs["classificators"])[0, :, 0]
        center = raw[:, :2] + _anchors() - 0.5
        half = raw[:, 2:4] / 2
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        return np.hstack([center - half, center + half]).astype(np.float32), scores

    def _median_shift(self, training: Iterable[AnnotatedFace]) -> NDArray[np.float64]:
        shifts = []
        for face in training:
            truth = np.array(list(BoundingBox.around(face.landmarks)))
            found = np.array([list(box) for box in self.detect(load_image(face.photo))])
            overlaps = intersection_over_union(truth, found)[0]
            if overlaps.max(initial=0) > 0.4:
                box = found[overlaps.argmax()]
                shifts.append((truth - box) / np.tile(box[2:] - box[:2], 2))
        median: NDArray[np.float64] = np.median(shifts, axis=0)
        return median


def _anchors() -> NDArray[np.float32]:
    """Return the (896, 2) middles of the anchors: 2 a cell of 8 px, then 6 a cell of 16 px."""
    middles = []
    for stride, count in ((8, 2), (16, 6)):
        side = np.arange(_SIZE // stride) * stride + stride / 2
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        middles.append(np.repeat(grid, count, axis=0))
    return np.concatenate(middles).astype(np.float32)
