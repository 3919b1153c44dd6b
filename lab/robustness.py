"""How a model bears careless boxes, turned heads, closed eyes, and crops without a face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.accuracy import FaceResult, predict_at
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox, Face
from asmnet_sdk.training.samples import load_negatives

__all__ = ["GroupFigures", "Robustness", "area_under_roc", "measure_robustness", "shaken_box"]

_SCALE, _SHIFT = 0.10, 0.08
_NEGATIVES_PER_PHOTO = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """Mean NME of some of the faces."""

    group: str
    faces: int
    nme_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What a card says beside plain accuracy.

    Attributes:
        shaken_nme_percent: Mean NME with annotated boxes scaled by up to 10 % and moved by up to
            8 % of their longer side.
        groups: Mean NME by annotated yaw, and of faces whose annotated eyes are closed.
        face_score_auc: Area under the ROC curve of the face score, faces at their boxes against
            random crops that overlap the face by an IoU below 0.3; None without a score.
    """

    shaken_nme_percent: float
    groups: Sequence[GroupFigures]
    face_score_auc: float | None


def measure_robustness(
    aligner: FaceAligner, faces: Sequence[AnnotatedFace], results: Sequence[FaceResult]
) -> Robustness:
    """Measure on annotated faces, whose results at the annotated boxes are known."""
    generator = np.random.default_rng(0)
    shaken = [_nme_at(aligner, face, shaken_box(face, generator)) for face in faces]
    return Robustness(
        shaken_nme_percent=float(np.mean(shaken)),
        groups=_groups(results),
        face_score_auc=_face_score_auc(aligner, faces, results, generator),
    )


def shaken_box(face: AnnotatedFace, generator: np.random.Generator) -> BoundingBox:
    """Scale and move the annotated box by chance, evenly within 10 % and 8 %."""
    box = BoundingBox.around(face.landmarks)
    side = box.longer_side
    scale = 1 + generator.uniform(-_SCALE, _SCALE)
    x, y = np.add(box.center, side * generator.uniform(-_SHIFT, _SHIFT, size=2))
    half_width, half_height = scale * box.width / 2, scale * box.height / 2
    return BoundingBox(x - half_width, y - half_height, x + half_width, y + half_height)


def _nme_at(aligner: FaceAligner, face: AnnotatedFace, box: BoundingBox) -> float:
    return predict_at(aligner, face, load_image(face.photo), box).nme_percent


def _groups(results: Sequence[FaceResult]) -> list[GroupFigures]:
    members: dict[str, Callable[[AnnotatedFace], bool]] = {
        "turned (yaw) up to 15 degrees": lambda face: _turn(face) <= 15,
        "turned 15 to 30 degrees": lambda face: 15 < _turn(face) <= 30,
        "turned above 30 degrees": lambda face: _turn(face) > 30,
        "eyes closed (annotated aspect ratio below 0.15)": _has_closed_eyes,
    }
    groups = []
    for group, is_member in members.items():
        nme = [result.nme_percent for result in results if is_member(result.annotated)]
        if nme:
            groups.append(
                GroupFigures(group=group, faces=len(nme), nme_percent=float(np.mean(nme)))
            )
    return groups


def _turn(face: AnnotatedFace) -> float:
    """Return the annotated |yaw|; NaN, which belongs to no group, without a label."""
    return float("nan") if face.head_pose is None else abs(face.head_pose.yaw)


def _has_closed_eyes(face: AnnotatedFace) -> bool:
    if len(face.landmarks) != 68 or face.head_pose is None:
        return False
    box = BoundingBox.around(face.landmarks)
    eyes = Face(landmarks=face.landmarks, head_pose=face.head_pose, box=box).eye_openness
    return max(eyes) < 0.15


def _face_score_auc(
    aligner: FaceAligner,
    faces: Sequence[AnnotatedFace],
    results: Sequence[FaceResult],
    generator: np.random.Generator,
) -> float | None:
    positive = [
        result.face.score
        for result in results
        if result.face is not None and result.face.score is not None
    ]
    if not positive:
        return None
    crops = load_negatives(faces, per_photo=_NEGATIVES_PER_PHOTO, generator=generator)
    negative = [aligner.predict_crop(crop, color="rgb").score or 0.0 for crop in crops]
    return area_under_roc(positive, negative)


def area_under_roc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Return the chance that a positive scores higher than a negative; ties count half."""
    high: NDArray[np.float64] = np.asarray(positive, np.float64)[:, None]
    low: NDArray[np.float64] = np.asarray(negative, np.float64)[None, :]
    return float(np.mean(high > low) + 0.5 * np.mean(high == low))
