"""Faces held in memory as generous square canvases, ready to be augmented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.geometry import (
    intersection_over_union,
    roll_in_image,
    rotate_head_pose,
    transform_points,
)
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import Layout, layout_of_size
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.validation_part import photo_of

__all__ = [
    "CANVAS_SCALE",
    "CANVAS_SIZE",
    "FaceSamples",
    "box_around_known",
    "load_face_samples",
    "load_faceless",
    "load_negatives",
    "roll_of_points",
    "sure_samples",
    "upright_canvas",
]

CANVAS_SCALE = 2.2
CANVAS_SIZE = 256
NEGATIVE_SIZE = 160
_HIGHEST_NEGATIVE_OVERLAP = 0.3
_PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_ALL_SEEN_YAW = 25.0
_UNMOVED_WEIGHT = 0.25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceSamples:
    """N faces with labels.

    Attributes:
        canvases: (N, C, C, 3) uint8 RGB, the face upright in the middle.
        landmarks: (N, K, 2) float32 canvas pixels; NaN where a point has no label.
        landmark_weights: (N, K) float32, 1 for a sure label, less for a doubtful one.
        landmark_visible: (N, K) float32, 1 for a point that can be seen, 0 for one that cannot,
            NaN where there is no label.
        head_poses: (N, 3) float32 yaw, pitch, roll in degrees; NaN where there is no label.
        pose_weights: (N,) float32, 1 for a sure pose label, less for a doubtful one.
        draw_weights: (N,) float32, how often a face is shown, relative to the others.
    """

    canvases: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    landmark_weights: NDArray[np.float32]
    landmark_visible: NDArray[np.float32]
    head_poses: NDArray[np.float32]
    pose_weights: NDArray[np.float32]
    draw_weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.canvases)

    @property
    def is_sure(self) -> NDArray[np.bool_]:
        """(N, K) whether the label of each point counts fully."""
        return np.asarray(self.landmark_weights >= 1)

    def take(self, chosen: NDArray[np.int64]) -> FaceSamples:
        """Return the faces of these indices."""
        return FaceSamples(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def save(self, path: Path) -> None:
        """Write all of it as an ``.npz`` file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> FaceSamples:
        """Read what ``save`` wrote.

        Raises:
            InvalidInputError: The file cannot be read or holds something else.
        """
        try:
            with np.load(path) as file:
                return cls(**{f.name: file[f.name] for f in fields(cls)})
        except OSError as exc:
            raise InvalidInputError(f"{path} cannot be read: {exc.strerror or exc}") from exc
        except (ValueError, KeyError, BadZipFile) as exc:
            raise InvalidInputError(f"{path} holds no packed faces") from exc

    @classmethod
    def join(cls, parts: Sequence[FaceSamples]) -> FaceSamples:
        """Return the faces of all parts, in their order."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )


def sure_samples(
    canvases: NDArray[np.uint8], landmarks: NDArray[np.float32], head_poses: NDArray[np.float32]
) -> FaceSamples:
    """Return samples whose labels count fully, each shown equally often, visibility unknown."""
    count, points = landmarks.shape[:2]
    return FaceSamples(
        canvases=canvases,
        landmarks=landmarks,
        landmark_weights=np.ones((count, points), np.float32),
        landmark_visible=np.full((count, points), np.nan, np.float32),
        head_poses=head_poses,
        pose_weights=np.ones(count, np.float32),
        draw_weights=np.ones(count, np.float32),
    )


def load_face_samples(faces: Sequence[AnnotatedFace], layout: Layout | None = None) -> FaceSamples:
    """Read the photos and cut one canvas a face, turned upright.

    How far a face is turned in the photo comes from its head pose; where there is none, from the
    line from eyes to mouth, or between the outer eye corners if its layout has no mouth. All
    points of a face that is turned by up to 25 degrees count as seen, unless its labels say
    otherwise. Points that a model placed and nobody moved or confirmed are doubtful.

    Args:
        faces: The faces.
        layout: Their layout; by default the package's one of as many points.
    """
    canvases = np.empty((len(faces), CANVAS_SIZE, CANVAS_SIZE, 3), np.uint8)
    landmarks, poses = [], []
    for canvas, face in zip(canvases, faces, strict=True):
        pose = face.head_pose
        roll = roll_of_points(face.landmarks, layout) if pose is None else roll_in_image(pose)
        canvas[:], points = upright_canvas(load_image(face.photo), face.landmarks, roll)
        landmarks.append(points)
        angles = [np.nan] * 3 if pose is None else [pose.yaw, pose.pitch, pose.roll]
        poses.append(rotate_head_pose(angles, -roll))
    samples = sure_samples(
        canvases, np.asarray(landmarks, np.float32), np.asarray(poses, np.float32).reshape(-1, 3)
    )
    spreads = np.array([face.head_pose_spread for face in faces], np.float32)
    weights = [np.where(face.is_by_hand, 1, _UNMOVED_WEIGHT) for face in faces]
    return replace(
        samples,
        landmark_weights=np.asarray(weights, np.float32).reshape(samples.landmark_weights.shape),
        landmark_visible=_visible_points(faces, samples),
        pose_weights=(1 / (1 + (spreads / 3) ** 2)).astype(np.float32),
    )


def _visible_points(faces: Sequence[AnnotatedFace], samples: FaceSamples) -> NDArray[np.float32]:
    """Return which points can be seen, by the labels or, of faces that hardly turn, all."""
    near_frontal = np.abs(samples.head_poses[:, :1]) <= _ALL_SEEN_YAW
    visible = np.where(near_frontal, np.float32(1), samples.landmark_visible)
    for row, face in zip(visible, faces, strict=True):
        if face.landmark_visible is not None:
            row[:] = face.landmark_visible >= 0.5
    return visible


def upright_canvas(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], roll: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Cut the canvas of a face out of an (H, W, 3) RGB picture, turned upright.

    Args:
        picture: The whole picture.
        landmarks: (K, 2) in it; NaN where a point has no label.
        roll: By how many degrees the face is turned clockwise.

    Returns:
        (256, 256, 3) uint8, and the (K, 2) landmarks in it.
    """
    matrix = crop_matrix(
        box_around_known(landmarks),
        crop_scale=CANVAS_SCALE,
        size=CANVAS_SIZE,
        clockwise_degrees=roll,
    )
    canvas = cut_crop(picture, matrix, (CANVAS_SIZE, CANVAS_SIZE))
    return canvas, transform_points(matrix, landmarks)


def box_around_known(landmarks: NDArray[np.float32]) -> BoundingBox:
    """Return the box around (K, 2) points but for those that are NaN."""
    return BoundingBox.around(landmarks[np.isfinite(landmarks).all(axis=1)])


def roll_of_points(landmarks: NDArray[np.float32], layout: Layout | None = None) -> float:
    """Return by how many degrees a face is turned clockwise in the image, by its landmarks.

    The line from eyes to mouth tells it of a profile too, where the eye corners lie together.

    Args:
        landmarks: (K, 2) image pixels; NaN where a point is not known.
        layout: Their layout; by default the package's one of as many points, and 0 without any.
    """
    layout = layout or layout_of_size(len(landmarks))
    if layout is None:
        return 0.0
    points = landmarks.astype(np.float64)
    eyes, mouth = (
        _points_of(layout, words) for words in (("right_eye", "left_eye"), ("lip", "mouth"))
    )
    if eyes and mouth:
        across, down = np.nanmean(points[mouth], axis=0) - np.nanmean(points[eyes], axis=0)
        return float(np.degrees(np.arctan2(-across, down)))
    right, left = points[list(layout.eye_corners)]
    return float(np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0])))


def _points_of(layout: Layout, words: tuple[str, ...]) -> list[int]:
    """Return the points of the contours whose names hold one of the words, eyebrows left out."""
    contours = (
        contour.indices
        for name, contour in layout.contours.items()
        if any(word in name for word in words) and "brow" not in name
    )
    return [index for indices in contours for index in indices]


def load_negatives(
    faces: Sequence[AnnotatedFace], *, per_photo: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut random squares that overlap the annotated face by less than an IoU of 0.3.

    Photos with several annotated faces are left out, since others may stand in them unannotated.

    Returns:
        (M, 160, 160, 3) uint8 RGB.
    """
    face_counts = Counter(photo_of(face) for face in faces)
    crops = []
    for face in (face for face in faces if face_counts[photo_of(face)] == 1):
        image = load_image(face.photo)
        for box in _negative_boxes(image, face, per_photo, generator):
            matrix = crop_matrix(box, crop_scale=1.0, size=NEGATIVE_SIZE)
            crops.append(cut_crop(image, matrix, (NEGATIVE_SIZE, NEGATIVE_SIZE)))
    return np.asarray(crops, np.uint8).reshape(-1, NEGATIVE_SIZE, NEGATIVE_SIZE, 3)


def load_faceless(folder: Path) -> NDArray[np.uint8]:
    """Cut the square in the middle of each picture of a folder; none is to show a face.

    Returns:
        (M, 160, 160, 3) uint8 RGB.

    Raises:
        InvalidInputError: The folder holds no picture, or one cannot be read.
    """
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    pictures = [path for path in found if path.suffix.lower() in _PICTURE_SUFFIXES]
    if not pictures:
        endings = ", ".join(sorted(_PICTURE_SUFFIXES))
        raise InvalidInputError(f"no picture at {folder}; needed: a folder of pictures ({endings})")
    return np.stack([_middle_square(load_image(path)) for path in pictures])


def _middle_square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    (height, width), side = picture.shape[:2], min(picture.shape[:2])
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    area = cv2.INTER_AREA
    return cv2.resize(square, (NEGATIVE_SIZE, NEGATIVE_SIZE), interpolation=area)  # type: ignore[return-value]


def _negative_boxes(
    image: NDArray[np.uint8], face: AnnotatedFace, count: int, generator: np.random.Generator
) -> Iterable[BoundingBox]:
    truth = BoundingBox.around(face.landmarks)
    face_side = truth.longer_side
    for _ in range(4 * count):
        side = face_side * np.exp(generator.uniform(np.log(0.3), np.log(2.5)))
        low = -0.2 * side
        x = generator.uniform(low, max(image.shape[1] - 0.8 * side, low + 1))
        y = generator.uniform(low, max(image.shape[0] - 0.8 * side, low + 1))
        box = BoundingBox(x, y, x + side, y + side)
        if intersection_over_union(list(truth), list(box)) < _HIGHEST_NEGATIVE_OVERLAP:
            yield box
            count -= 1
        if count == 0:
            return
