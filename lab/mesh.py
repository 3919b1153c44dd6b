"""MediaPipe's face mesh (Face Landmarker V2), a teacher: 478 points with depth, at a given box.

Needs ``ai-edge-litert`` and the file ``face_landmarker.task``.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.geometry import invert, scale_of, transform_points
from asmnet_sdk.results import BoundingBox

__all__ = ["FaceMesh", "MeshTeacher"]

_CROP_SCALE = 1.5
_SIZE = 256


@dataclass(frozen=True, slots=True, eq=False)
class FaceMesh:
    """The mesh of one face.

    Attributes:
        points: (478, 3) image pixels: x right, y down, z towards the scene, in the same unit.
        presence: Probability that the crop shows a face, in [0, 1].
    """

    points: NDArray[np.float64]
    presence: float


class MeshTeacher:
    """Runs the mesh network of a ``face_landmarker.task`` file."""

    def __init__(self, task_file: Path) -> None:
        with zipfile.ZipFile(task_file) as task:
            content = task.read("face_landmarks_detector.tflite")
        self._network = Interpreter(model_content=content, num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        outputs = self._network.get_output_details()
        by_size = {int(np.prod(output["shape"])): output["index"] for output in outputs}
        self._points = by_size[478 * 3]
        self._presence = outputs[1]["index"]

    def predict(
        self, image: NDArray[np.uint8], box: BoundingBox, *, clockwise_degrees: float = 0.0
    ) -> FaceMesh:
        """Return the mesh of the face in a box of an (H, W, 3) RGB image, turned upright first."""
        matrix = crop_matrix(
            box, crop_scale=_CROP_SCALE, size=_SIZE, clockwise_degrees=clockwise_degrees
        )
        crop = cut_crop(image, matrix, (_SIZE, _SIZE))
        self._network.set_tensor(self._input, crop[None].astype(np.float32) / 255)
        self._network.invoke()
        points = self._network.get_tensor(self._points).reshape(478, 3).astype(np.float64)
        logit = float(self._network.get_tensor(self._presence).ravel()[0])
        flat = transform_points(invert(matrix), points[:, :2] - 0.5)
        depth = points[:, 2:] / scale_of(matrix)
        return FaceMesh(np.hstack([flat, depth]), float(1 / (1 + np.exp(-np.clip(logit, -50, 50)))))
