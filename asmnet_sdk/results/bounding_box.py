"""A box in pixels, with the small arithmetic that people write for boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from asmnet_sdk.arguments import check_kind, is_float
from asmnet_sdk.errors import InvalidBoundingBoxError, in_brief

__all__ = ["BoundingBox"]


@dataclass(frozen=True, slots=True, repr=False)
class BoundingBox:
    """A box in pixels; (0, 0) is the centre of the top-left pixel.

    Raises:
        InvalidBoundingBoxError: A value is no number or not finite, or the box is empty or
            inverted.
    """

    x_min: float
    """Left edge in pixels."""
    y_min: float
    """Top edge in pixels."""
    x_max: float
    """Right edge in pixels, greater than ``x_min``."""
    y_max: float
    """Bottom edge in pixels, greater than ``y_min``."""
    score: float | None = field(default=None, kw_only=True)
    """The detector's confidence in [0, 1]; None for a box that no detector gave."""
    roll: float | None = field(default=None, kw_only=True)
    """Degrees by which the head is turned CLOCKWISE in the image: 0 for an upright head, 180 for
    one upside down; None where that is not known.
    """

    def __post_init__(self) -> None:
        _require_numbers(*self, *(v for v in (self.score, self.roll) if v is not None))
        for name, value in (("score", self.score), ("roll", self.roll)):
            if value is not None and not math.isfinite(value):
                raise InvalidBoundingBoxError(f"box {tuple(self)} has a {name} that is not finite")
        if not all(map(math.isfinite, self)):
            raise InvalidBoundingBoxError(f"box {tuple(self)} has a number that is not finite")
        if self.width <= 0 or self.height <= 0:
            raise InvalidBoundingBoxError(
                f"box {tuple(self)} is empty or inverted; "
                "needed: (x_min, y_min, x_max, y_max) with x_min < x_max and y_min < y_max"
            )

    @classmethod
    def around(cls, points: ArrayLike) -> BoundingBox:
        """Return the tight box around (K, 2) points.

        Raises:
            InvalidBoundingBoxError: They are something else, or have no extent.
        """
        try:
            array = np.asarray(points, np.float64)
        except (TypeError, ValueError) as exc:
            raise InvalidBoundingBoxError(
                f"points are {in_brief(repr(points))}; needed: numbers"
            ) from exc
        if array.ndim != 2 or array.shape[1] != 2 or not len(array):
            raise InvalidBoundingBoxError(f"points have shape {array.shape}; needed: (K, 2)")
        return cls(*array.min(axis=0).tolist(), *array.max(axis=0).tolist())

    @classmethod
    def from_xywh(
        cls,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        score: float | None = None,
        roll: float | None = None,
    ) -> BoundingBox:
        """Return the box with its top-left corner at (x, y).

        Raises:
            InvalidBoundingBoxError: As for the class.
        """
        _require_numbers(x, y, width, height)
        return cls(x, y, x + width, y + height, score=score, roll=roll)

    def __repr__(self) -> str:
        """Show tenths of a pixel; the fields are exact."""
        parts = [f"{value:.1f}" for value in self]
        parts += [] if self.score is None else [f"score={self.score:.2f}"]
        parts += [] if self.roll is None else [f"roll={self.roll:+.1f}"]
        return f"BoundingBox({', '.join(parts)})"

    def __iter__(self) -> Iterator[float]:
        """Iterate over x_min, y_min, x_max, y_max."""
        return iter((self.x_min, self.y_min, self.x_max, self.y_max))

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y_max - self.y_min

    @property
    def longer_side(self) -> float:
        """Width or height in pixels, whichever is more: the size that ``min_face_size`` means."""
        return max(self.width, self.height)

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2

    @property
    def xywh(self) -> tuple[float, float, float, float]:
        """Top-left corner, width and height: x, y, width, height."""
        return self.x_min, self.y_min, self.width, self.height

    def iou(self, other: BoundingBox) -> float:
        """Return the intersection over union with another box, in [0, 1].

        Raises:
            InvalidInputError: ``other`` is no box.
        """
        check_kind("other", other, BoundingBox)
        width = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        height = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        if width <= 0 or height <= 0:
            return 0.0
        return width * height / (self.area + other.area - width * height)

    def scaled(self, factor: float) -> BoundingBox:
        """Return the box ``factor`` times as wide and high, about the same centre.

        Raises:
            InvalidBoundingBoxError: The factor is not above 0.
        """
        _require_numbers(factor)
        x, y = self.center
        half_width, half_height = factor * self.width / 2, factor * self.height / 2
        return replace(
            self,
            x_min=x - half_width,
            y_min=y - half_height,
            x_max=x + half_width,
            y_max=y + half_height,
        )

    def clipped(self, width: int, height: int) -> BoundingBox:
        """Return the part of the box within an image of this size in pixels.

        Raises:
            InvalidBoundingBoxError: The box lies outside the image.
        """
        _require_numbers(width, height)
        return replace(
            self,
            x_min=max(self.x_min, -0.5),
            y_min=max(self.y_min, -0.5),
            x_max=min(self.x_max, width - 0.5),
            y_max=min(self.y_max, height - 0.5),
        )


def _require_numbers(*values: object) -> None:
    for value in values:
        if not is_float(value):
            raise InvalidBoundingBoxError(f"a box has {in_brief(repr(value))}; needed: numbers")
