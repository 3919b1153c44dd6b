"""YuNet, run through onnxruntime."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import PathInput, check_count, check_positive
from asmnet_sdk.crops import cut_crop, scaling_matrix
from asmnet_sdk.detection.suppression import check_thresholds, keep_best
from asmnet_sdk.detection.wanted import largest_first, show_limits
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.geometry import invert, transform_points
from asmnet_sdk.images.loading import check_rgb
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.contracts import check_values
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["YuNetDetector"]

_STRIDES = (8, 16, 32)
_COLUMNS = {"cls": 1, "obj": 1, "bbox": 4}  # of each cell
_LARGEST_LOG = 10  # of a box's side in strides, which no real box comes near


class YuNetDetector:
    """YuNet (Wu et al., 2023; ``face_detection_yunet_2023mar.onnx``), the largest face first.

    Its own box reaches from the hair line to the chin; the face box is that box with the top edge
    moved down by 24.5 % of its height, the median over the 300-W training photos.

    Args:
        path: The model file.
        min_face_size: Longer side of the smallest face box wanted, in pixels of the photo; smaller
            boxes are dropped. None is no limit.
        max_faces: Only so many of the largest faces are returned; None is all.
        score_threshold: Boxes that score less are dropped, in [0, 1]; None is 0.6.
        overlap_threshold: Of two boxes with a larger IoU only the better one stays.
        threads: Threads of one run; None leaves the choice to onnxruntime.

    Raises:
        ModelFileError: The file is not YuNet.
        InvalidInputError: A number is out of its range.
    """

    _SIZE = 640
    _TOP_SHIFT = 0.245

    def __init__(
        self,
        path: PathInput,
        *,
        min_face_size: float | None = None,
        max_faces: int | None = None,
        score_threshold: float | None = None,
        overlap_threshold: float = 0.3,
        threads: int | None = None,
    ) -> None:
        score_threshold = 0.6 if score_threshold is None else score_threshold
        check_thresholds(score_threshold=score_threshold, overlap_threshold=overlap_threshold)
        check_positive("min_face_size", min_face_size)
        check_count("max_faces", max_faces)
        self.min_face_size = min_face_size
        self.max_faces = max_faces
        self.score_threshold = score_threshold
        self.overlap_threshold = overlap_threshold
        self._session = OnnxSession(path, device="cpu", threads=threads)
        _check_contract(self._session)

    def __repr__(self) -> str:
        return show_limits(self)

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image, the largest first.

        The image is shrunk or enlarged to fit 640 x 640 px; faces below about 10 px there are
        not found.

        Raises:
            InvalidImageError: It is no such image.
        """
        check_rgb(image)
        scale = self._SIZE / max(image.shape[:2])
        matrix = scaling_matrix(scale)
        canvas = cut_crop(image, matrix, (self._SIZE, self._SIZE))
        tensor = canvas[:, :, ::-1].transpose(2, 0, 1)[np.newaxis].astype(np.float32)
        rows = self._decode(self._session.run({"input": tensor}))
        corners = transform_points(invert(matrix), rows[:, :4].reshape(-1, 2)).reshape(-1, 4)
        boxes = [self._face_box(*row) for row in zip(corners, rows[:, 4], strict=True)]
        return largest_first(boxes, min_face_size=self.min_face_size, max_faces=self.max_faces)

    def close(self) -> None:
        """Free the model's memory; ``detect`` afterwards raises ``ModelError``."""
        self._session.close()

    def _decode(self, outputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return (N, 5): corners in pixels of the canvas and score, after suppression."""
        levels = [self._decode_level(outputs, stride) for stride in _STRIDES]
        rows = np.concatenate(levels)
        kept = keep_best(
            rows[:, :4],
            rows[:, 4],
            score_threshold=self.score_threshold,
            overlap_threshold=self.overlap_threshold,
        )
        return rows[kept]

    def _decode_level(
        self, outputs: dict[str, NDArray[np.float32]], stride: int
    ) -> NDArray[np.float32]:
        """Return (cells, 5): x_min, y_min, x_max, y_max, score of one stride."""
        side = self._SIZE // stride
        for kind, columns in _COLUMNS.items():
            name = f"{kind}_{stride}"
            check_values(self._session.path, name, outputs[name], (1, side * side, columns))
        classes, objects, offsets = (outputs[f"{kind}_{stride}"][0] for kind in _COLUMNS)
        score = np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1))
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
        # The network's coordinates count from the edge of the first pixel, ours from its centre.
        center = (grid + offsets[:, :2]) * stride - 0.5
        half = np.exp(np.clip(offsets[:, 2:], -_LARGEST_LOG, _LARGEST_LOG)) * stride / 2
        return np.column_stack([center - half, center + half, score]).astype(np.float32)

    def _face_box(self, corners: NDArray[np.float64], score: float) -> BoundingBox:
        x_min, y_min, x_max, y_max = corners.tolist()
        top = y_min + self._TOP_SHIFT * (y_max - y_min)
        return BoundingBox(x_min, top, x_max, y_max, score=float(score))


def _check_contract(session: OnnxSession) -> None:
    outputs = {f"{kind}_{stride}" for kind in _COLUMNS for stride in _STRIDES}
    missing = sorted({"input"} - session.inputs.keys() | outputs - session.outputs.keys())
    if missing:
        raise ModelFileError(f"{session.path} is not YuNet: tensor {missing[0]!r} is missing")
