"""The detector that a caller chose, by name or as an object of their own."""

from __future__ import annotations

import os
from functools import partial

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.detection.loading import DETECTORS, NamedDetector, load_detector
from asmnet_sdk.detection.protocol import FaceDetector
from asmnet_sdk.errors import InvalidInputError, ModelDownloadError
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.on_demand import OnDemand

__all__ = ["ChosenDetector"]


class ChosenDetector:
    """Finds faces with the detector that was chosen; a named one is loaded when first needed.

    Args:
        detector: ``"default"``, a key of ``DETECTORS``, or any ``FaceDetector``.
        cache_dir: As for ``FaceAligner``.
        local_files_only: As for ``FaceAligner``.
        threads: As for ``load_detector``.

    Raises:
        InvalidInputError: There is no such detector.
    """

    def __init__(
        self,
        detector: str | FaceDetector,
        *,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        threads: int | None = None,
    ) -> None:
        self._detector: FaceDetector | OnDemand[NamedDetector]
        if isinstance(detector, str):
            load = partial(
                _load,
                _check_name(detector),
                cache_dir=cache_dir,
                local_files_only=local_files_only,
                threads=threads,
            )
            self._detector = OnDemand(load, name="the face detector")
        elif isinstance(detector, FaceDetector):
            self._detector = detector
        else:
            raise _no_detector(detector)

    def find(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        """Find the faces in an (H, W, 3) uint8 RGB image.

        Raises:
            ModelDownloadError: The detector could not be fetched.
            ModelError: It was closed.
        """
        detector = self._detector
        return (detector.get() if isinstance(detector, OnDemand) else detector).detect(image)

    def close(self) -> None:
        """Free the memory of a named detector; it is not loaded again."""
        if isinstance(self._detector, OnDemand):
            detector = self._detector.close()
            if detector is not None:
                detector.close()


def _check_name(name: str) -> str:
    if name not in ("default", *DETECTORS):
        raise _no_detector(name)
    return name


def _no_detector(detector: object) -> InvalidInputError:
    return InvalidInputError(
        f"no detector {detector!r}; needed: 'default', {', '.join(map(repr, DETECTORS))} or an "
        "object with a method detect(image) that returns bounding boxes"
    )


def _load(
    name: str,
    *,
    cache_dir: str | os.PathLike[str] | None,
    local_files_only: bool,
    threads: int | None,
) -> NamedDetector:
    try:
        return load_detector(
            name, cache_dir=cache_dir, local_files_only=local_files_only, threads=threads
        )
    except ModelDownloadError as error:
        raise ModelDownloadError(
            f"no boxes were given and the face detector is not at hand: {error}. Or give boxes, "
            "or a detector of your own"
        ) from error
