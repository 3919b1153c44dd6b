"""Which of the faces that a detector finds are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asmnet_sdk.arguments import check_count, check_positive, check_share, require
from asmnet_sdk.geometry import intersection_over_union, roll_in_image, wrap_angle
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["WantedFaces", "largest_first", "show_limits", "ways_up_differ"]

# Two faces whose landmarks' boxes overlap more than this are one face.
_SAME_FACE_OVERLAP = 0.5

# Measured with the package's detector and asmnet-68: of 1,229 faces in frames that pan over photos
# of WFLW and 300-W, the two differ by more than 60 degrees about the way up of none.
_ANOTHER_WAY_UP = 60.0
_SCORE_ANOTHER_WAY_UP = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFaces:
    """Weeds what a detector found, before and after the landmarks are known.

    Raises:
        InvalidInputError: A number is out of its range.
    """

    min_score: float = 0.5
    """Faces whose own score is less are none, and so are those that score less than 0.8 where
    detector and landmark network see different ways up; 0 keeps all."""
    min_face_size: float | None = None
    """Longer side of the smallest face box, in pixels of the photo; None: no limit."""
    max_faces: int | None = None
    """Only so many of the largest faces; None: all."""
    score_threshold: float | None = None
    """Boxes that the detector scores less are dropped; None: its own threshold holds."""

    def __post_init__(self) -> None:
        check_share("min_score", self.min_score)
        require("min_score", self.min_score, self.min_score is not None, "a number from 0 to 1")
        check_share("score_threshold", self.score_threshold)
        check_positive("min_face_size", self.min_face_size)
        check_count("max_faces", self.max_faces)

    def boxes_to_look_at(self, boxes: Sequence[BoundingBox]) -> list[BoundingBox]:
        """Return the boxes that are large and sure enough."""
        smallest, threshold = self.min_face_size or 0, self.score_threshold or 0
        return [
            box
            for box in boxes
            if box.longer_side >= smallest and (box.score is None or box.score >= threshold)
        ]

    def largest_boxes(self, boxes: Sequence[BoundingBox]) -> list[BoundingBox]:
        """Return the largest boxes, as many as are wanted, in their order."""
        return [boxes[index] for index in self._largest(boxes)]

    def faces(self, faces: Sequence[Face]) -> list[Face]:
        """Return what the landmark network takes for a face, each face once, in their order."""
        seen = [face for face in faces if self._is_face(face)]
        once = [seen[index] for index in _without_doubles(seen)]
        return [once[index] for index in self._largest([face.box for face in once])]

    def _is_face(self, face: Face) -> bool:
        least = self.min_score
        if least and ways_up_differ(face):
            least = max(least, _SCORE_ANOTHER_WAY_UP)
        return face.score is None or face.score >= least

    def _largest(self, boxes: Sequence[BoundingBox]) -> list[int]:
        by_size = sorted(range(len(boxes)), key=lambda index: -boxes[index].area)
        return sorted(by_size[: self.max_faces])


def ways_up_differ(face: Face) -> bool:
    """Say whether the detector that found a face and its landmarks see different ways up.

    They do not where the box has no roll: there the detector did not say.
    """
    detected = face.box.roll
    if detected is None:
        return False
    roll = roll_in_image(face.head_pose)
    return abs(wrap_angle(roll - detected)) > _ANOTHER_WAY_UP


def largest_first(
    boxes: Sequence[BoundingBox], *, min_face_size: float | None, max_faces: int | None
) -> list[BoundingBox]:
    """Return the boxes that are large enough, by their area, and only so many of them."""
    smallest = min_face_size or 0
    wanted = [box for box in boxes if box.longer_side >= smallest]
    return sorted(wanted, key=lambda box: box.area, reverse=True)[:max_faces]


def show_limits(detector: object) -> str:
    """Return how a detector of the package prints: its class, and which faces it gives."""
    names = ("min_face_size", "max_faces", "score_threshold")
    limits = ", ".join(f"{name}={getattr(detector, name)}" for name in names)
    return f"{type(detector).__name__}({limits})"


def _without_doubles(faces: Sequence[Face]) -> list[int]:
    """Return the indices of the faces that are left when of two on one place the surer stays."""
    if len(faces) < 2:
        return list(range(len(faces)))
    boxes = [[*f.landmarks.min(axis=0), *f.landmarks.max(axis=0)] for f in faces]
    overlaps = intersection_over_union(boxes, boxes)
    scores = [(face.score or 0.0, face.box.score or 0.0) for face in faces]
    kept: list[int] = []
    for index in sorted(range(len(faces)), key=lambda i: scores[i], reverse=True):
        if not np.any(overlaps[index, kept] > _SAME_FACE_OVERLAP):
            kept.append(index)
    return sorted(kept)
