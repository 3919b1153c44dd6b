"""The crop of one face: its pixels, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import Matrix, compose
from asmnet_sdk.results import BoundingBox

__all__ = ["FaceCrop"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceCrop:
    """What the network is to look at: one face, cut out by ``FaceAligner.cut``."""

    pixels: NDArray[np.uint8]
    """(S, S, 3) uint8 RGB, S being the network's input size."""
    matrix: Matrix
    """(2, 3) float64, image pixels -> crop pixels."""
    clockwise_degrees: float
    """How far the face is turned in the image; the crop was turned back by as much."""
    box: BoundingBox
    """The box that the face will carry."""
    is_mirrored: bool = False
    """Whether the pixels are those of a mirror image."""
    photo_wh: tuple[int, int] | None = None
    """Width and height of the image in pixels: what lies outside cannot be seen. None: unknown."""

    def __repr__(self) -> str:
        side = len(self.pixels)
        turn = f"turned back by {self.clockwise_degrees:+.1f} degrees"
        return f"FaceCrop({side} x {side} px, {self.box!r}, {turn})"

    def turned(self, quarters: int) -> FaceCrop:
        """Return the crop of a face turned clockwise by so many quarter turns more."""
        last = len(self.pixels) - 1
        turn, matrix = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, last]]), self.matrix
        for _ in range(quarters):
            matrix = compose(turn, matrix)
        return replace(
            self,
            pixels=np.rot90(self.pixels, quarters),
            matrix=matrix,
            clockwise_degrees=self.clockwise_degrees + 90 * quarters,
        )

    def mirrored(self) -> FaceCrop:
        """Return the crop as a mirror shows it; the face that is seen there stays what it is."""
        last = len(self.pixels) - 1
        return replace(
            self,
            pixels=cv2.flip(self.pixels, 1),  # type: ignore[arg-type]
            matrix=compose([[-1, 0, last], [0, 1, 0]], self.matrix),
            is_mirrored=not self.is_mirrored,
        )

    def seen_in_photo(
        self, landmarks: NDArray[np.float32], visible: NDArray[np.float32] | None
    ) -> NDArray[np.float32] | None:
        """Return the (K,) visibility of (K, 2) landmarks, 0 for those outside the photo."""
        if visible is None or self.photo_wh is None:
            return visible
        is_inside = (landmarks >= -0.5) & (landmarks <= np.subtract(self.photo_wh, 0.5))
        return visible if is_inside.all() else visible * is_inside.all(axis=1)
