"""The package's own face detector."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import PathInput, check_count, check_positive
from asmnet_sdk.crops import cut_crop, scaling_matrix
from asmnet_sdk.detection.contract import (
    DetectorMetadata,
    check_outputs,
    read_detector_contract,
)
from asmnet_sdk.detection.doubts import (
    DOUBTED_SHARE,
    TURNED_CERTAINTY,
    is_unsure,
    sure_boxes,
    without_refuted,
    without_small_doubts,
)
from asmnet_sdk.detection.lighting import brightened
from asmnet_sdk.detection.protocol import Judge
from asmnet_sdk.detection.scales import (
    Look,
    first_look,
    merge_looks,
)
from asmnet_sdk.detection.suppression import check_thresholds, keep_best
from asmnet_sdk.detection.turning import (
    QUARTERS,
    best_of,
    quarter_turn,
    turned_back,
    turned_picture,
)
from asmnet_sdk.detection.wanted import largest_first, show_limits
from asmnet_sdk.geometry import Matrix, compose, invert, transform_points
from asmnet_sdk.hub.registry import DEFAULT_DETECTOR
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.images.loading import check_rgb
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["AsmnetDetector"]


class AsmnetDetector:
    """Finds faces with a model that obeys the contract of detectors, the largest face first.

    It first looks at the photo shrunk or enlarged so that its long side is
    ``metadata.long_side``, 320 px; longer for panoramas. Where that shows nothing, it looks once
    more closely; where it shows faces so small that there may be smaller ones, up to twice. Each
    time the side is 2.5 times as long: twice that of the photo and 2560 px at most.
    ``min_face_size`` settles how closely instead. Time grows with the square of the side.

    Where that shows no face that is surely upright, it looks at the photo turned by 90, 180 and 270
    degrees, too; large faces that are clearer there have boxes with a ``roll``. Pictures that are
    dark all over are brightened first.

    Within ``FaceAligner`` the landmark network is the judge of what is doubted: boxes that score
    somewhat less than the threshold, and which way up a face is.

    Args:
        path: The model file; None is the one in the package.
        min_face_size: Longer side of the smallest face box wanted, in pixels of the photo; smaller
            boxes are dropped. One closer look is as large as they need. None leaves it to what the
            first look shows.
        max_faces: Only so many of the largest faces are returned; None is all.
        score_threshold: Boxes that score less are dropped, in [0, 1]; None takes the model's own,
            below which a judge may still find faces.
        overlap_threshold: Of two boxes with a larger IoU only the better one stays.
        threads: Threads of one run; None leaves the choice to onnxruntime.

    Raises:
        ModelFileError: The file does not fit the contract.
        InvalidInputError: A number is out of its range.
    """

    def __init__(
        self,
        path: PathInput | None = None,
        *,
        min_face_size: float | None = None,
        max_faces: int | None = None,
        score_threshold: float | None = None,
        overlap_threshold: float = 0.4,
        threads: int | None = None,
    ) -> None:
        check_positive("min_face_size", min_face_size)
        check_count("max_faces", max_faces)
        check_thresholds(
            score_threshold=0.0 if score_threshold is None else score_threshold,
            overlap_threshold=overlap_threshold,
        )
        self.min_face_size = min_face_size
        self.max_faces = max_faces
        self.overlap_threshold = overlap_threshold
        if path is None:
            path = resolve_model(DEFAULT_DETECTOR)
        self._session = OnnxSession(path, device="cpu", threads=threads, keeps_memory=False)
        self.metadata: DetectorMetadata = read_detector_contract(self._session)
        share = DOUBTED_SHARE if score_threshold is None else 1.0
        if score_threshold is None:
            score_threshold = self.metadata.score_threshold
        self.score_threshold = score_threshold
        self._doubted_from = share * score_threshold

    def __repr__(self) -> str:
        return show_limits(self)

    def detect(self, image: NDArray[np.uint8], *, judge: Judge | None = None) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image, the largest first.

        Args:
            image: The image; it stays as it is.
            judge: Decides which boxes that score too little are faces all the same, which way up
                the face of a photo is, and so whether to look at it turned.

        Raises:
            InvalidImageError: It is no such image.
        """
        check_rgb(image)
        size_wh = (image.shape[1], image.shape[0])
        first = first_look(self.metadata.long_side, self.metadata.smallest_face, size_wh)
        boxes = self._look_upright(image, first, judge)
        if is_unsure(boxes, judge):
            turned = self._look_turned(image, first, judge)
            boxes = best_of(boxes, turned, judge)
        return largest_first(boxes, min_face_size=self.min_face_size, max_faces=self.max_faces)

    def close(self) -> None:
        """Free the model's memory; ``detect`` afterwards raises ``ModelError``."""
        self._session.close()

    def _look_upright(
        self, image: NDArray[np.uint8], look: Look, judge: Judge | None
    ) -> list[BoundingBox]:
        """Look once, and more closely where that helps."""
        boxes = self._see(image, look, judge)
        while closer := self._closer(look, boxes):
            boxes = merge_looks(
                boxes,
                self._see(image, closer, judge),
                well_seen=look.well_seen,
                overlap_threshold=self.overlap_threshold,
            )
            look = closer
        return boxes

    def _see(self, image: NDArray[np.uint8], look: Look, judge: Judge | None) -> list[BoundingBox]:
        """Return what a look shows, without what the judge refutes or a closer look will show."""
        seen = self._boxes(image, look.side, judge)
        sure = sure_boxes(seen, self.score_threshold)
        if sure and self._closer(look, sure):
            seen = without_small_doubts(
                seen, threshold=self.score_threshold, well_seen=look.well_seen
            )
        return without_refuted(seen, judge, threshold=self.score_threshold)

    def _closer(self, look: Look, boxes: list[BoundingBox]) -> Look | None:
        return look.closer(boxes, min_face_size=self.min_face_size)

    def _look_turned(
        self, image: NDArray[np.uint8], look: Look, judge: Judge | None
    ) -> list[BoundingBox]:
        """Find large faces that lie on their side or upside down."""
        boxes = [
            turned_back(box, quarters)
            for quarters in QUARTERS
            for box in self._boxes(image, look.side, judge, quarters)
            if box.longer_side >= look.well_seen
        ]
        return without_refuted(boxes, judge, threshold=math.inf, certainty=TURNED_CERTAINTY)

    def _boxes(
        self, image: NDArray[np.uint8], side: float, judge: Judge | None, quarters: int = 0
    ) -> list[BoundingBox]:
        """Run the network; where there is a judge, return the boxes that are worth its look, too.

        Args:
            image: (H, W, 3) uint8 RGB.
            side: Of the picture that the network gets, in pixels.
            judge: As for ``detect``.
            quarters: Quarter turns, clockwise, by which the network sees the photo turned.
        """
        threshold = self.score_threshold if judge is None else self._doubted_from
        matrix = scaling_matrix(side / max(image.shape[:2]))
        picture = brightened(self._input_picture(image, matrix))
        turn = quarter_turn(picture.shape[1], picture.shape[0], quarters)
        outputs = self._session.run({"image": turned_picture(picture, quarters)[np.newaxis]})
        check_outputs(outputs, score_threshold=threshold, path=self._session.path)
        kept = keep_best(
            outputs["boxes"],
            outputs["scores"],
            score_threshold=threshold,
            overlap_threshold=self.overlap_threshold,
        )
        corners = outputs["boxes"][kept].reshape(-1, 2)
        opposite = transform_points(invert(compose(turn, matrix)), corners).reshape(-1, 2, 2)
        rows = np.hstack([opposite.min(axis=1), opposite.max(axis=1)]).tolist()
        scores = outputs["scores"][kept].tolist()
        rolls = outputs["rolls"][kept].tolist() if "rolls" in outputs else [None] * len(scores)
        return [
            BoundingBox(*row, score=score, roll=roll)
            for row, score, roll in zip(rows, scores, rolls, strict=True)
        ]

    def _input_picture(self, image: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
        """Resize a photo; black at the right and below fills up to whole strides."""
        stride = self.metadata.stride
        sides = np.array(image.shape[1::-1]) * matrix[0, 0]
        width, height = (np.ceil(np.maximum(sides - 0.01, 1) / stride) * stride).astype(int)
        return cut_crop(image, matrix, (int(width), int(height)))
