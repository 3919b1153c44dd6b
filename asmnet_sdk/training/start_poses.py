"""Head poses of faces without a label, as what a run starts from sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.landmarks.contract import read_contract
from asmnet_sdk.layouts import Layout
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["PoseTeacher", "file_poses", "network_poses", "with_start_poses"]

PoseTeacher: TypeAlias = Callable[[FaceSamples], NDArray[np.float32]]
"""Gives (N, 3) yaw, pitch, roll in degrees of N faces, as they lie on their canvases."""


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


def file_poses(file: Path, layout: Layout) -> PoseTeacher | None:
    """Return a model file as a teacher; None for one of another layout.

    Its crops would lie elsewhere: they are cut around the points of the faces.
    """
    session = OnnxSession(file, device="cpu")
    metadata, known = read_contract(session)
    if known != layout:
        return None

    def teacher(samples: FaceSamples) -> NDArray[np.float32]:
        crops, _ = upright_crops(samples, size=metadata.input_size, crop_scale=metadata.crop_scale)
        return session.run({"image": crops})["head_pose"]

    return teacher


def network_poses(network: FaceNetwork, recipe: Recipe) -> PoseTeacher:
    """Return a network as a teacher, whose pose output means something; it is left evaluating."""

    def teacher(samples: FaceSamples) -> NDArray[np.float32]:
        crops, _ = upright_crops(samples, size=recipe.size, crop_scale=recipe.crop_scale)
        poses: NDArray[np.float32] = predict_crops(network, crops).head_pose.numpy()
        return poses

    return teacher
