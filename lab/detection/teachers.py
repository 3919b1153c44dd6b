"""Other detectors as teachers: YuNet at any size and tilt, MediaPipe as a second judge."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop, scaling_matrix
from asmnet_sdk.geometry import Matrix, compose, invert, transform_points

__all__ = ["Candidate", "MediaPipeJudge", "YuNetTeacher", "quarter_turn"]

_SIZE = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """What YuNet takes for a face, in the picture it was shown.

    Attributes:
        box: (4,) its own box, from the hair line to the chin.
        five: (5, 2) its five points.
        score: In [0, 1].
    """

    box: NDArray[np.float64]
    five: NDArray[np.float64]
    score: float

    def mapped(self, matrix: Matrix) -> Candidate:
        """Return the candidate in another picture; its box is then the one around the corners."""
        x_min, y_min, x_max, y_max = self.box
        corners = transform_points(
            matrix, [(x_min, y_min), (x_max, y_min), (x_min, y_max), (x_max, y_max)]
        )
        return Candidate(
            box=np.concatenate([corners.min(axis=0), corners.max(axis=0)]),
            five=transform_points(matrix, self.five),
            score=self.score,
        )


def quarter_turn(width: int, height: int, quarters: int) -> tuple[Matrix, tuple[int, int]]:
    """Return the transform that turns a picture clockwise by quarters, and its new size."""
    matrix, size_wh = np.eye(2, 3), (width, height)
    for _ in range(quarters % 4):
        turn = np.array([[0, -1, size_wh[1] - 1], [1, 0, 0]], np.float64)
        matrix, size_wh = compose(turn, matrix), (size_wh[1], size_wh[0])
    return matrix, size_wh


class YuNetTeacher:
    """YuNet at any input size, through OpenCV, with its five points.

    Args:
        path: ``face_detection_yunet_2023mar.onnx``.
        score_threshold: Boxes that score less are dropped.
    """

    def __init__(self, path: Path, *, score_threshold: float = 0.25) -> None:
        self._network = cv2.FaceDetectorYN.create(
            str(path), "", (320, 320), score_threshold, 0.4, 500
        )

    def find(self, picture: NDArray[np.uint8]) -> list[Candidate]:
        """Find faces in an (H, W, 3) uint8 RGB picture as large as it is."""
        self._network.setInputSize(picture.shape[1::-1])
        _, rows = self._network.detect(np.ascontiguousarray(picture[:, :, ::-1]))
        return [] if rows is None else [_candidate(row.astype(float)) for row in rows]

    def find_in_views(
        self, image: NDArray[np.uint8], *, long_side: int, quarters: int = 0
    ) -> list[Candidate]:
        """Find faces in a view of an image, in pixels of the image.

        Args:
            image: (H, W, 3) uint8 RGB.
            long_side: Of the view.
            quarters: Quarter turns, clockwise, by which the view is turned.
        """
        height, width = image.shape[:2]
        turn, (new_width, new_height) = quarter_turn(width, height, quarters)
        scale = long_side / max(width, height)
        scaling = scaling_matrix(scale)
        matrix = compose(scaling, turn)
        size_wh = (max(32, round(new_width * scale)), max(32, round(new_height * scale)))
        back = invert(matrix)
        return [found.mapped(back) for found in self.find(cut_crop(image, matrix, size_wh))]


def _candidate(row: NDArray[np.float64]) -> Candidate:
    # Its coordinates count from the edge of the first pixel, ours from that pixel's centre.
    x, y, width, height = row[:4]
    box = np.array([x, y, x + width, y + height]) - 0.5
    return Candidate(box=box, five=row[4:14].reshape(5, 2) - 0.5, score=float(row[14]))


class MediaPipeJudge:
    """MediaPipe's short-range face detector on the upright crop of one face.

    Args:
        path: ``face_landmarker.task``, which holds it.
    """

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as bundle:
            content = bundle.read("face_detector.tflite")
        self._network = Interpreter(model_content=content, num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        outputs = {entry["name"]: entry["index"] for entry in self._network.get_output_details()}
        self._scores = outputs["classificators"]

    def score(self, crop: NDArray[np.uint8]) -> float:
        """Return the best score of a square (S, S, 3) uint8 RGB crop."""
        small = cv2.resize(crop, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
        self._network.set_tensor(self._input, (small[np.newaxis] / 127.5 - 1).astype(np.float32))
        self._network.invoke()
        logits = self._network.get_tensor(self._scores)
        return float(1 / (1 + np.exp(-np.clip(logits.max(), -80, 80))))
