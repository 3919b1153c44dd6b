"""How closely a detector looks at a photo, and what its looks say together.

The side of a look is the long side, in pixels, of the picture that the network gets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.results import BoundingBox

__all__ = [
    "LARGEST_SIDE",
    "Look",
    "first_look",
    "holds_middle_of",
    "merge_looks",
]

LARGEST_SIDE = 2560
"""No look is larger, however small the wanted faces are."""

_PANORAMA = 2.0  # a photo longer than this many times its height is looked at more closely
_MOST_CLOSER_LOOKS = 2
_CLOSER = 2.5
_MOST_ENLARGEMENT = 2.0  # what is smaller than a pixel shows no more when it is enlarged further
_WELL_SEEN = 2.0  # faces so many times as large as the smallest ones are found and placed well


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look of a detector at a photo."""

    size_wh: tuple[int, int]
    """Width and height of the photo."""
    smallest_face: float
    """Longer side of the smallest faces found, in pixels of the network's picture."""
    side: float
    earlier: int = 0
    """How many looks there were before."""

    @property
    def well_seen(self) -> float:
        """Longer side, in pixels of the photo, from which faces are found and placed well."""
        return _WELL_SEEN * self.smallest_face * max(self.size_wh) / self.side

    def closer(
        self, boxes: Sequence[BoundingBox], *, min_face_size: float | None = None
    ) -> Look | None:
        """Return a closer look, or None where there is nothing to gain.

        A look is followed by a closer one where the first found nothing, or where there are faces
        so small that there may be smaller ones.

        Args:
            boxes: What was found so far, in pixels of the photo.
            min_face_size: Longer side of the smallest box wanted, in pixels of the photo: the
                closer look is as large as it needs, whatever was found.
        """
        side = self._side_after(boxes) if min_face_size is None else self._side_for(min_face_size)
        is_fruitless = self.earlier > 0 and not boxes
        if side <= self.side or is_fruitless or self.earlier == _MOST_CLOSER_LOOKS:
            return None
        return replace(self, side=side, earlier=self.earlier + 1)

    def _side_for(self, min_face_size: float) -> float:
        return min(self.smallest_face / min_face_size * max(self.size_wh), LARGEST_SIDE)

    def _side_after(self, boxes: Sequence[BoundingBox]) -> float:
        if boxes and min(box.longer_side for box in boxes) >= self.well_seen:
            return self.side
        return min(_CLOSER * self.side, _MOST_ENLARGEMENT * max(self.size_wh), LARGEST_SIDE)


def first_look(long_side: float, smallest_face: float, size_wh: tuple[int, int]) -> Look:
    """Return the first look: at panoramas with as many pixels as at a photo twice as long.

    Args:
        long_side: The side that suits most photos.
        smallest_face: Longer side of the smallest faces found, in pixels of the network's picture.
        size_wh: Width and height of the photo.
    """
    ratio = max(size_wh) / min(size_wh)
    side = min(long_side * math.sqrt(max(ratio / _PANORAMA, 1.0)), LARGEST_SIDE)
    return Look(size_wh=size_wh, smallest_face=smallest_face, side=side)


def merge_looks(
    earlier: Sequence[BoundingBox],
    closer: Sequence[BoundingBox],
    *,
    well_seen: float,
    overlap_threshold: float,
) -> list[BoundingBox]:
    """Return the boxes of two looks: the earlier one has the word where it saw faces well.

    Parts of a large face may look like faces from close by, so what the closer look finds in the
    middle of such a face is dropped. Of the small faces, the closer look places those better that
    both found; and of the large ones, those that it is surer of.
    """
    large = [box for box in earlier if box.longer_side >= well_seen]
    small = [box for box in earlier if box.longer_side < well_seen]
    large = [box for box in large if not any(_is_placed_better(new, box) for new in closer)]
    new = [box for box in closer if not any(holds_middle_of(big, box) for big in large)]
    return [*large, *_without_doubles(small, new, overlap_threshold), *new]


def _is_placed_better(box: BoundingBox, other: BoundingBox) -> bool:
    """Say whether a box is on the same head as another one, and surer."""
    is_surer = (box.score or 0.0) > (other.score or 0.0)
    return is_surer and holds_middle_of(box, other) and holds_middle_of(other, box)


def holds_middle_of(box: BoundingBox, other: BoundingBox) -> bool:
    """Say whether the other box's middle lies in this box."""
    x, y = other.center
    return box.x_min <= x <= box.x_max and box.y_min <= y <= box.y_max


def _without_doubles(
    boxes: Sequence[BoundingBox], others: Sequence[BoundingBox], overlap_threshold: float
) -> list[BoundingBox]:
    """Return the boxes that overlap none of the others by more than the threshold."""
    if not boxes or not others:
        return list(boxes)
    overlaps = intersection_over_union([[*box] for box in boxes], [[*box] for box in others])
    is_double = (overlaps.max(axis=1) > overlap_threshold).tolist()
    return [box for box, double in zip(boxes, is_double, strict=True) if not double]
