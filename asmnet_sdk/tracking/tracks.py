"""A face over time, and which of the boxes in a frame are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import upright_box
from asmnet_sdk.geometry import intersection_over_union, roll_in_image, wrap_angle
from asmnet_sdk.results import BoundingBox, Face
from asmnet_sdk.tracking.exposure import ExposureHold
from asmnet_sdk.tracking.low_pass import smoothing_weight
from asmnet_sdk.tracking.sightings import Sighting
from asmnet_sdk.tracking.smoothing import FaceSmoother

__all__ = [
    "Track",
    "largest",
    "match_boxes",
    "place_crop",
    "without_doubles",
]

# A face that overlaps its last box less than this has jumped: smoothing starts afresh.
_JUMP_OVERLAP = 0.5
# A crop is placed anew when the face overlaps its box less than this.
_CROP_OVERLAP = 0.97
# ... or is turned by more degrees than this from the way up in it.
_CROP_ROLL = 15.0
# Cutoff of a track's speed, low enough that a hop onto a neighbour does not pass for motion.
_SPEED_CUTOFF_HZ = 0.5
# Time between two frames, at least: speeds stay numbers.
_SHORTEST_SECONDS = 1e-6
# Where a lost face may be found again: shares of the way that its motion would have taken it.
_WAY = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(eq=False, slots=True)
class Track:
    """One face over time: how it looked when it was last seen, and how it moved then.

    Its next crop is that of ``crop_box``, upright by the box's roll. It stays as long as the face
    hardly moves and turns: landmarks depend a little on the crop, so a crop that followed them at
    once would let them wander.
    """

    smoother: FaceSmoother
    face: Face
    box: BoundingBox
    crop_box: BoundingBox
    seen_seconds: float
    sightings_needed: int
    """In how many more frames it must be seen as surely as at first to be given out."""
    track_id: int | None = None
    """None until then."""
    exposure: ExposureHold = field(default_factory=ExposureHold)
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    frames_lost: int = 0

    @property
    def is_on_trial(self) -> bool:
        """Whether one more sighting is not enough to give it out."""
        return self.sightings_needed > 1

    def need_at_most(self, sightings: int) -> None:
        """Let so many more sightings be enough."""
        self.sightings_needed = min(self.sightings_needed, sightings)

    def elapsed_seconds(self, seconds: float) -> float:
        """Return the time since the face was last seen, long enough to divide by."""
        return max(seconds - self.seen_seconds, _SHORTEST_SECONDS)

    def expected_boxes(self, seconds: float) -> list[BoundingBox]:
        """Return places on the way from where the face was to where its motion has taken it."""
        elapsed = seconds - self.seen_seconds
        return [self._moved(share * elapsed) for share in _WAY]

    def strayed(self, seen: Sighting, seconds: float) -> float:
        """Return how little the face lies where it should be: 0 right there, 1 elsewhere."""
        return 1 - self._moved(seconds - self.seen_seconds).iou(seen.box)

    def see(self, seen: Sighting, seconds: float) -> None:
        """Take in the face as it looks now."""
        if self.frames_lost or self.box.iou(seen.box) < _JUMP_OVERLAP:
            self.smoother.reset()
            self.exposure.reset()
        elapsed = self.elapsed_seconds(seconds)
        before = self.face.landmarks
        smoothed = self.smoother.smooth(seen.face, elapsed_seconds=elapsed)
        self.face = replace(smoothed, track_id=self.track_id)
        box = BoundingBox.around(self.face.landmarks)
        if seconds > self.seen_seconds:
            # Most points, and not their box: the points of a part that is being covered stray.
            velocity = np.median(self.face.landmarks - before, axis=0) / elapsed
            self.velocity += (velocity - self.velocity) * smoothing_weight(
                _SPEED_CUTOFF_HZ, elapsed
            )
        self.box, self.seen_seconds, self.frames_lost = box, seconds, 0
        self.crop_box = place_crop(self.face, self.crop_box)

    def _moved(self, elapsed_seconds: float) -> BoundingBox:
        x, y = self.velocity * elapsed_seconds
        box = self.box
        return BoundingBox(box.x_min + x, box.y_min + y, box.x_max + x, box.y_max + y)


def place_crop(face: Face, before: BoundingBox | None = None) -> BoundingBox:
    """Return the box of a face's next crop, with its roll: the one before as long as it serves."""
    roll = roll_in_image(face.head_pose)
    turn = 0.0 if before is None else before.roll or 0.0
    has_turned = abs(wrap_angle(roll - turn)) > _CROP_ROLL
    if has_turned:
        turn = roll if abs(roll) > _CROP_ROLL else 0.0
    box = BoundingBox.around(face.landmarks)
    if turn:
        box = replace(upright_box(face.landmarks, turn), roll=turn)
    serves = before is not None and not has_turned and before.iou(box) >= _CROP_OVERLAP
    return before if before is not None and serves else box


def without_doubles(followed: Mapping[Track, Sighting], seconds: float) -> dict[Track, Sighting]:
    """Drop the track that strayed farther, where two are on one face."""
    kept = dict(followed)
    for pair in combinations(followed, 2):
        are_kept = all(track in kept for track in pair)
        if are_kept and followed[pair[0]].is_same_face(followed[pair[1]]):
            del kept[max(pair, key=lambda track: track.strayed(followed[track], seconds))]
    return kept


def largest(found: Mapping[Track, Sighting], count: int | None) -> dict[Track, Sighting]:
    """Return so many of the largest faces, those on trial last; None is all."""
    by_size = sorted(found.items(), key=lambda it: (it[0].is_on_trial, -it[1].box.area))
    return dict(by_size[:count])


def match_boxes(
    places: Sequence[Sequence[BoundingBox]], boxes: Sequence[BoundingBox], min_overlap: float
) -> dict[int, int]:
    """Return index of the place -> index of the box: the best overlap first, each once.

    Args:
        places: For each place the boxes that it may be, equally many; the best one counts.
        boxes: The boxes to give away.
        min_overlap: IoU below which a box is none of a place's.
    """
    if not places or not boxes:
        return {}
    options = np.array([[[*option] for option in place] for place in places])
    overlaps = intersection_over_union(options, [[*box] for box in boxes])
    overlaps = overlaps.reshape(len(places), -1, len(boxes)).max(axis=1)
    matched: dict[int, int] = {}
    while overlaps.max() >= min_overlap:
        place, box = np.unravel_index(overlaps.argmax(), overlaps.shape)
        matched[int(place)] = int(box)
        overlaps[place, :] = overlaps[:, box] = -1
    return matched
