"""How closely a detector looks at a photo, and what its looks say together.

The side of a look is the long side, in pixels, of the picture that the network gets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.results import BoundingBox

__all__ = [
    "LARGEST_SIDE",
    "closer_side",
    "first_side",
    "holds_middle_of",
    "merge_looks",
    "well_seen_size",
]

LARGEST_SIDE = 2560
"""No look is larger, however small the wanted faces are."""

_PANORAMA = 2.0  # a photo longer than this many times its height is looked at more closely
_CLOSER = 2.5
_MOST_ENLARGEMENT = 2.0  # what is smaller than a pixel shows no more when it is enlarged further
_WELL_SEEN = 2.0  # faces so many times as large as the smallest ones are found and placed well


def first_side(long_side: float, size_wh: tuple[int, int]) -> float:
    """Return the side of the first look: of panoramas as many pixels as of a photo twice as long.

    Args:
        long_side: The side that suits most photos.
        size_wh: Width and height of the photo.
    """
    ratio = max(size_wh) / min(size_wh)
    return min(long_side * math.sqrt(max(ratio / _PANORAMA, 1.0)), LARGEST_SIDE)


def closer_side(
    side: float, size_wh: tuple[int, int], boxes: Sequence[BoundingBox], well_seen: float
) -> float | None:
    """Return the side of a closer look, or None where there is nothing to gain.

    A look is followed by a closer one where it found nothing, or faces so small that there may be
    smaller ones.

    Args:
        side: The side of the look.
        size_wh: Width and height of the photo.
        boxes: What it found, in pixels of the photo.
        well_seen: As ``well_seen_size`` gives it for this look.
    """
    closer = min(_CLOSER * side, _MOST_ENLARGEMENT * max(size_wh), LARGEST_SIDE)
    is_needed = not boxes or min(max(box.width, box.height) for box in boxes) < well_seen
    return closer if is_needed and closer > side else None


def well_seen_size(smallest_face: float, side: float, size_wh: tuple[int, int]) -> float:
    """Return the longer side, in pixels of the photo, from which faces are found and placed well.

    Args:
        smallest_face: Longer side of the smallest faces found, in pixels of the network's picture.
        side: The side of the look.
        size_wh: Width and height of the photo.
    """
    return _WELL_SEEN * smallest_face * max(size_wh) / side


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
    both found.
    """
    large = [box for box in earlier if max(box.width, box.height) >= well_seen]
    small = [box for box in earlier if max(box.width, box.height) < well_seen]
    new = [box for box in closer if not any(holds_middle_of(big, box) for big in large)]
    return [*large, *_without_doubles(small, new, overlap_threshold), *new]


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
