"""What training minimises: how landmarks and head pose are judged.

Where a network also predicts error radius and face score, every objective trains those with their
own losses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from asmnet_sdk.training.batches import Batch, BatchSource
from asmnet_sdk.training.losses import (
    asm_assisted_loss,
    asm_weight,
    error_radius_loss,
    head_pose_loss,
    head_pose_mse,
    rotation_loss,
    visibility_loss,
    wing_loss,
)
from asmnet_sdk.training.networks import Prediction
from asmnet_sdk.training.placing import place_face
from asmnet_sdk.training.shape_model import ShapeModel

__all__ = [
    "OBJECTIVES",
    "AsmObjective",
    "Losses",
    "Objective",
    "fit_shape_model",
    "mse_objective",
    "wing_objective",
]

Losses: TypeAlias = dict[str, Tensor]
"""Weighted losses by name; training minimises their sum."""

Objective: TypeAlias = Callable[[Prediction, Batch, int], Losses]
"""Judges the prediction of a batch in an epoch, which counts from 0."""

_WING_POSE_WEIGHT = 0.3
_PAPER_POSE_WEIGHT = 0.5
_RADIUS_WEIGHT = 0.1
_VISIBLE_WEIGHT = 0.5


def wing_objective(predicted: Prediction, batch: Batch, epoch: int) -> Losses:
    """Wing loss, in percent of the crop side, and weighted absolute errors of the angles."""
    landmarks, head_pose = _of_faces(predicted, batch)
    if predicted.rotation is None:
        pose_loss = head_pose_loss(head_pose, batch.head_poses, batch.pose_weights)
    else:
        rotation = predicted.rotation[: len(landmarks)]
        pose_loss = rotation_loss(rotation, batch.head_poses, batch.pose_weights)
    return {
        "landmarks": 100 * wing_loss(landmarks, batch.landmarks, batch.landmark_weights),
        "head_pose": _WING_POSE_WEIGHT * pose_loss,
    } | _further_losses(predicted, batch)


def mse_objective(predicted: Prediction, batch: Batch, epoch: int) -> Losses:
    """The paper's loss without the shape model, which trained its networks "nr"."""
    landmarks, head_pose = _of_faces(predicted, batch)
    return {
        "landmarks": F.mse_loss(landmarks, batch.landmarks),
        "head_pose": _PAPER_POSE_WEIGHT * head_pose_mse(head_pose, batch.head_poses),
    } | _further_losses(predicted, batch)


@dataclass(frozen=True, slots=True, eq=False)
class AsmObjective:
    """The paper's ASM-assisted loss: first the smooth shape counts most, then the exact one."""

    shape_model: ShapeModel
    epochs: int

    def __call__(self, predicted: Prediction, batch: Batch, epoch: int) -> Losses:
        """Judge the prediction of a batch in an epoch, which counts from 0."""
        landmarks, head_pose = _of_faces(predicted, batch)
        truth = batch.landmarks.cpu().numpy()
        smoothed = torch.from_numpy(self.shape_model.smooth(truth)).to(landmarks)
        weight = asm_weight(epoch, self.epochs)
        return {
            "landmarks": asm_assisted_loss(landmarks, batch.landmarks, smoothed, weight=weight),
            "head_pose": _PAPER_POSE_WEIGHT * head_pose_mse(head_pose, batch.head_poses),
        } | _further_losses(predicted, batch)


def fit_shape_model(source: BatchSource, *, placements: int = 8) -> ShapeModel:
    """Make the shape model of a run of its training crops, each face placed several times."""
    recipe, faces = source.recipe, source.faces
    generator = np.random.default_rng(recipe.seed)
    shapes = [
        place_face(
            source.labels_of(int(i)),
            source.layout,
            crop_scale=recipe.crop_scale,
            size=recipe.size,
            jitter=recipe.jitter,
            generator=generator,
        ).labels.landmarks
        for i in np.flatnonzero(np.isfinite(faces.landmarks).all(axis=(1, 2)))
        for _ in range(placements)
    ]
    return ShapeModel.fit(np.stack(shapes))


def _make_asm_objective(source: BatchSource, folder: Path) -> AsmObjective:
    shape_model = fit_shape_model(source)
    shape_model.save(folder / "shape_model.npz")
    return AsmObjective(shape_model, source.recipe.epochs)


OBJECTIVES: Mapping[str, Callable[[BatchSource, Path], Objective]] = MappingProxyType(
    {
        "wing": lambda source, folder: wing_objective,
        "mse": lambda source, folder: mse_objective,
        "asm": _make_asm_objective,
    }
)
"""Name -> maker of the objective of a run, which may leave files in the run folder."""


def _of_faces(predicted: Prediction, batch: Batch) -> tuple[Tensor, Tensor]:
    count = len(batch.landmarks)
    return predicted.landmarks[:count], predicted.head_pose[:count]


def _further_losses(predicted: Prediction, batch: Batch) -> Losses:
    losses: Losses = {}
    count = len(batch.landmarks)
    if (log_sigma := predicted.landmark_log_sigma) is not None:
        radius = error_radius_loss(
            log_sigma[:count],
            predicted.landmarks[:count],
            batch.landmarks,
            batch.landmark_weights,
        )
        losses["radius"] = _RADIUS_WEIGHT * radius
    if (logits := predicted.landmark_visible_logit) is not None:
        losses["visible"] = _VISIBLE_WEIGHT * visibility_loss(
            logits[:count], batch.landmark_visible
        )
    if (face_logit := predicted.face_logit) is not None:
        is_face = (torch.arange(len(face_logit), device=face_logit.device) < count).float()
        losses["face"] = F.binary_cross_entropy_with_logits(face_logit.float(), is_face)
    return losses
