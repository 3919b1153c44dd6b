"""The landmark network as the judge of what a detector found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.landmarks.best_looks import certainty_of
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["FirstLooks"]


class FirstLooks:
    """The first looks at boxes of one image; each is taken once, whoever asks for it.

    Args:
        network: Looks at the crops.
        image: (H, W, 3) uint8 RGB.
    """

    def __init__(self, network: LandmarkNetwork, image: NDArray[np.uint8]) -> None:
        self._network = network
        self._image = image
        self._crops: dict[BoundingBox, FaceCrop] = {}
        self.faces: dict[FaceCrop, Face] = {}
        """What the network saw in the crops that it has looked at."""

    def crop(self, box: BoundingBox) -> FaceCrop:
        """Return the crop of a box."""
        if box not in self._crops:
            self._crops[box] = self._network.cut(self._image, box)
        return self._crops[box]

    def judge(self, boxes: Sequence[BoundingBox]) -> list[float]:
        """Return how sure the network is that each box holds a face, turned as its roll says."""
        crops = [self.crop(box) for box in boxes]
        new = [crop for crop in crops if crop not in self.faces]
        self.faces.update(zip(new, self._network.predict(new), strict=True))
        return [max(certainty_of(self.faces[crop], crop), 0.0) for crop in crops]
