"""What a detector doubts, and a judge decides."""

from __future__ import annotations

from collections.abc import Sequence

from asmnet_sdk.detection.protocol import Judge
from asmnet_sdk.detection.scales import holds_middle_of
from asmnet_sdk.geometry import wrap_angle
from asmnet_sdk.results import BoundingBox

__all__ = [
    "DOUBTED_SHARE",
    "TURNED_CERTAINTY",
    "is_unsure",
    "sure_boxes",
    "without_refuted",
    "without_small_doubts",
]

DOUBTED_SHARE = 0.6
"""Boxes are worth a judge's look from this share of the score threshold on."""

_MOST_DOUBTED = 16  # of one look; each takes about as long as a look at 320 px

# Measured with asmnet-68: of boxes around faces on photos of the 300-W training set, turned, dark
# and half covered, 95 in 100 are more certain than this; of the boxes that the detector takes for
# faces on pictures without any, 1 in 100.
_CONFIRMED = 0.7
TURNED_CERTAINTY = 0.8
"""What is found in turned pictures alone counts if a judge is so sure of it."""

# Beside sure faces. Of 73 faces that a judge confirmed there, in photos of 300-W and WFLW, none was
# turned farther.
_OTHER_WAY_UP = 60.0
# What passes for a face on a head that is upside down is less certain than this, or scores less.
_SURE_CERTAINTY = 0.8
_SURE_SCORE = 0.9
_SURE_SCORE_WITHOUT_JUDGE = 0.7


def sure_boxes(boxes: Sequence[BoundingBox], threshold: float) -> list[BoundingBox]:
    """Return the boxes that score more than the threshold."""
    return [box for box in boxes if _score(box) > threshold]


def without_refuted(
    boxes: Sequence[BoundingBox],
    judge: Judge | None,
    *,
    threshold: float,
    certainty: float = _CONFIRMED,
) -> list[BoundingBox]:
    """Return the boxes that score more than the threshold, and those that the judge confirms.

    What shows a part of one of the first, or is turned quite otherwise than all of them, is not
    looked at.

    Args:
        boxes: What a look shows.
        judge: Looks at the doubted ones; None: all boxes stay.
        threshold: Boxes that score more are sure.
        certainty: The judge confirms what it is so sure of.
    """
    if judge is None:
        return list(boxes)
    sure = sure_boxes(boxes, threshold)
    doubted = [box for box in boxes if _score(box) <= threshold and _may_be_one_more(box, sure)]
    doubted = sorted(doubted, key=_score, reverse=True)[:_MOST_DOUBTED]
    verdicts = judge(doubted) if doubted else []
    judged = zip(doubted, verdicts, strict=True)
    return [*sure, *(box for box, verdict in judged if verdict >= certainty)]


def without_small_doubts(
    boxes: Sequence[BoundingBox], *, threshold: float, well_seen: float
) -> list[BoundingBox]:
    """Return all boxes but the small ones that score too little: a closer look shows them better.

    Args:
        boxes: What a look shows.
        threshold: Boxes that score more are sure.
        well_seen: Longer side, in pixels, from which boxes are not small.
    """
    return [box for box in boxes if _score(box) > threshold or box.longer_side >= well_seen]


def is_unsure(boxes: Sequence[BoundingBox], judge: Judge | None) -> bool:
    """Say whether not even the best box holds a face that is surely turned as its roll says."""
    if not boxes:
        return True
    best = max(boxes, key=_score)
    if judge is None:
        return _score(best) < _SURE_SCORE_WITHOUT_JUDGE
    return _score(best) < _SURE_SCORE and judge([best])[0] < _SURE_CERTAINTY


def _score(box: BoundingBox) -> float:
    return box.score or 0.0


def _may_be_one_more(box: BoundingBox, faces: Sequence[BoundingBox]) -> bool:
    """Say whether a box is no part of the faces, and about as upright as one of them."""
    is_part = any(holds_middle_of(face, box) for face in faces)
    is_alike = not faces or any(_angle_between(box, face) <= _OTHER_WAY_UP for face in faces)
    return is_alike and not is_part


def _angle_between(box: BoundingBox, other: BoundingBox) -> float:
    return abs(wrap_angle((box.roll or 0.0) - (other.roll or 0.0)))
