"""What a face detector is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.results import BoundingBox

__all__ = ["DetectorInput", "FaceDetector", "Judge"]


@runtime_checkable
class FaceDetector(Protocol):
    """Anything that finds faces in an image."""

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        """Find the faces in an image.

        Args:
            image: (H, W, 3) uint8 RGB; it may be the caller's own array, so it is to stay as it
                is.

        Returns:
            Face boxes in image pixels, tight around the landmarks: eyebrows to chin, ear to ear,
            without forehead and hair. Where their ``roll`` is known, faces may be turned by any
            angle.
        """
        ...


DetectorInput: TypeAlias = str | FaceDetector | Callable[[NDArray[np.uint8]], object]
"""A detector's name, a detector, or a function that finds the faces in an image."""

Judge: TypeAlias = Callable[[Sequence[BoundingBox]], Sequence[float]]
"""Looks closely at boxes of one image and says of each how sure it is, from 0 to 1, that a face is
there, turned as the box's ``roll`` says."""
