"""Batches of faces that a test can make."""

from __future__ import annotations

import numpy as np

from asmnet_sdk import IBUG_68
from asmnet_sdk.training.batches import BatchSource
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.samples import FaceSamples, sure_samples
from tests.dotted_faces import dotted_faces


def dotted_samples(count: int, *, yaw: float = 0.0) -> FaceSamples:
    canvases, landmarks = dotted_faces(count)
    head_poses = np.zeros((count, 3), np.float32)
    head_poses[:, 0] = yaw
    return sure_samples(canvases, landmarks, head_poses)


def batch_source(*, epochs: int = 5, negatives: int = 2, faces: int = 16) -> BatchSource:
    return BatchSource(
        faces=dotted_samples(faces),
        negatives=np.random.default_rng(0).integers(0, 256, (4, 160, 160, 3), np.uint8),
        layout=IBUG_68,
        recipe=Recipe(epochs=epochs, size=64, batch_size=8, negatives=negatives),
    )
