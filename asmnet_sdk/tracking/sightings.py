"""Faces as the aligner sees them in one frame, each with the tight box around its landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.boxes import check_box_against_image
from asmnet_sdk.errors import InvalidBoundingBoxError
from asmnet_sdk.results import BoundingBox, Face

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.landmarks.face_crop import FaceCrop

__all__ = ["Sighting", "align_crops", "cut_crops", "look_at"]

_Key = TypeVar("_Key")

# Two faces whose boxes overlap more than this are one face.
_SAME_FACE_OVERLAP = 0.4


@dataclass(frozen=True, eq=False, slots=True)
class Sighting:
    """A face in one frame, and the tight box around its landmarks."""

    face: Face
    box: BoundingBox

    def scores(self, least: float) -> bool:
        """Tell whether the face score is so large; a model without scores leaves it open."""
        return self.face.score is None or self.face.score >= least

    def is_same_face(self, other: Sighting) -> bool:
        """Tell whether two faces of one frame lie so close that they are one."""
        return self.box.iou(other.box) > _SAME_FACE_OVERLAP


def _sight(face: Face) -> Sighting | None:
    """Return the face with its box, or None where its landmarks span none or are not finite."""
    try:
        return Sighting(face, BoundingBox.around(face.landmarks))
    except InvalidBoundingBoxError:
        return None


def cut_crops(
    aligner: FaceAligner, image: NDArray[np.uint8], boxes: Mapping[_Key, BoundingBox]
) -> dict[_Key, FaceCrop]:
    """Cut the crops of those boxes that are usable."""
    usable = {key: box for key, box in boxes.items() if _is_usable(box, image)}
    if not usable:
        return {}
    crops = aligner.cut(image, list(usable.values()), color="rgb")
    return dict(zip(usable, crops, strict=True))


def look_at(
    aligner: FaceAligner, image: NDArray[np.uint8], boxes: Sequence[BoundingBox]
) -> dict[int, Sighting]:
    """Return the faces in detected boxes by index, after all the looks that they need."""
    usable = {i: box for i, box in enumerate(boxes) if _is_usable(box, image)}
    faces = aligner.predict(image, list(usable.values()), color="rgb") if usable else []
    sightings = zip(usable, map(_sight, faces), strict=True)
    return {index: seen for index, seen in sightings if seen is not None}


def align_crops(aligner: FaceAligner, crops: Mapping[_Key, FaceCrop]) -> dict[_Key, Sighting]:
    """Return the faces in the crops, as far as they have a place."""
    sightings = map(_sight, aligner.align(list(crops.values())))
    return {key: seen for key, seen in zip(crops, sightings, strict=True) if seen is not None}


def _is_usable(box: BoundingBox, image: NDArray[np.uint8]) -> bool:
    try:
        check_box_against_image(box, image)
    except InvalidBoundingBoxError:
        return False
    return True
