"""The training of landmark networks: their schedule, losses, validation, early stopping."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from asmnet_sdk.evaluation.metrics import head_pose_errors, inter_ocular_nme
from asmnet_sdk.training.batches import Batch, BatchSource
from asmnet_sdk.training.blending import JudgedFaces, Start, blend_with
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.loop import CPU, Record, TrainingLoop
from asmnet_sdk.training.networks import FaceNetwork, Prediction
from asmnet_sdk.training.objectives import Losses, Objective
from asmnet_sdk.training.samples import FaceSamples
from asmnet_sdk.training.torch_files import save_state

__all__ = ["Trainer"]

BEST_FILE = "best.pt"

# Large first errors of a head pose that starts anew would drown what a start knows of landmarks.
_NEW_POSE_WEIGHT = 0.02

# Error in % of the longer side of the face box: unlike an NME, no single profile rules its mean.
_JUDGED_BY = "val_error"

# Measuring and saving takes as long as dozens of batches; epochs of few photos have a handful.
_EPOCHS_A_CHECKPOINT, _BATCHES_A_CHECKPOINT = 5, 150


class Trainer(TrainingLoop[Batch]):
    """Trains one landmark network.

    Args:
        network: What is trained.
        objective: What is minimised.
        source: The batches.
        validation: Faces that measure each checkpoint.
        further_validation: Name -> further faces that measure it, by the error in percent of the
            longer side of the face box.
        start: What the network starts from, where its recipe blends.
        folder: As for ``TrainingLoop``.
        device: As for ``TrainingLoop``.

    Attributes:
        blended: After ``blend``: the share of the trained weights, and what they err.
    """

    network: FaceNetwork
    recipe: Recipe

    def __init__(
        self,
        network: FaceNetwork,
        objective: Objective,
        source: BatchSource,
        *,
        validation: FaceSamples,
        further_validation: Mapping[str, FaceSamples] = MappingProxyType({}),
        folder: Path,
        start: Start | None = None,
        device: torch.device = CPU,
    ) -> None:
        self.objective = objective
        self.start = start
        if start is not None and any("pose" in name for name in start.fresh):
            self.loss_weights = {"head_pose": _NEW_POSE_WEIGHT}
        self.blended: Record = {}
        self.source = source
        self.epochs_a_checkpoint = max(
            _EPOCHS_A_CHECKPOINT, math.ceil(_BATCHES_A_CHECKPOINT / len(source))
        )
        self.validation = validation
        self.further_validation = further_validation
        if source.recipe.frozen_blocks:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            network.trunk.freeze_start(source.recipe.frozen_blocks)
        super().__init__(network, source.recipe, folder=folder, device=device)

    def _make_schedule(self) -> LRScheduler:
        return OneCycleLR(
            self.optimizer,
            self.recipe.learning_rate,
            total_steps=self.recipe.epochs * len(self.source),
            pct_start=0.15,
        )

    def _begin_epoch(self) -> None:
        super()._begin_epoch()
        if self.recipe.frozen_norms:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    @property
    def averaged_network(self) -> FaceNetwork:
        """The network with averaged weights: what a run is for."""
        return cast(FaceNetwork, self.average.module)

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch is done, or the error has not fallen for too long."""
        return self.epoch >= self.recipe.epochs or self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether so many validations as the recipe's patience says brought no lower error."""
        errors = self._errors()
        since_best = len(errors) - 1 - errors.index(min(errors)) if errors else 0
        return 0 < self.recipe.patience <= since_best

    def take_best(self) -> None:
        """Give the averaged network its best weights, where the recipe's patience kept them."""
        path = self.folder / BEST_FILE
        if self.recipe.patience and path.exists():
            best = torch.load(path, weights_only=True, map_location=self.device)
            self.averaged_network.load_state_dict(best)

    def blend(self, old: FaceSamples | None) -> None:
        """Give the averaged network the weights between its start and its own that err least.

        Args:
            old: Faces like those that the start had learned from, on which the error may rise by
                as much as the recipe says.
        """
        if self.start is None or not self.recipe.blend or self.best["epoch"] == 0:
            return
        share = blend_with(
            self.start,
            self.averaged_network,
            self._judged(self.validation),
            None if old is None else self._judged(old),
            may_forget=self.recipe.may_forget,
        )
        self.blended = {"share": share} | self._validate()

    def _judged(self, faces: FaceSamples) -> JudgedFaces:
        recipe = self.recipe
        crops, truth = upright_crops(faces, size=recipe.size, crop_scale=recipe.crop_scale)
        return JudgedFaces(crops, np.where(faces.is_sure[..., None], truth, np.float32(np.nan)))

    @property
    def best(self) -> Record:
        """What the log says of the weights that the run is for: the best, or the last."""
        validated = [record for record in self.records if _JUDGED_BY in record]
        if not self.recipe.patience:
            return validated[-1]
        return min(validated, key=lambda record: record[_JUDGED_BY])

    def measure_start(self) -> Record:
        """Validate what the run starts from: no run ends with weights that are worse.

        Returns:
            What the log says of it, as of epoch 0.
        """
        record: Record = {"epoch": 0, "seconds": 0.0} | self._validate()
        self._note(record)
        self._keep_if_best()
        return record

    def _errors(self) -> list[float]:
        return [record[_JUDGED_BY] for record in self.records if _JUDGED_BY in record]

    def _save(self) -> None:
        super()._save()
        self._keep_if_best()

    def _keep_if_best(self) -> None:
        errors = self._errors()
        if self.recipe.patience and errors[-1] == min(errors):
            save_state(self.averaged_network.state_dict(), self.folder / BEST_FILE)

    def _batches(self) -> Iterator[Batch]:
        return self.source.epoch(self.epoch)

    def _losses(self, batch: Batch) -> Losses:
        batch = batch.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._has_bfloat16):
            predicted: Prediction = self.network(batch.images)
        return self.objective(predicted, batch, self.epoch)

    @property
    def _has_bfloat16(self) -> bool:
        """Whether the device computes it; elsewhere it is many times slower."""
        return self.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()

    def _validate(self) -> Record:
        crops, truth = upright_crops(
            self.validation, size=self.recipe.size, crop_scale=self.recipe.crop_scale
        )
        predicted = predict_crops(self.averaged_network, crops)
        is_sure = self.validation.is_sure  # the other points are as the start placed them
        landmarks = np.where(is_sure[..., None], predicted.landmarks.numpy(), truth)
        nme = inter_ocular_nme(landmarks, truth, self.source.layout) / is_sure.mean(axis=1)
        apart = np.linalg.norm(landmarks - truth, axis=2)[is_sure]
        figures = {_JUDGED_BY: 100 * self.recipe.crop_scale * float(apart.mean())}
        figures["val_nme"] = float(nme.mean())
        known = np.isfinite(self.validation.head_poses).all(axis=1)
        if known.any():
            head_pose = predicted.head_pose.numpy()[known]
            errors = head_pose_errors(head_pose, self.validation.head_poses[known]).tolist()
            figures |= dict(zip(("val_yaw", "val_pitch", "val_roll"), errors, strict=True))
        for name, samples in self.further_validation.items():
            figures |= self._further_figures(name, samples)
        return {name: round(value, 3) for name, value in figures.items()}

    def _further_figures(self, name: str, samples: FaceSamples) -> Record:
        crops, truth = upright_crops(
            samples, size=self.recipe.size, crop_scale=self.recipe.crop_scale
        )
        predicted = predict_crops(self.averaged_network, crops)
        errors = np.linalg.norm(predicted.landmarks.numpy() - truth, axis=2)
        figures = {f"{name}_error": 100 * self.recipe.crop_scale * float(np.nanmean(errors))}
        known = np.isfinite(samples.head_poses).all(axis=1)
        if known.any():
            apart = predicted.head_pose.numpy()[known] - samples.head_poses[known]
            figures[f"{name}_yaw"] = float(np.abs(apart[:, 0]).mean())
        return figures
