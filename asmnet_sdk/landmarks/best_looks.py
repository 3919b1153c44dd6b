"""A look at a face, and which of several looks is the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import mean_head_pose, scale_of, wrap_angle
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.results import Face, HeadPose

__all__ = [
    "HOPELESS",
    "SURE",
    "Look",
    "best_and_rivals",
    "best_look",
    "best_way_up",
    "certainty_of",
    "mean_look",
]

# A mean error radius of this share of the crop says as much as a score of 0.
_HOPELESS_SIGMA = 0.16
SURE, HOPELESS = 0.5, 0.05
# A look that is better placed may be this much less sure, and is still the better one.
_SLACK = 0.05
# Turns of crops that differ by more are different ways up: half a quarter turn.
_SAME_WAY_UP = 45.0
# Two looks whose landmarks lie apart by more than this share of the face box saw different things.
_AGREE = 0.06


def certainty_of(face: Face, crop: FaceCrop) -> float:
    """Return how surely a face was seen: its score, or less where the error radii are large.

    The result lies below 1; it is negative where the radii are beyond hope.
    """
    score = 1.0 if face.score is None else face.score
    if face.landmark_sigma is None:
        return score
    side = len(crop.pixels) / scale_of(crop.matrix)
    return min(score, 1 - float(face.landmark_sigma.mean()) / side / _HOPELESS_SIGMA)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A crop of an image, and the face that the network saw in it."""

    image: NDArray[np.uint8]
    crop: FaceCrop
    face: Face
    is_best: bool = False
    """No other look was better, so no more are tried."""
    rivals: Sequence[Look] = ()
    """Looks at other ways up in which a face was seen, too."""

    @property
    def certainty(self) -> float:
        """As ``certainty_of`` gives it."""
        return certainty_of(self.face, self.crop)

    @property
    def is_of_its_box(self) -> bool:
        """Whether the face is the one in the box, and not a neighbour."""
        box = self.face.box
        x, y = map(float, self.face.landmarks.mean(axis=0))
        return box.x_min <= x <= box.x_max and box.y_min <= y <= box.y_max

    @property
    def evidence(self) -> float:
        """How much it says for a face in the box at this way up, in [0, 1]."""
        return max(self.certainty, 0.0) if self.is_of_its_box else 0.0

    def has_way_up_of(self, other: Look) -> bool:
        """Whether both crops were turned about alike."""
        turn = self.crop.clockwise_degrees - other.crop.clockwise_degrees
        return abs(wrap_angle(turn)) <= _SAME_WAY_UP


def best_look(first: Look, others: Sequence[Look]) -> Look:
    """Return the surest look; the others are better placed than the first, so favoured."""
    surest = _surest(others)
    if surest is None or surest.certainty < first.certainty - _SLACK:
        return replace(first, is_best=True)
    return surest


def mean_look(first: Look, others: Sequence[Look]) -> Look:
    """Return the best look, its face the mean of it and the first one where both saw the same."""
    best = best_look(first, others)
    if best.is_best or not _agree(first.face, best.face):
        return best
    return replace(best, face=_mean_face(first.face, best.face))


def _agree(first: Face, second: Face) -> bool:
    apart = np.linalg.norm(first.landmarks - second.landmarks, axis=1).mean()
    return float(apart) <= _AGREE * second.box.longer_side


def _mean_face(first: Face, second: Face) -> Face:
    """Return the mean of two looks at a face; a landmark counts the more, the smaller its radius.

    Their errors have much in common, so the radius is the mean of both.
    """
    share: NDArray[np.float32] | float = 0.5
    if first.landmark_sigma is not None and second.landmark_sigma is not None:
        squares = first.landmark_sigma**2, second.landmark_sigma**2
        share = (squares[0] / (squares[0] + squares[1]))[:, np.newaxis]
    return replace(
        second,
        landmarks=first.landmarks + share * (second.landmarks - first.landmarks),
        head_pose=HeadPose(*mean_head_pose(first.head_pose, second.head_pose)),
        landmark_sigma=_middle(first.landmark_sigma, second.landmark_sigma),
        landmark_visible=_middle(first.landmark_visible, second.landmark_visible),
    )


def _middle(
    first: NDArray[np.float32] | None, second: NDArray[np.float32] | None
) -> NDArray[np.float32] | None:
    if first is None or second is None:
        return second
    return first + np.float32(0.5) * (second - first)


def _surest(looks: Sequence[Look]) -> Look | None:
    of_the_box = [look for look in looks if look.is_of_its_box]
    return max(of_the_box, key=lambda look: look.certainty, default=None)


def best_and_rivals(first: Look, others: Sequence[Look]) -> Look:
    """Return the best look and, of all ways up that were tried, the others that show a face, too.

    A quarter turn must be surer than the first look and the better placed one.
    """
    best, turned = best_look(first, others[:1]), others[1:]
    surest = _surest(turned)
    if surest is None:
        return best
    if surest.certainty > max(best.certainty, first.certainty):
        best = surest
    rivals: list[Look] = []
    for seen in sorted([first, *others], key=lambda look: look.evidence, reverse=True):
        is_new = not any(seen.has_way_up_of(known) for known in (best, *rivals))
        if is_new and seen.evidence >= HOPELESS:
            rivals.append(seen)
    return replace(best, rivals=rivals, is_best=best.is_best and not rivals)


def best_way_up(seen: Look, others: Sequence[Look]) -> Look:
    """Return the best look at the way up that its looks together say most for.

    A face between two quarter turns is seen tilted in both, so that a wrong way up may be seen more
    surely once. A face that is none is seldom seen in the mirror, too.
    """
    if not seen.rivals:
        return best_look(seen, others)
    count = len(others) // 2
    ways = zip((seen, *seen.rivals), others[:count], others[count:], strict=True)
    first, upright, _ = max(ways, key=lambda looks: sum(look.evidence for look in looks))
    return best_look(replace(first, rivals=()), [upright])
