"""From an image to its faces: a detector or given boxes, crops, the network, further looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.boxes import BoxesInput, as_boxes, check_box_against_image
from asmnet_sdk.detection.choosing import ChosenDetector
from asmnet_sdk.detection.wanted import WantedFaces
from asmnet_sdk.errors import ModelError
from asmnet_sdk.images.loading import ColorOrder, ImageInput, load_image
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.judging import FirstLooks
from asmnet_sdk.landmarks.looks import Passes, look_at_images
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["CutImage", "Pipeline", "PlacesInput"]

PlacesInput: TypeAlias = BoxesInput | Sequence[Face] | None
"""Where the faces are: boxes, faces of an earlier look, or None: the detector finds them."""


@dataclass(frozen=True, slots=True, eq=False)
class CutImage:
    """An image, and the crops of its faces."""

    pixels: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    crops: list[FaceCrop]
    seen: Mapping[FaceCrop, Face]
    """What the network saw in crops that it has looked at before."""
    is_searched: bool
    """Whether the detector found the places of the crops."""


class Pipeline:
    """The parts of a ``FaceAligner``, one after the other; it holds no maths.

    Args:
        network: Looks at crops.
        detector: Finds the faces of an image that comes without boxes.
        wanted: Which of those faces are kept.
        passes: How often the network looks at a face.
    """

    def __init__(
        self,
        network: LandmarkNetwork,
        detector: ChosenDetector,
        *,
        wanted: WantedFaces,
        passes: Passes,
    ) -> None:
        self.network = network
        self._detector = detector
        self._wanted = wanted
        self._passes = passes
        self._is_closed = False

    def close(self) -> None:
        """Free the memory of the models; all other methods raise ``ModelError`` afterwards."""
        self._is_closed = True
        self.network.close()
        self._detector.close()

    def detect(self, image: ImageInput, color: ColorOrder) -> list[BoundingBox]:
        """Return the boxes of the largest faces of an image, as many as are wanted."""
        self._check_open()
        pixels = load_image(image, color=color, copy=False)
        boxes = self._detector.find(pixels, FirstLooks(self.network, pixels).judge)
        return self._wanted.largest_boxes(boxes)

    def cut_whole(self, image: ImageInput, color: ColorOrder) -> CutImage:
        """Make one crop of the whole image."""
        pixels = load_image(image, color=color, copy=False)
        return CutImage(pixels, [self.network.cut_whole(pixels)], {}, is_searched=False)

    def cut(self, image: ImageInput, places: PlacesInput, color: ColorOrder) -> CutImage:
        """Cut the crops of an image, without looking at them.

        Raises:
            InvalidImageError: The image cannot be read.
            InvalidBoundingBoxError: A box is not finite, empty, inverted or outside the image.
            ModelDownloadError: No places were given and the detector could not be fetched.
        """
        self._check_open()
        pixels = load_image(image, color=color, copy=False)
        looks = FirstLooks(self.network, pixels)
        if places is None:
            crops = [looks.crop(box) for box in self._detector.find(pixels, looks.judge)]
        else:
            crops = self._cut_at(pixels, places)
        return CutImage(pixels, crops, looks.faces, is_searched=places is None)

    def align(self, crops: Sequence[FaceCrop]) -> list[Face]:
        """Look once at each crop."""
        self._check_open()
        return self.network.predict(crops)

    def look(self, images: Sequence[CutImage]) -> list[list[Face]]:
        """Look at the crops of several images together, again where that helps.

        Returns:
            The faces of each image; of an image that was searched, those that are wanted.
        """
        self._check_open()
        found = look_at_images(
            self.network,
            [image.pixels for image in images],
            [image.crops for image in images],
            self._passes,
            {crop: face for image in images for crop, face in image.seen.items()},
        )
        return [
            self._wanted.faces(faces) if image.is_searched else faces
            for image, faces in zip(images, found, strict=True)
        ]

    def _cut_at(
        self, image: NDArray[np.uint8], places: BoxesInput | Sequence[Face]
    ) -> list[FaceCrop]:
        if isinstance(places, Sequence) and all(isinstance(place, Face) for place in places):
            faces = cast("Sequence[Face]", places)
            return [self.network.cut_again(image, face) for face in faces]
        boxes = as_boxes(cast("BoxesInput", places))
        for box in boxes:
            check_box_against_image(box, image)
        return [self.network.cut(image, box) for box in boxes]

    def _check_open(self) -> None:
        if self._is_closed:
            raise ModelError("this aligner was closed")
