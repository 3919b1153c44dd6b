"""``FaceTracker``: faces of a video with lasting ids, steady landmarks and few detector runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import check_count, is_number, is_whole, require
from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.images.loading import ColorOrder, ImageInput, load_image
from asmnet_sdk.results import Face
from asmnet_sdk.tracking.sightings import Sighting, align_crops, cut_crops, look_at
from asmnet_sdk.tracking.smoothing import BETA, MIN_CUTOFF_HZ, FaceSmoother
from asmnet_sdk.tracking.starting import is_sure, sightings_needed
from asmnet_sdk.tracking.tracks import (
    Track,
    largest,
    match_boxes,
    place_crop,
    without_doubles,
)

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner

__all__ = ["FaceTracker"]


class FaceTracker:
    """Follows the faces of one video: ``update`` takes its frames one by one.

    Each crop comes from the landmarks of the frame before, so the detector runs only on every
    ``detect_every``-th frame, and at once when there is no face or a face fades: its score drops
    below ``min_score``, or it leaves its place.

    Identity follows one rule. A track expects its face where it was last seen, or on the way that
    its last motion has taken it since. Faces that are being followed keep their tracks. What else
    the detector finds goes to the track whose expected box it overlaps most, the best pair first,
    if the IoU is ``min_overlap`` or more, and starts a new track otherwise. Where two tracks end
    up on one face, the one that strayed farther from its motion has lost its own. A lost track
    keeps its id for ``keep_lost`` frames. Ids count up from 0 and are never used twice.

    A new face is given out at once where detector and landmark network are both sure of it. One
    that the detector doubts (box score below 0.7) is on trial: the detector runs in every frame,
    and the face is given out when it is sure, or in the third frame in which the face scores
    ``start_score``, if it is not lost before. Where the two see different ways up no track starts.

    Crops are turned upright by the roll that the face last had, so a head may tilt, lie down and
    stand on its crown. What the detector finds is looked at as ``FaceAligner.predict`` does.

    The crops of a face are made as bright as those of the seconds before, so that flicker and
    passing clouds do not move landmarks. The motion of the whole head carries landmarks and head
    pose along; the rest passes a One-Euro filter. Speeds are measured in face sizes, so small and
    large faces are smoothed alike. After a loss or a jump all start afresh.

    One tracker serves one video, in one thread. Frames of another size are another video: all
    tracks end, and its faces get new ids. Between videos of one size call ``reset``.

    Args:
        aligner: Detects and aligns; several trackers may share it. None: one of its own, with the
            defaults.
        detect_every: Run the detector at least on every n-th frame.
        min_score: A face is followed while its face score is as large as this; where it is less,
            the detector runs. A model without scores leaves the word to the detector.
        start_score: A new face needs a face score as large as this, and as ``min_score``: of a
            thing in a video one of many frames may look like a face.
        max_faces: Only so many of the largest faces are followed at a time; None is all.
        min_overlap: IoU in (0, 1] from which a found face belongs to a track.
        keep_lost: For how many frames a lost face may come back under its id.
        frame_rate: Frames per second where ``update`` gets no timestamps.
        min_cutoff_hz: Smoothing at rest, see ``OneEuroFilter``: lower is steadier, ``inf``
            switches smoothing off.
        beta: Smoothing in motion, in Hz per (face size / second): higher follows faster.

    Raises:
        InvalidInputError: An argument is out of range or of the wrong kind.
    """

    def __init__(
        self,
        aligner: FaceAligner | None = None,
        *,
        detect_every: int = 10,
        min_score: float = 0.5,
        start_score: float = 0.85,
        max_faces: int | None = None,
        min_overlap: float = 0.2,
        keep_lost: int = 60,
        frame_rate: float = 30.0,
        min_cutoff_hz: float = MIN_CUTOFF_HZ,
        beta: float = BETA,
    ) -> None:
        _require_from("detect_every", detect_every, 1)
        _require_from("keep_lost", keep_lost, 0)
        check_count("max_faces", max_faces)
        is_share = is_number(min_overlap) and 0 < min_overlap <= 1
        require("min_overlap", min_overlap, is_share, "a number above 0, up to 1")
        for name, score in (("min_score", min_score), ("start_score", start_score)):
            require(name, score, is_number(score) and 0 <= score <= 1, "a number from 0 to 1")
        is_rate = is_number(frame_rate) and 0 < frame_rate < np.inf
        require("frame_rate", frame_rate, is_rate, "a number above 0")
        FaceSmoother(min_cutoff_hz=min_cutoff_hz, beta=beta)
        if aligner is not None:
            _require_aligner(aligner)
        self._aligner = _new_aligner() if aligner is None else aligner
        self._detect_every = detect_every
        self._min_score = min_score
        self._start_score = max(min_score, start_score)
        self._max_faces = max_faces
        self._min_overlap = min_overlap
        self._keep_lost = keep_lost
        self._frame_rate = frame_rate
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._next_id = 0
        self.reset()

    def __repr__(self) -> str:
        return (
            f"FaceTracker({self._aligner!r}, detect_every={self._detect_every}, "
            f"frame_rate={self._frame_rate:g}, tracks={len(self._tracks)})"
        )

    def reset(self) -> None:
        """End all tracks and start the clock afresh; later faces get new ids."""
        self._tracks: list[Track] = []
        self._shape: tuple[int, ...] | None = None
        self._seconds = -np.inf
        self._frames_since_detection = self._detect_every

    def update(
        self, frame: ImageInput, *, timestamp: float | None = None, color: ColorOrder = "bgr"
    ) -> list[Face]:
        """Find the faces in the next frame.

        Args:
            frame: An image as for ``FaceAligner.predict``.
            timestamp: Seconds, later than those of the frame before; None is one step of
                ``frame_rate`` later.
            color: Channel order of an array.

        Returns:
            The faces seen in this frame, in the order of their ``track_id``, with smoothed
            landmarks and head pose.

        Raises:
            InvalidImageError: The frame cannot be read; the tracks stay as they were.
            InvalidInputError: The timestamp does not lie after the one before.
        """
        image = load_image(frame, color=color, copy=False)
        is_new = image.shape != self._shape
        seconds = self._next_seconds(timestamp, is_new)
        if is_new:
            self.reset()
        self._shape, self._seconds = image.shape, seconds
        live = [track for track in self._tracks if not track.frames_lost]
        found = self._follow(image, live, seconds)
        self._frames_since_detection += 1
        is_due = self._frames_since_detection >= self._detect_every
        is_due = is_due or any(track.track_id is None for track in found)
        if is_due or not found or len(found) < len(live):
            found = self._detect(image, found, seconds)
        return self._settle(largest(found, self._max_faces), seconds)

    def _next_seconds(self, timestamp: float | None, is_new: bool) -> float:
        before = -np.inf if is_new else self._seconds
        if timestamp is None:
            return 0.0 if is_new else before + 1 / self._frame_rate
        if not (is_number(timestamp) and before < timestamp < np.inf):
            raise InvalidInputError(
                f"timestamp is {in_brief(repr(timestamp))} after {before}; "
                "needed: a later one, in seconds"
            )
        return timestamp

    def _follow(
        self, image: NDArray[np.uint8], live: Sequence[Track], seconds: float
    ) -> dict[Track, Sighting]:
        """Align where the faces were in the frame before; return those that are still there."""
        crops = cut_crops(self._aligner, image, {track: track.crop_box for track in live})
        lit = {
            track: track.exposure.apply(crop, elapsed_seconds=track.elapsed_seconds(seconds))
            for track, crop in crops.items()
        }
        seen = align_crops(self._aligner, lit).items()
        followed = {track: it for track, it in seen if self._is_followed(track, it)}
        return without_doubles(followed, seconds)

    def _is_followed(self, track: Track, seen: Sighting) -> bool:
        is_face = seen.scores(self._min_score)
        return is_face and track.box.iou(seen.box) >= self._min_overlap

    def _detect(
        self, image: NDArray[np.uint8], followed: dict[Track, Sighting], seconds: float
    ) -> dict[Track, Sighting]:
        """Return the faces that are followed and those that only the detector finds."""
        self._frames_since_detection = 0
        boxes = self._aligner.detect(image, color="rgb")
        confirmed = match_boxes([[it.box] for it in followed.values()], boxes, self._min_overlap)
        found = {
            track: seen
            for index, (track, seen) in enumerate(followed.items())
            if index in confirmed or seen.face.score is not None
        }
        for index, track in enumerate(followed):
            if index in confirmed and is_sure(boxes[confirmed[index]]):
                track.need_at_most(1)
        rest = [box for index, box in enumerate(boxes) if index not in confirmed.values()]
        others = [track for track in self._tracks if track not in found]
        expected = [track.expected_boxes(seconds) for track in others]
        owners = {j: others[i] for i, j in match_boxes(expected, rest, self._min_overlap).items()}
        for index, seen in look_at(self._aligner, image, rest).items():
            if any(seen.is_same_face(other) for other in found.values()):
                continue
            owner = self._owner(owners.get(index), seen, seconds)
            if owner is not None:
                found[owner] = seen
        return found

    def _owner(self, track: Track | None, seen: Sighting, seconds: float) -> Track | None:
        """Return the track of a face that was found where one expects its own; None: no face."""
        if track is not None and track.track_id is not None:
            return track if seen.scores(self._min_score) else None
        needed = sightings_needed(seen, self._start_score)
        if needed is None:
            return None
        if track is None:
            return self._new_track(seen, needed, seconds)
        track.need_at_most(needed)
        return track

    def _new_track(self, seen: Sighting, needed: int, seconds: float) -> Track:
        smoother = FaceSmoother(min_cutoff_hz=self._min_cutoff_hz, beta=self._beta)
        crop_box = place_crop(seen.face)
        track = Track(smoother, seen.face, seen.box, crop_box, seconds, needed)
        self._tracks.append(track)
        return track

    def _settle(self, found: dict[Track, Sighting], seconds: float) -> list[Face]:
        """Move every track on by one frame; return the faces that were found."""
        for track in self._tracks:
            if track not in found:
                track.frames_lost += 1
                continue
            if track.track_id is None:
                self._try(track, found[track])
            track.see(found[track], seconds)
        self._tracks = [track for track in self._tracks if self._is_kept(track)]
        seen = [track for track in self._tracks if not track.frames_lost]
        shown = {track.track_id: track.face for track in seen if track.track_id is not None}
        return [shown[track_id] for track_id in sorted(shown)]

    def _try(self, track: Track, seen: Sighting) -> None:
        """Give the face an id as soon as it was seen surely in as many frames as it needs."""
        if seen.scores(self._start_score):
            track.sightings_needed -= 1
        if not track.sightings_needed:
            track.track_id = self._next_id
            self._next_id += 1

    def _is_kept(self, track: Track) -> bool:
        return track.frames_lost <= (0 if track.track_id is None else self._keep_lost)


def _new_aligner() -> FaceAligner:
    from asmnet_sdk.aligner import FaceAligner

    return FaceAligner()


def _require_from(name: str, value: int, least: int) -> None:
    require(name, value, is_whole(value) and value >= least, f"a whole number from {least}")


def _require_aligner(aligner: object) -> None:
    parts = ("detect", "predict", "cut", "align")
    is_one = all(callable(getattr(aligner, part, None)) for part in parts)
    require("aligner", aligner, is_one and not isinstance(aligner, type), "a FaceAligner, or None")
