"""The package's own face detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop
from asmnet_sdk.detection.contract import (
    DetectorMetadata,
    check_outputs,
    read_detector_contract,
)
from asmnet_sdk.detection.suppression import check_positive, check_thresholds, keep_best
from asmnet_sdk.geometry import Matrix, invert, transform_points
from asmnet_sdk.hub.registry import DEFAULT_DETECTOR
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["LARGEST_INPUT_SIDE", "AsmnetDetector"]

LARGEST_INPUT_SIDE = 2560
"""Photos are shrunk to this long side at least, however small the wanted faces are."""


class AsmnetDetector:
    """Finds faces with a model that obeys the contract of detectors, the largest face first.

    The photo is shrunk or enlarged so that its long side is ``metadata.long_side``, 320 px: faces
    below about 1/18 of the long side are then often missed. ``min_face_size`` enlarges the input
    just as far as such faces need, in one pass; time grows with the square of the long side.

    Args:
        path: The model file; None is the one in the package.
        min_face_size: Longer side of the smallest face box wanted, in pixels of the photo; smaller
            boxes are dropped. None takes what the default input shows.
        max_faces: Only so many of the largest faces are returned; None is all.
        score_threshold: Boxes that score less are dropped, in [0, 1]; None takes the model's own.
        overlap_threshold: Of two boxes with a larger IoU only the better one stays.
        threads: Threads of one run; None leaves the choice to onnxruntime.

    Raises:
        ModelFileError: The file does not fit the contract.
        InvalidInputError: A number is out of its range.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        min_face_size: float | None = None,
        max_faces: int | None = None,
        score_threshold: float | None = None,
        overlap_threshold: float = 0.4,
        threads: int | None = None,
    ) -> None:
        check_positive({"min_face_size": min_face_size, "max_faces": max_faces})
        check_thresholds(
            score_threshold=0.0 if score_threshold is None else score_threshold,
            overlap_threshold=overlap_threshold,
        )
        self.min_face_size = min_face_size
        self.max_faces = max_faces
        self.overlap_threshold = overlap_threshold
        if path is None:
            path = resolve_model(DEFAULT_DETECTOR)
        self._session = OnnxSession(path, device="cpu", threads=threads)
        self.metadata: DetectorMetadata = read_detector_contract(self._session)
        if score_threshold is None:
            score_threshold = self.metadata.score_threshold
        self.score_threshold = score_threshold

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image, the largest first."""
        height, width = image.shape[:2]
        matrix = self._input_matrix(width, height)
        outputs = self._session.run({"image": self._input_picture(image, matrix)[np.newaxis]})
        check_outputs(outputs, score_threshold=self.score_threshold, path=self._session.path)
        kept = keep_best(
            outputs["boxes"],
            outputs["scores"],
            score_threshold=self.score_threshold,
            overlap_threshold=self.overlap_threshold,
        )
        corners = outputs["boxes"][kept].reshape(-1, 2)
        rows = transform_points(invert(matrix), corners).reshape(-1, 4).tolist()
        scores = outputs["scores"][kept].tolist()
        rolls = outputs["rolls"][kept].tolist() if "rolls" in outputs else [None] * len(scores)
        return self._select(
            [
                BoundingBox(*row, score=score, roll=roll)
                for row, score, roll in zip(rows, scores, rolls, strict=True)
            ]
        )

    def close(self) -> None:
        """Free the model's memory; ``detect`` afterwards raises ``ModelError``."""
        self._session.close()

    def _input_matrix(self, width: int, height: int) -> Matrix:
        """Return the (2, 3) transform from photo pixels to pixels of the network's input."""
        scale = self.input_side(width, height) / max(width, height)
        return np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])

    def input_side(self, width: int, height: int) -> float:
        """Return the long side that a photo of this size has in the network's input."""
        side = float(self.metadata.long_side)
        if self.min_face_size is not None:
            needed = self.metadata.smallest_face / self.min_face_size * max(width, height)
            side = max(side, min(needed, LARGEST_INPUT_SIDE))
        return side

    def _input_picture(self, image: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
        """Resize a photo; black at the right and below fills up to whole strides."""
        stride = self.metadata.stride
        sides = np.array(image.shape[1::-1]) * matrix[0, 0]
        width, height = (np.ceil(np.maximum(sides - 0.01, 1) / stride) * stride).astype(int)
        return cut_crop(image, matrix, (int(width), int(height)))

    def _select(self, boxes: list[BoundingBox]) -> list[BoundingBox]:
        smallest = self.min_face_size or 0
        wanted = [box for box in boxes if max(box.width, box.height) >= smallest]
        return sorted(wanted, key=lambda box: box.area, reverse=True)[: self.max_faces]
