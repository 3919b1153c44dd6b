"""The detector that a caller chose, by name or as an object of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.boxes import as_found_boxes
from asmnet_sdk.detection.loading import DETECTORS, NamedDetector, load_detector
from asmnet_sdk.detection.network import AsmnetDetector
from asmnet_sdk.detection.protocol import DetectorInput, FaceDetector, Judge
from asmnet_sdk.detection.wanted import WantedFaces
from asmnet_sdk.errors import (
    InvalidBoundingBoxError,
    InvalidInputError,
    ModelDownloadError,
    ModelError,
)
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.on_demand import OnDemand

__all__ = ["ChosenDetector"]

_ALL_FACES = WantedFaces()


class ChosenDetector:
    """Finds faces with the detector that was chosen; a named one is loaded when first needed.

    Args:
        detector: ``"default"``, a key of ``DETECTORS``, an object with a method ``detect(image)``,
            or a function. What it returns is read by ``as_found_boxes``.
        wanted: Boxes that it has no use for are left out.
        cache_dir: As for ``FaceAligner``.
        local_files_only: As for ``FaceAligner``.
        threads: As for ``load_detector``.

    Raises:
        InvalidInputError: There is no such detector.
    """

    def __init__(
        self,
        detector: DetectorInput,
        *,
        wanted: WantedFaces = _ALL_FACES,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        threads: int | None = None,
    ) -> None:
        _check_detector(detector)
        self._wanted = wanted
        self._own = None if isinstance(detector, str) else detector
        self._named = OnDemand(
            partial(
                _load,
                str(detector),
                wanted=wanted,
                cache_dir=cache_dir,
                local_files_only=local_files_only,
                threads=threads,
            ),
            name="the face detector",
        )

    def find(self, image: NDArray[np.uint8], judge: Judge | None = None) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image.

        Args:
            image: The image.
            judge: Asked by the package's own detector where it is in doubt.

        Raises:
            ModelDownloadError: The detector could not be fetched.
            ModelError: It was closed, or what it gave are no boxes.
        """
        detector = self._named.get() if self._own is None else self._own
        found = _found_by(detector, image, judge)
        try:
            return self._wanted.boxes_to_look_at(as_found_boxes(found, image))
        except InvalidBoundingBoxError as error:
            name = getattr(detector, "__name__", type(detector).__name__)
            raise ModelError(f"the detector {name} gave what are no face boxes: {error}") from error

    def close(self) -> None:
        """Free the memory of a named detector; it is not loaded again."""
        detector = self._named.close()
        if detector is not None:
            detector.close()


def _found_by(
    detector: FaceDetector | Callable[[NDArray[np.uint8]], object],
    image: NDArray[np.uint8],
    judge: Judge | None,
) -> object:
    if isinstance(detector, AsmnetDetector):
        return detector.detect(image, judge=judge)
    return detector.detect(image) if isinstance(detector, FaceDetector) else detector(image)


def _check_detector(detector: object) -> None:
    if isinstance(detector, str):
        is_one = detector in ("default", *DETECTORS)
    else:
        is_one = callable(detector) or isinstance(detector, FaceDetector)
    if not is_one or isinstance(detector, type):
        raise InvalidInputError(
            f"no detector {detector!r}; needed: 'default', {', '.join(map(repr, DETECTORS))}, an "
            "object with a method detect(image) that returns bounding boxes, or such a function"
        )


def _load(
    name: str,
    *,
    wanted: WantedFaces,
    cache_dir: str | os.PathLike[str] | None,
    local_files_only: bool,
    threads: int | None,
) -> NamedDetector:
    try:
        return load_detector(
            name,
            min_face_size=wanted.min_face_size,
            score_threshold=wanted.score_threshold,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            threads=threads,
        )
    except ModelDownloadError as error:
        raise ModelDownloadError(
            f"no boxes were given and the face detector is not at hand: {error}. Or give boxes, "
            "or a detector of your own"
        ) from error
