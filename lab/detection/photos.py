"""Photos with all their faces, held in memory in falling sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop, resize_matrix
from asmnet_sdk.geometry import Matrix, compose, scale_of, transform_points
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.training.validation_part import is_in_share
from lab.detection.labels import PhotoLabels

__all__ = ["DetectionPhoto", "is_validation_photo", "load_photo", "load_photos"]

_LONGEST_SIDE = 640
_LEVELS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectionPhoto:
    """One photo and the faces in it, in pixels of its largest form.

    Attributes:
        levels: The photo, uint8 RGB, and smaller forms of it, each half as large as the one before.
        faces: Points of each of the N faces, (K, 2) float32; the box around them is the face box.
        rolls: (N,) degrees that each head is turned clockwise; NaN where unknown.
        doubtful: (M, 4) float32 boxes that may show a face or not.
    """

    levels: Sequence[NDArray[np.uint8]]
    faces: Sequence[NDArray[np.float32]]
    rolls: NDArray[np.float32]
    doubtful: NDArray[np.float32]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the largest form."""
        height, width = self.levels[0].shape[:2]
        return width, height

    def cut(self, matrix: Matrix, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        """Cut a picture out of the form that needs least resampling.

        Args:
            matrix: (2, 3), pixels of the largest form -> pixels of the picture.
            size_wh: Width and height of the picture.
        """
        halvings = int(np.floor(-np.log2(max(scale_of(matrix), 1e-6))))
        level = self.levels[int(np.clip(halvings, 0, len(self.levels) - 1))]
        level_wh = (level.shape[1], level.shape[0])
        return cut_crop(level, compose(matrix, resize_matrix(level_wh, self.size_wh)), size_wh)


def is_validation_photo(labels: PhotoLabels, *, share: float = 0.04) -> bool:
    """Say whether a photo belongs to the validation part, decided by a hash of its name.

    The trailing number is left out, so that all files of one photo are on the same side.
    """
    stem = Path(labels.photo).stem.rsplit("_", 1)[0]
    return is_in_share(stem, share)


def load_photos(labels: Iterable[PhotoLabels], data: Path) -> list[DetectionPhoto]:
    """Read the photos of labels; ``data`` is the folder that their names are relative to."""
    return [load_photo(photo, data) for photo in labels]


def load_photo(labels: PhotoLabels, data: Path) -> DetectionPhoto:
    """Read the photo of a label."""
    levels, matrix = _shrink(load_image(data / labels.photo))
    corners = transform_points(matrix, labels.doubtful.reshape(-1, 2))
    return DetectionPhoto(
        levels=levels,
        faces=[transform_points(matrix, face.points).astype(np.float32) for face in labels.faces],
        rolls=np.array([face.roll for face in labels.faces], np.float32),
        doubtful=corners.reshape(-1, 4).astype(np.float32),
    )


def _shrink(image: NDArray[np.uint8]) -> tuple[list[NDArray[np.uint8]], Matrix]:
    """Return the forms of a photo, and the transform from its pixels to the largest one's."""
    height, width = image.shape[:2]
    factor = min(1.0, _LONGEST_SIDE / max(height, width))
    largest_wh = (round(width * factor), round(height * factor))
    levels = [_resize(image, largest_wh)]
    while len(levels) < _LEVELS and min(levels[-1].shape[:2]) >= 32:
        levels.append(_resize(levels[-1], tuple(-(-s // 2) for s in levels[-1].shape[1::-1])))
    return levels, resize_matrix((width, height), largest_wh)


def _resize(image: NDArray[np.uint8], size_wh: tuple[int, ...]) -> NDArray[np.uint8]:
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
