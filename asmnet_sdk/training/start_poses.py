"""Head poses of faces without a label, as what a run starts from sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.results import Face
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.samples import FaceSamples, box_around_known

__all__ = ["PoseTeacher", "file_poses", "network_poses", "with_start_poses"]

PoseTeacher: TypeAlias = Callable[[FaceSamples], NDArray[np.float32]]
"""Gives (N, 3) yaw, pitch, roll in degrees of N faces, as they lie on their canvases."""

_SURE = 0.5
_BOX_FACTORS = (1.0, 1.5, 2.0)  # points of some layouts lie closer together than a face is large


def with_start_poses(samples: FaceSamples, teacher: PoseTeacher) -> FaceSamples:
    """Give faces without a pose label the pose that the teacher sees.

    So a run on photos without pose labels does not forget head pose (learning without forgetting,
    Li and Hoiem, ECCV 2016).
    """
    unknown = np.flatnonzero(~np.isfinite(samples.head_poses).all(axis=1))
    if not len(unknown):
        return samples
    head_poses = samples.head_poses.copy()
    head_poses[unknown] = teacher(samples.take(unknown))
    return replace(samples, head_poses=head_poses)


def file_poses(file: Path) -> PoseTeacher:
    """Return a model file as a teacher, which gives NaN to what it does not take for a face.

    It looks as prediction does, so its layout may be another than that of the faces.
    """
    aligner = FaceAligner(file, device="cpu")

    def teacher(samples: FaceSamples) -> NDArray[np.float32]:
        boxes = [
            [box_around_known(points).scaled(factor) for factor in _BOX_FACTORS]
            for points in samples.landmarks
        ]
        found = aligner.predict_batch(list(samples.canvases), boxes, color="rgb")
        return np.array([_surest_pose(faces) for faces in found], np.float32)

    return teacher


def _surest_pose(faces: Sequence[Face]) -> tuple[float, float, float]:
    scores = [1.0 if face.score is None else face.score for face in faces]
    if max(scores) < _SURE:
        return (np.nan, np.nan, np.nan)
    pose = faces[scores.index(max(scores))].head_pose
    return (pose.yaw, pose.pitch, pose.roll)


def network_poses(network: FaceNetwork, recipe: Recipe) -> PoseTeacher:
    """Return a network as a teacher, whose pose output means something; it is left evaluating."""

    def teacher(samples: FaceSamples) -> NDArray[np.float32]:
        crops, _ = upright_crops(samples, size=recipe.size, crop_scale=recipe.crop_scale)
        poses: NDArray[np.float32] = predict_crops(network, crops).head_pose.numpy()
        return poses

    return teacher
