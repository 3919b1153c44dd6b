"""What a data set says of one face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import HeadPose

__all__ = [
    "AnnotatedFace",
    "existing_photo",
    "finite_points",
    "point_values",
    "read_annotation_text",
    "visible_values",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnnotatedFace:
    """One annotated face of a data set.

    Attributes:
        photo: Path of the picture.
        subset: Name of its folder or file, such as ``"helen"``.
        landmarks: (K, 2) float32 pixels, (0, 0) = centre of the top-left pixel.
        head_pose: Its head pose label, if there is one.
        head_pose_spread: How far the labellers of the pose disagree, in degrees.
        attributes: What makes it hard, such as ``WFLW_ATTRIBUTES``, where the data
            set says so.
        landmark_visible: (K,) float32 in [0, 1], the probability that each point can be seen: 1
            seen, 0 hidden; None where nothing says so.
        landmark_sigma: (K,) float32 pixels, the error radius of points that a model placed; 0 for
            those that a person moved or confirmed.
        score: The model's probability that this is a face, in [0, 1].
        source: The file that says so, where each photo or face has a file of its own.
    """

    photo: Path
    subset: str
    landmarks: NDArray[np.float32] = field(repr=False)
    head_pose: HeadPose | None = None
    head_pose_spread: float = 0.0
    attributes: frozenset[str] = frozenset()
    landmark_visible: NDArray[np.float32] | None = field(default=None, repr=False)
    landmark_sigma: NDArray[np.float32] | None = field(default=None, repr=False)
    score: float | None = None
    source: Path | None = None

    @property
    def name(self) -> str:
        """File name of the photo without its suffix."""
        return self.photo.stem

    @property
    def is_by_hand(self) -> NDArray[np.bool_]:
        """(K,) whether a person placed, moved or confirmed each point: it has no error radius."""
        if self.landmark_sigma is None:
            return np.ones(len(self.landmarks), bool)
        return np.asarray(self.landmark_sigma <= 0)


def read_annotation_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark; bytes that are no UTF-8 become
    replacement characters.

    Raises:
        InvalidInputError: The file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as exc:
        raise InvalidInputError(f"{path} cannot be read: {exc.strerror}") from exc


def finite_points(coordinates: ArrayLike, *, where: str) -> NDArray[np.float32]:
    """Return (K, 2) points.

    Raises:
        InvalidInputError: One is not finite, or beyond float32; the message says where.
    """
    points = np.asarray(coordinates, np.float64).reshape(-1, 2)
    if not (np.abs(points) <= np.finfo(np.float32).max).all():
        raise InvalidInputError(f"{where}: coordinates are not finite")
    return points.astype(np.float32)


def existing_photo(photo: Path, *, where: str) -> Path:
    """Return the path of a photo.

    Raises:
        InvalidInputError: There is no such file; the message says where it is named.
    """
    try:
        is_there = photo.is_file()
    except (OSError, ValueError) as exc:  # a name too long, or none that a file can have
        raise InvalidInputError(f"{where}: no photo {str(photo)[:200]!r}") from exc
    if not is_there:
        raise InvalidInputError(f"{where}: no photo {photo}")
    return photo


def point_values(values: ArrayLike | None, count: int, *, where: str) -> NDArray[np.float32] | None:
    """Return (K,) numbers, one a point, or None for none.

    Raises:
        InvalidInputError: They are no numbers, not finite, or not as many as there are points.
    """
    if values is None:
        return None
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInputError(f"{where}: expected one number a point") from None
    if numbers.shape != (count,) or not (np.abs(numbers) <= np.finfo(np.float32).max).all():
        raise InvalidInputError(f"{where}: expected {count} finite numbers, one a point")
    return numbers.astype(np.float32)


def visible_values(
    flags: Sequence[bool], probabilities: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """Return (K,) probabilities that points are seen, of the flags that annotation tools edit.

    Args:
        flags: Whether each point is marked as seen.
        probabilities: What a model said of the same points; kept where the flag agrees.
    """
    seen = np.asarray(flags, np.float32)
    if probabilities is None:
        return seen
    return np.where((probabilities >= 0.5) == (seen > 0), probabilities, seen).astype(np.float32)
