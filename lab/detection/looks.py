"""A closer look at what may be a face: upright, through YuNet, MediaPipe and our landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.geometry import (
    Matrix,
    intersection_over_union,
    invert,
    transform_points,
    wrap_angle,
)
from asmnet_sdk.results import BoundingBox
from lab.detection.teachers import Candidate, MediaPipeJudge, YuNetTeacher
from lab.detection.tilt import INNER, HeadModel

__all__ = ["CROP_SCALE", "CROP_SIZE", "Look", "Looker", "best_candidates"]

CROP_SIZE = 256
CROP_SCALE = 2.4
_LEAST_OVERLAP = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What three networks say of one place; coordinates are those of the upright crop.

    Attributes:
        to_photo: (2, 3), crop pixels -> photo pixels.
        turn: By how many degrees the place is turned clockwise in the photo.
        first_score: YuNet's score in the view that found the place; 1 for an annotated face.
        yunet: What YuNet finds in the crop; None where nothing.
        mediapipe: MediaPipe's score.
        landmarks: (68, 2) float32 of our landmark model.
        face_score: Its face score.
        sigma: Mean of its standard deviations, in shares of the longer side of the box around
            the landmarks.
        yaw: Its yaw, degrees.
    """

    to_photo: Matrix
    turn: float
    first_score: float
    yunet: Candidate | None
    mediapipe: float
    landmarks: NDArray[np.float32]
    face_score: float
    sigma: float
    yaw: float


class Looker:
    """Looks closer with all three networks.

    Args:
        yunet: The first teacher.
        mediapipe: The second judge.
        aligner: Our landmark model.
        head: Gives the tilt.
    """

    def __init__(
        self, yunet: YuNetTeacher, mediapipe: MediaPipeJudge, aligner: FaceAligner, head: HeadModel
    ) -> None:
        self.yunet, self.mediapipe, self.aligner, self.head = yunet, mediapipe, aligner, head

    @classmethod
    def from_files(cls, yunet: Path, mediapipe: Path, head: Path) -> Looker:
        """Load the networks, each on one thread."""
        aligner = FaceAligner(device="cpu", threads=1, passes=2)
        return cls(YuNetTeacher(yunet), MediaPipeJudge(mediapipe), aligner, HeadModel(head))

    def look_at_candidate(self, image: NDArray[np.uint8], candidate: Candidate) -> Look:
        """Look at what YuNet found in a view of the (H, W, 3) uint8 RGB image."""
        turn = self.head.roll_of(candidate.five, self.head.five)
        return self.look(image, _face_box(candidate.box), turn, candidate.score)

    def look(
        self, image: NDArray[np.uint8], box: BoundingBox, turn: float, first_score: float
    ) -> Look:
        """Look at a place of the image, turned upright."""
        matrix = crop_matrix(box, crop_scale=CROP_SCALE, size=CROP_SIZE, clockwise_degrees=turn)
        crop = cut_crop(image, matrix, (CROP_SIZE, CROP_SIZE))
        middle = _middle_box()
        yunet = _matching(self.yunet.find(crop), middle)
        face_box = middle if yunet is None else _face_box(yunet.box)
        face = self.aligner.predict(crop, face_box, color="rgb")[0]
        placed = BoundingBox.around(face.landmarks)
        sigma = face.landmark_sigma
        return Look(
            to_photo=invert(matrix),
            turn=turn,
            first_score=first_score,
            yunet=yunet,
            mediapipe=self.mediapipe.score(crop),
            landmarks=face.landmarks,
            face_score=1.0 if face.score is None else face.score,
            sigma=0.0 if sigma is None else float(sigma.mean() / placed.longer_side),
            yaw=face.head_pose.yaw,
        )

    def roll_of_landmarks(self, look: Look) -> float:
        """Return the tilt in the photo that the landmarks show, degrees."""
        in_photo = transform_points(look.to_photo, look.landmarks)
        return self.head.roll_of(in_photo[INNER], self.head.inner)


def best_candidates(candidates: Sequence[Candidate], head: HeadModel) -> list[Candidate]:
    """Of overlapping candidates from several views that agree in tilt, keep the best one."""
    kept: list[Candidate] = []
    tilts: list[float] = []
    for candidate in sorted(candidates, key=lambda found: -found.score):
        boxes = np.array([other.box for other in kept]).reshape(-1, 4)
        overlaps = intersection_over_union(candidate.box, boxes)[0]
        tilt = head.roll_of(candidate.five, head.five)
        apart = [abs(wrap_angle(tilt - other)) for other in tilts]
        if not any(o > 0.4 and a < 60 for o, a in zip(overlaps, apart, strict=True)):
            kept.append(candidate)
            tilts.append(tilt)
    return kept


def _face_box(box: NDArray[np.float64]) -> BoundingBox:
    """Turn YuNet's box into one around the landmarks, as ``YuNetDetector`` does."""
    x_min, y_min, x_max, y_max = box.tolist()
    return BoundingBox(x_min, y_min + 0.245 * (y_max - y_min), x_max, y_max)


def _middle_box() -> BoundingBox:
    middle, half = (CROP_SIZE - 1) / 2, CROP_SIZE / CROP_SCALE / 2
    return BoundingBox(middle - half, middle - half, middle + half, middle + half)


def _matching(found: Sequence[Candidate], box: BoundingBox) -> Candidate | None:
    if not found:
        return None
    boxes = np.array([list(_face_box(candidate.box)) for candidate in found])
    overlaps = intersection_over_union(list(box), boxes)[0]
    best = int(overlaps.argmax())
    return found[best] if overlaps[best] >= _LEAST_OVERLAP else None
