"""Predictions of a torch network on samples, as validation and calibration need them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asmnet_sdk.crops import crop_matrix, cut_crop, image_to_crop
from asmnet_sdk.training.batches import to_network_input
from asmnet_sdk.training.networks import FaceNetwork, Prediction
from asmnet_sdk.training.samples import FaceSamples, box_around_known

__all__ = ["predict_crops", "upright_crops"]


def upright_crops(
    samples: FaceSamples, *, size: int, crop_scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut each face at its true box, as prediction does: crops, and landmarks in [0, 1]."""
    crops, landmarks = [], []
    for canvas, points in zip(samples.canvases, samples.landmarks, strict=True):
        matrix = crop_matrix(box_around_known(points), crop_scale=crop_scale, size=size)
        crops.append(cut_crop(canvas, matrix, (size, size)))
        landmarks.append(image_to_crop(points, matrix, size))
    return np.stack(crops), np.stack(landmarks)


@torch.inference_mode()
def predict_crops(
    network: FaceNetwork, crops: NDArray[np.uint8], *, batch_size: int = 64
) -> Prediction:
    """Predict (N, S, S, 3) uint8 RGB crops, some at a time, wherever the network is.

    The network is left evaluating; the prediction lies in the memory of the processor.
    """
    network.eval()
    device = next(network.parameters()).device
    starts = range(0, len(crops), batch_size)
    some = (torch.from_numpy(crops[start : start + batch_size]).to(device) for start in starts)
    parts = [_on_cpu(network(to_network_input(part))) for part in some]
    return Prediction(
        landmarks=torch.cat([part.landmarks for part in parts]),
        head_pose=torch.cat([part.head_pose for part in parts]),
        landmark_log_sigma=_join([part.landmark_log_sigma for part in parts]),
        face_logit=_join([part.face_logit for part in parts]),
        landmark_visible_logit=_join([part.landmark_visible_logit for part in parts]),
    )


def _on_cpu(prediction: Prediction) -> Prediction:
    given = {name: value for name, value in prediction._asdict().items() if value is not None}
    return prediction._replace(**{name: value.cpu() for name, value in given.items()})


def _join(parts: list[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if known else None
