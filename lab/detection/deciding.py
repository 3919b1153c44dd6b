"""From looks to labels: which places are faces, and where their boxes lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import (
    intersection_over_union,
    invert,
    scale_of,
    transform_points,
    wrap_angle,
)
from asmnet_sdk.results import BoundingBox
from lab.detection.labels import LabelledFace, oval
from lab.detection.looks import CROP_SCALE, CROP_SIZE, Look, Looker
from lab.detection.teachers import Candidate

__all__ = ["BoxFit", "decide"]

_VOTES = {"yunet": 0.7, "mediapipe": 0.6, "landmarks": 0.7}
_NEEDED_VOTES = 2
_SMALLEST_SIDE = 10.0
_SURE_LANDMARKS, _LARGEST_SIGMA, _LEAST_AGREEMENT = 0.8, 0.05, 0.6
_TURNED_YAW = 55.0
# Turned farther, hands and knees pass for faces with every judge: such places stay open.
_MOST_TILT = 50.0
_CLOSE_CALL, _OTHER_TILT = 0.12, 60.0


class BoxFit:
    """A linear map from YuNet's box and five points to the box around 68 landmarks, both upright.

    Args:
        looks: Looks at annotated faces.
        points: The annotated points of each in the photo, rows of NaN where unknown.
    """

    def __init__(self, looks: Sequence[Look], points: Sequence[NDArray[np.floating]]) -> None:
        rows, targets = [], []
        for look, known in zip(looks, points, strict=True):
            if look.yunet is None:
                continue
            in_crop = transform_points(invert(look.to_photo), known)
            truth = np.concatenate([np.nanmin(in_crop, axis=0), np.nanmax(in_crop, axis=0)])
            center, size = _frame(look.yunet)
            rows.append(_features(look.yunet))
            targets.append((truth.reshape(2, 2) - center).reshape(4) / np.tile(size, 2))
        design = np.stack(rows)
        ridge = 0.1 * np.eye(design.shape[1])
        self.weights = np.linalg.solve(design.T @ design + ridge, design.T @ np.stack(targets))

    def box(self, candidate: Candidate) -> NDArray[np.float64]:
        """Return the (4,) face box of what YuNet found in an upright crop."""
        center, size = _frame(candidate)
        edges = (_features(candidate) @ self.weights).reshape(2, 2)
        return np.asarray(edges * size + center).reshape(4)


def _frame(candidate: Candidate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = candidate.box[:2], candidate.box[2:]
    return (low + high) / 2, high - low


def _features(candidate: Candidate) -> NDArray[np.float64]:
    center, size = _frame(candidate)
    return np.append(((candidate.five - center) / size).reshape(-1), 1.0)


def decide(
    looks: Sequence[Look], fit: BoxFit, looker: Looker, known: Sequence[LabelledFace] = ()
) -> tuple[list[LabelledFace], NDArray[np.float32]]:
    """Return the sure faces of a photo, those known first, and (M, 4) doubtful boxes."""
    faces = list(known)
    doubtful: list[NDArray[np.float32]] = []
    for group in _groups(looks):
        best = group[0]
        face = _face(group, fit, looker)
        box = _bounds(face.points if face is not None else _place(best))
        taken = np.array([_bounds(other.points) for other in faces]).reshape(-1, 4)
        if intersection_over_union(box, taken).max(initial=0) >= 0.3:
            continue
        if _shares_a_middle(box, taken):
            face = None
        if face is not None:
            faces.append(face)
        else:
            doubtful.append(box)
    return faces, np.array(doubtful, np.float32).reshape(-1, 4)


def _groups(looks: Sequence[Look]) -> list[list[Look]]:
    """Put looks at one place together, the best one first."""
    groups: list[list[Look]] = []
    for look in sorted(looks, key=_quality, reverse=True):
        box = _bounds(_place(look))
        for group in groups:
            if intersection_over_union(box, _bounds(_place(group[0])))[0, 0] > 0.3:
                group.append(look)
                break
        else:
            groups.append([look])
    return groups


def _quality(look: Look) -> float:
    yunet = 0.0 if look.yunet is None else look.yunet.score
    return (yunet + look.mediapipe + look.face_score) / 3 - look.sigma


def _face(group: Sequence[Look], fit: BoxFit, looker: Looker) -> LabelledFace | None:
    best = group[0]
    if best.yunet is None or not _is_face(best) or abs(best.turn) > _MOST_TILT:
        return None
    box = fit.box(best.yunet)
    has_landmarks = _landmarks_fit(best, box)
    in_crop = best.landmarks if has_landmarks else oval(box)
    points = transform_points(best.to_photo, in_crop).astype(np.float32)
    if (points.max(axis=0) - points.min(axis=0)).max() < _SMALLEST_SIDE:
        return None
    if has_landmarks and abs(best.yaw) < _TURNED_YAW:
        roll = looker.roll_of_landmarks(best)
    else:
        five = transform_points(best.to_photo, best.yunet.five)
        roll = looker.head.roll_of(five, looker.head.five)
    is_clear = all(
        _quality(best) - _quality(other) > _CLOSE_CALL or _apart(best, other) < _OTHER_TILT
        for other in group[1:]
    )
    return LabelledFace(points=points, roll=roll if is_clear else float("nan"))


def _is_face(look: Look) -> bool:
    assert look.yunet is not None
    scores = {
        "yunet": look.yunet.score,
        "mediapipe": look.mediapipe,
        "landmarks": look.face_score,
    }
    return sum(scores[name] >= least for name, least in _VOTES.items()) >= _NEEDED_VOTES


def _landmarks_fit(look: Look, box: NDArray[np.float64]) -> bool:
    placed = list(BoundingBox.around(look.landmarks))
    return bool(
        look.face_score >= _SURE_LANDMARKS
        and look.sigma <= _LARGEST_SIGMA
        and intersection_over_union(placed, box)[0, 0] >= _LEAST_AGREEMENT
    )


def _apart(look: Look, other: Look) -> float:
    return abs(wrap_angle(look.turn - other.turn))


def _place(look: Look) -> NDArray[np.float64]:
    """Return opposite corners of the place in the photo that a look is about."""
    center = transform_points(look.to_photo, [(CROP_SIZE - 1) / 2] * 2)
    half = CROP_SIZE / CROP_SCALE / 2 * scale_of(look.to_photo)
    return np.stack([center - half, center + half])


def _shares_a_middle(box: NDArray[np.float32], others: NDArray[np.float32]) -> bool:
    """Say whether a box holds the middle of another one, or the other way round."""
    middle, middles = (box[:2] + box[2:]) / 2, (others[:, :2] + others[:, 2:]) / 2
    holds = ((middles > box[:2]) & (middles < box[2:])).all(axis=1)
    is_held = ((middle > others[:, :2]) & (middle < others[:, 2:])).all(axis=1)
    return bool((holds | is_held).any())


def _bounds(points: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
