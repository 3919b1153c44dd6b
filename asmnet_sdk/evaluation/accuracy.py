"""Accuracy of an aligner on annotated photos, by subset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.detection.choosing import ChosenDetector
from asmnet_sdk.detection.protocol import DetectorInput
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.evaluation.groups import Grouping, groups_by, subsets_and_attributes
from asmnet_sdk.evaluation.intervals import mean_interval
from asmnet_sdk.evaluation.metrics import (
    area_under_curve,
    failure_rate,
    head_pose_errors,
    inter_ocular_nme,
    rotation_errors,
)
from asmnet_sdk.evaluation.results import FaceResult
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import IBUG_68, LAYOUTS, Layout, convert_landmarks, is_convertible
from asmnet_sdk.results import BoundingBox, HeadPose

__all__ = ["FaceResult", "SubsetFigures", "evaluate", "predict_at", "summarise"]

_FOUND_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetFigures:
    """Accuracy on one subset.

    Attributes:
        subset: Its name, an attribute or a range; ``"all"`` for the whole set.
        faces: Number of annotated faces.
        missed: Faces that the detector did not find (IoU with the annotated box below 0.5; of
            points that do not span a face: less than half of the smaller box shared).
        nme_percent: Mean inter-ocular NME of the faces found.
        nme_interval_percent: What holds that mean with a probability of 95 % (bootstrap over the
            faces); None for fewer than two.
        failure_rate_percent: Share of faces with an NME above 8 %, missed ones included.
        auc: Area under the cumulative error curve up to 8 %, missed faces count as failures.
        head_pose_errors_degrees: Mean absolute errors of yaw, pitch, roll; None without labels.
        rotation_error_degrees: Mean angle of the one turn that leads from the annotated head pose
            to the predicted one; None without labels.
    """

    subset: str
    faces: int
    missed: int
    nme_percent: float
    failure_rate_percent: float
    auc: float
    head_pose_errors_degrees: tuple[float, float, float] | None
    rotation_error_degrees: float | None = None
    nme_interval_percent: tuple[float, float] | None = None


def evaluate(
    aligner: FaceAligner,
    annotated_faces: Sequence[AnnotatedFace],
    *,
    detector: DetectorInput | None = None,
    on_face: Callable[[], None] = lambda: None,
) -> list[FaceResult]:
    """Run an aligner over annotated faces.

    Args:
        aligner: The aligner.
        annotated_faces: Photos with landmarks.
        detector: None: crops come from the annotated boxes. Else: from the detected box that
            overlaps the annotated one best.
        on_face: Called after each face, to show progress.

    Raises:
        InvalidInputError: The model's landmarks cannot be compared with those annotated, or both
            eye corners of an annotated face are one point; or crops are to come from the annotated
            boxes, but the points span no face and the model has more of them.
    """
    layouts = [_judged_points(aligner, annotated)[0] for annotated in annotated_faces]
    if detector is None:
        _require_faces(aligner.layout, layouts)
    chosen = None if detector is None else ChosenDetector(detector)
    results = []
    for annotated, layout in zip(annotated_faces, layouts, strict=True):
        image = load_image(annotated.photo)
        truth = BoundingBox.around(annotated.landmarks)
        box = truth if chosen is None else _best_match(chosen.find(image), truth, layout)
        results.append(predict_at(aligner, annotated, image, box))
        on_face()
    return results


def _require_faces(layout: Layout, judged: Sequence[Layout]) -> None:
    """Refuse boxes around a few points within a face where a model needs the whole face."""
    for points in judged:
        if points != layout and not is_convertible(points, IBUG_68):
            raise InvalidInputError(
                f"the {points.point_count} annotated points do not span a face, and a model of "
                f"{layout.name} needs crops of whole faces: use detected boxes "
                "(asmnet evaluate --boxes detected)"
            )


def predict_at(
    aligner: FaceAligner,
    annotated: AnnotatedFace,
    image: NDArray[np.uint8],
    box: BoundingBox | None,
) -> FaceResult:
    """Predict an annotated face in a given box, and judge it at the points that both have.

    Args:
        aligner: The aligner.
        annotated: The face and its labels.
        image: Its photo, (H, W, 3) uint8 RGB.
        box: Where the face is looked for; None for one that was not found.

    Raises:
        InvalidInputError: The model's landmarks cannot be compared with those annotated.
    """
    layout, truth = _judged_points(aligner, annotated)
    if box is None:
        return FaceResult(annotated=annotated, face=None, nme_percent=np.inf)
    face = aligner.predict(image, box, color="rgb")[0].to_layout(layout)
    nme = inter_ocular_nme(face.landmarks, truth, layout)
    return FaceResult(annotated=annotated, face=face, nme_percent=float(nme))


def summarise(results: Sequence[FaceResult], *, by: Sequence[Grouping] = ()) -> list[SubsetFigures]:
    """Return the figures of each subset, of the faces of each attribute and range, and of all.

    Those of all are left out where they would be the only other row.

    Args:
        results: What ``evaluate`` gave.
        by: Ranges that get a row each.
    """
    groups = subsets_and_attributes(results)
    groups += [group for grouping in by for group in groups_by(grouping, results)]
    figures = [_figures(name, group) for name, group in groups]
    return figures if len(figures) == 1 else [*figures, _figures("all", results)]


def _judged_points(
    aligner: FaceAligner, annotated: AnnotatedFace
) -> tuple[Layout, NDArray[np.float32]]:
    """Return the layout of the annotated points and the points, or both as the model has them."""
    points = len(annotated.landmarks)
    candidates = [aligner.layout, *LAYOUTS.values()]
    layout = next((layout for layout in candidates if layout.point_count == points), None)
    if layout is not None and is_convertible(aligner.layout, layout):
        judged, truth = layout, annotated.landmarks
    elif layout is not None and is_convertible(layout, aligner.layout):
        judged = aligner.layout
        truth = convert_landmarks(annotated.landmarks, layout, judged)
    else:
        raise InvalidInputError(
            f"{annotated.photo} has {points} annotated points, which cannot be compared with the "
            f"{aligner.layout.point_count} of the model {aligner.model.name}"
        )
    right, left = judged.eye_corners
    if (truth[right] == truth[left]).all():
        raise InvalidInputError(
            f"{annotated.photo}: the outer eye corners are one point, so its error has no unit"
        )
    return judged, truth


def _best_match(
    boxes: Sequence[BoundingBox], truth: BoundingBox, layout: Layout
) -> BoundingBox | None:
    """Return the detected box of an annotated face, if there is one."""
    if not boxes:
        return None
    overlaps = intersection_over_union([list(box) for box in boxes], list(truth))[:, 0]
    best = boxes[int(overlaps.argmax())]
    overlap = float(overlaps.max())
    if not is_convertible(layout, IBUG_68):  # detected boxes span a face, these points need not
        shared = overlap / (1 + overlap) * (best.area + truth.area)
        overlap = shared / min(best.area, truth.area)
    return best if overlap >= _FOUND_OVERLAP else None


def _figures(subset: str, results: Sequence[FaceResult]) -> SubsetFigures:
    nme = np.array([result.nme_percent for result in results])
    found = nme[np.isfinite(nme)]
    poses = _head_poses(results)
    return SubsetFigures(
        subset=subset,
        faces=len(results),
        missed=sum(result.face is None for result in results),
        nme_percent=float(found.mean()) if len(found) else float("nan"),
        failure_rate_percent=failure_rate(nme),
        auc=area_under_curve(nme),
        head_pose_errors_degrees=None if poses is None else _mean_errors(*poses),
        rotation_error_degrees=None if poses is None else float(rotation_errors(*poses).mean()),
        nme_interval_percent=mean_interval(found),
    )


def _head_poses(
    results: Sequence[FaceResult],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return predicted and annotated yaw, pitch, roll where both are known; None if nowhere."""
    pairs = [
        (_angles(result.face.head_pose), _angles(result.annotated.head_pose))
        for result in results
        if result.face is not None and result.annotated.head_pose is not None
    ]
    if not pairs:
        return None
    predicted, truth = (np.array(angles) for angles in zip(*pairs, strict=True))
    return predicted, truth


def _mean_errors(
    predicted: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[float, float, float]:
    yaw, pitch, roll = head_pose_errors(predicted, truth).tolist()
    return yaw, pitch, roll


def _angles(pose: HeadPose) -> NDArray[np.float64]:
    return np.array([pose.yaw, pose.pitch, pose.roll])
