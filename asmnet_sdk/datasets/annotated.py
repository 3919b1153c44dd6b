"""What a data set says of one face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import HeadPose

__all__ = ["AnnotatedFace", "existing_photo", "finite_points"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnnotatedFace:
    """One annotated face of a data set.

    Attributes:
        photo: Path of the picture.
        subset: Name of its folder or file, such as ``"helen"``.
        landmarks: (K, 2) float32 pixels, (0, 0) = centre of the top-left pixel.
        head_pose: Its head pose label, if there is one.
        head_pose_spread: How far the labellers of the pose disagree, in degrees.
        attributes: What makes it hard, of ``WFLW_ATTRIBUTES``, where the data set says so.
    """

    photo: Path
    subset: str
    landmarks: NDArray[np.float32]
    head_pose: HeadPose | None = None
    head_pose_spread: float = 0.0
    attributes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """File name of the photo without its suffix."""
        return self.photo.stem


def finite_points(coordinates: ArrayLike, *, where: str) -> NDArray[np.float32]:
    """Return (K, 2) points.

    Raises:
        InvalidInputError: One is not finite; the message says where.
    """
    points = np.asarray(coordinates, np.float32).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise InvalidInputError(f"{where}: coordinates are not finite")
    return points


def existing_photo(photo: Path, *, where: str) -> Path:
    """Return the path of a photo.

    Raises:
        InvalidInputError: There is no such file; the message says where it is named.
    """
    if not photo.is_file():
        raise InvalidInputError(f"{where}: no photo {photo}")
    return photo
