"""Photos with all their faces, held in memory in falling sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop, resize_matrix
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.geometry import Matrix, compose, intersection_over_union, scale_of, transform_points
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import photo_of
from lab.detection.teacher import OtherFaces, photo_key

__all__ = ["DetectionPhoto", "load_photos"]

_LONGEST_SIDE = 640
_LEVELS = 5
_SAME_FACE_OVERLAP = 0.35


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DetectionPhoto:
    """One photo and the faces in it, in pixels of its largest form.

    Attributes:
        levels: The photo, uint8 RGB, and smaller forms of it, each half as large as the one before.
        faces: (N, K, 2) float32 landmarks.
        doubtful: (M, 4) float32 boxes that may show a face or not.
    """

    levels: Sequence[NDArray[np.uint8]]
    faces: NDArray[np.float32]
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


def load_photos(
    annotated: Iterable[AnnotatedFace], others: Mapping[str, OtherFaces]
) -> list[DetectionPhoto]:
    """Read photos; several files of one photo in one size become one with all their faces.

    Args:
        annotated: The annotated faces.
        others: What a teacher found beside them, by ``photo_key``.
    """
    photos = []
    for faces in _same_scene(annotated).values():
        by_size: dict[tuple[int, ...], list[AnnotatedFace]] = defaultdict(list)
        images = {}
        for face in faces:
            image = load_image(face.photo)
            by_size[image.shape].append(face)
            images[image.shape] = image
        photos += [_make_photo(images[size], some, others) for size, some in by_size.items()]
    return photos


def _same_scene(annotated: Iterable[AnnotatedFace]) -> dict[tuple[Path, str], list[AnnotatedFace]]:
    scenes: dict[tuple[Path, str], list[AnnotatedFace]] = defaultdict(list)
    for face in annotated:
        scenes[face.photo.parent, photo_of(face)].append(face)
    return scenes


def _make_photo(
    image: NDArray[np.uint8], annotated: Sequence[AnnotatedFace], others: Mapping[str, OtherFaces]
) -> DetectionPhoto:
    landmarks = np.stack([face.landmarks for face in annotated])
    other = others.get(photo_key(annotated[0].photo), OtherFaces.none())
    landmarks = np.concatenate([landmarks, _new_faces(other.landmarks, landmarks)])
    known = [list(BoundingBox.around(points)) for points in landmarks]
    overlaps = intersection_over_union(other.doubtful, known).max(axis=1, initial=0)
    doubtful = other.doubtful[overlaps < _SAME_FACE_OVERLAP]
    levels, matrix = _shrink(image)
    return DetectionPhoto(
        levels=levels,
        faces=transform_points(matrix, landmarks).astype(np.float32),
        doubtful=transform_points(matrix, doubtful.reshape(-1, 2))
        .reshape(-1, 4)
        .astype(np.float32),
    )


def _new_faces(found: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (N, K, 2) faces found that are none of those known."""
    boxes = [list(BoundingBox.around(points)) for points in found]
    known_boxes = [list(BoundingBox.around(points)) for points in known]
    overlaps = intersection_over_union(boxes, known_boxes).max(axis=1, initial=0)
    new: NDArray[np.float32] = found[overlaps < _SAME_FACE_OVERLAP]
    return new


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
