"""What a detector doubts, and a judge decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asmnet_sdk.detection.protocol import Judge
from asmnet_sdk.results import BoundingBox

__all__ = ["DOUBTED_SHARE", "is_unsure", "without_refuted"]

DOUBTED_SHARE = 0.4
"""Boxes are worth a judge's look from this share of the score threshold on."""

# Measured with asmnet-68: of boxes around faces on photos of the 300-W training set, turned, dark
# and half covered, 95 in 100 are more certain than this; of the boxes that the detector takes for
# faces on pictures without any, 1 in 100.
_CONFIRMED = 0.7
_MOST_DOUBTED = 16  # of one look; each takes about as long as half a look at 320 px
# An upright face hides nobody who is upside down: of faces on the wrong way up, none is so certain.
_SURE_CERTAINTY = 0.8
_SURE_SCORE = 0.7


def without_refuted(
    boxes: Sequence[BoundingBox], judge: Judge | None, *, is_sure: Callable[[BoundingBox], bool]
) -> list[BoundingBox]:
    """Return the boxes that the detector is sure of, and those that the judge confirms."""
    doubted = [] if judge is None else [box for box in boxes if not is_sure(box)]
    doubted = sorted(doubted, key=lambda box: -(box.score or 0.0))[:_MOST_DOUBTED]
    verdicts = judge(doubted) if judge is not None and doubted else []
    confirmed = {
        box for box, certainty in zip(doubted, verdicts, strict=True) if certainty >= _CONFIRMED
    }
    return [box for box in boxes if is_sure(box) or box in confirmed]


def is_unsure(boxes: Sequence[BoundingBox], judge: Judge | None) -> bool:
    """Say whether not even the best box holds a face that is surely turned as its roll says."""
    if not boxes:
        return True
    best = max(boxes, key=lambda box: box.score or 0.0)
    if judge is None:
        return (best.score or 0.0) < _SURE_SCORE
    return judge([best])[0] < _SURE_CERTAINTY
