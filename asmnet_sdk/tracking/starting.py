"""How a track starts: at once, on trial, or not at all."""

from __future__ import annotations

from asmnet_sdk.detection.wanted import ways_up_differ
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.tracking.sightings import Sighting

__all__ = ["is_sure", "sightings_needed"]

# Measured with the package's detector and asmnet-68: of 1,229 faces in frames that pan over photos
# of WFLW and 300-W it scores 87 in 100 of the former and 99 of the latter 0.7 or more; of what
# starts a track in pictures without faces nothing more than 0.6.
_SURE_BOX = 0.7
_TRIAL = 3


def sightings_needed(seen: Sighting, start_score: float) -> int | None:
    """Return in how many frames a face must be seen, this one included, to be given out.

    This one is enough where the detector is sure, too. Otherwise the face is on trial: texture
    that looks like one for a moment does not as it moves on. The trial ends as soon as the detector
    is sure.

    Args:
        seen: What the network saw in a box of the detector.
        start_score: The face score that is needed each time.

    Returns:
        The frames, or None where no track starts: the score is too low, or detector and network
        do not see the same face, but different ways up.
    """
    if not seen.scores(start_score) or ways_up_differ(seen.face):
        return None
    return 1 if is_sure(seen.face.box) else _TRIAL


def is_sure(box: BoundingBox) -> bool:
    """Say whether the detector is sure of a box; one that gives no scores is."""
    return box.score is None or box.score >= _SURE_BOX
