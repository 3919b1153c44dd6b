"""How well a detector finds annotated faces: in photos, in groups, when they are small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.crops import cut_crop, scaling_matrix
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection import FaceDetector
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import intersection_over_union, transform_points
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from lab.detection.damages import DAMAGES, Scene

__all__ = [
    "DetectorFigures",
    "group_mosaics",
    "measure_detector",
    "measure_kinds",
    "small_face_picture",
]

FOUND_OVERLAP = 0.5
_SAME_PLACE_OVERLAP = 0.3
_GRID, _TILE = 3, 320
_SMALL_FACE, _SMALL_CANVAS = 24.0, 320

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFigures:
    """Figures of one detector on one set of annotated faces, one a photo.

    Attributes:
        faces: Number of faces.
        recall_percent: Share found, with an IoU of at least 0.5 with the box around the landmarks.
        mean_overlap: Mean IoU of the faces found.
        nme_percent: Mean inter-ocular NME of the aligner at the boxes found.
        annotated_nme_percent: The same at the annotated boxes, all faces.
        mosaic_recall_percent: Share found in mosaics of 3 x 3 photos of 320 px each.
        small_recall_percent: Share found in pictures of 320 px where the face has 24 px.
        spurious: Boxes a photo that touch neither the annotated face nor a face that the
            reference detector finds (IoU below 0.3); None without a reference.
    """

    faces: int
    recall_percent: float
    mean_overlap: float
    nme_percent: float
    annotated_nme_percent: float
    mosaic_recall_percent: float
    small_recall_percent: float
    spurious: float | None


def measure_detector(
    detector: FaceDetector,
    faces: Sequence[AnnotatedFace],
    aligner: FaceAligner,
    *,
    reference: FaceDetector | None = None,
    on_face: Callable[[], None] = lambda: None,
) -> DetectorFigures:
    """Measure a detector.

    Args:
        detector: The detector.
        faces: Annotated faces that took no part in training.
        aligner: Gives the errors at the detected boxes.
        reference: Another detector, whose faces count as true when boxes are called spurious.
        on_face: Called after each face, to show progress.
    """
    overlaps, errors, annotated_errors, small, spurious = [], [], [], [], []
    for face in faces:
        image, truth = load_image(face.photo), BoundingBox.around(face.landmarks)
        found = detector.detect(image)
        best, overlap = _best_match(found, truth)
        overlaps.append(overlap)
        annotated_errors.append(_error(aligner, image, truth, face))
        if best is not None and overlap >= FOUND_OVERLAP:
            errors.append(_error(aligner, image, best, face))
        if reference is not None:
            known = [truth, *reference.detect(image)]
            spurious.append(_count_elsewhere(found, known))
        picture, small_box = small_face_picture(image, truth)
        small.append(_best_match(detector.detect(picture), small_box)[1])
        on_face()
    in_mosaics = [
        _best_match(found, truth)[1]
        for picture, truths in group_mosaics(faces)
        for found in [detector.detect(picture)]
        for truth in truths
    ]
    is_found = np.array(overlaps) >= FOUND_OVERLAP
    return DetectorFigures(
        faces=len(faces),
        recall_percent=_percent_found(overlaps),
        mean_overlap=float(np.array(overlaps)[is_found].mean()) if is_found.any() else 0.0,
        nme_percent=float(np.mean(errors)) if errors else float("nan"),
        annotated_nme_percent=float(np.mean(annotated_errors)),
        mosaic_recall_percent=_percent_found(in_mosaics),
        small_recall_percent=_percent_found(small),
        spurious=float(np.mean(spurious)) if reference is not None else None,
    )


def measure_kinds(detector: FaceDetector, faces: Sequence[AnnotatedFace]) -> dict[str, float]:
    """Return the share found, in percent, of the faces damaged in each way of ``DAMAGES``."""
    return {
        name: _percent_found([_overlap_in(detector, damage(face)) for face in faces])
        for name, damage in DAMAGES.items()
    }


def _overlap_in(detector: FaceDetector, scene: Scene) -> float:
    truth = BoundingBox.around(scene.landmarks)
    return _best_match(detector.detect(scene.picture), truth)[1]


def group_mosaics(faces: Sequence[AnnotatedFace]) -> Iterator[tuple[Picture, list[BoundingBox]]]:
    """Yield mosaics of 3 x 3 photos, each fitted into 320 x 320 px, and their face boxes.

    Photos left over at the end are left out.
    """
    count = _GRID * _GRID
    for start in range(0, len(faces) - count + 1, count):
        canvas = np.zeros((_GRID * _TILE, _GRID * _TILE, 3), np.uint8)
        boxes = []
        for index, face in enumerate(faces[start : start + count]):
            top, left = (_TILE * place for place in divmod(index, _GRID))
            image = load_image(face.photo)
            matrix = scaling_matrix(_TILE / max(image.shape[:2]))
            canvas[top : top + _TILE, left : left + _TILE] = cut_crop(image, matrix, (_TILE, _TILE))
            points = transform_points(matrix, face.landmarks) + np.array([left, top])
            boxes.append(BoundingBox.around(points))
        yield canvas, boxes


def small_face_picture(image: Picture, truth: BoundingBox) -> tuple[Picture, BoundingBox]:
    """Shrink a photo so that its face has 24 px, into the top left of a black 320 x 320 picture."""
    matrix = scaling_matrix(_SMALL_FACE / truth.longer_side)
    picture = cut_crop(image, matrix, (_SMALL_CANVAS, _SMALL_CANVAS))
    corners = transform_points(matrix, np.reshape(list(truth), (2, 2)))
    return picture, BoundingBox.around(corners)


def _best_match(
    boxes: Sequence[BoundingBox], truth: BoundingBox
) -> tuple[BoundingBox | None, float]:
    """Return the box that overlaps the true one best, and its IoU."""
    if not boxes:
        return None, 0.0
    overlaps = intersection_over_union([list(box) for box in boxes], list(truth))[:, 0]
    best = int(overlaps.argmax())
    return boxes[best], float(overlaps[best])


def _count_elsewhere(boxes: Sequence[BoundingBox], known: Sequence[BoundingBox]) -> int:
    overlaps = intersection_over_union([list(box) for box in boxes], [list(box) for box in known])
    return int((overlaps.max(axis=1, initial=0) < _SAME_PLACE_OVERLAP).sum())


def _error(
    aligner: FaceAligner, image: Picture, box: BoundingBox, annotated: AnnotatedFace
) -> float:
    face = aligner.predict(image, box, color="rgb")[0]
    return float(inter_ocular_nme(face.landmarks, annotated.landmarks, aligner.layout))


def _percent_found(overlaps: Sequence[float]) -> float:
    return 100 * float(np.mean(np.array(overlaps) >= FOUND_OVERLAP)) if overlaps else float("nan")
