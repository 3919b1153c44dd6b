"""Weights between those that a run starts from and those it ends with: good at the old and new.

On the straight line between the two lie networks that have learned most of the new and forgotten
little of the old (WiSE-FT: Wortsman et al., CVPR 2022).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from asmnet_sdk.training.inference import predict_crops
from asmnet_sdk.training.networks import FaceNetwork

__all__ = ["JudgedFaces", "Start", "blend_with"]

_SHARES = tuple(part / 20 for part in range(20, 0, -1))
_LEAST = 1e-6  # error that counts as none, as a share of the crop


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a run started from: the weights, and the names of those that started anew."""

    weights: Mapping[str, Tensor]
    fresh: Collection[str]

    @classmethod
    def of(cls, network: FaceNetwork, fresh: Collection[str]) -> Start:
        """Keep a copy of the weights of a network."""
        return cls({name: w.clone() for name, w in network.state_dict().items()}, fresh)

    def blended(self, end: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
        """Return weights, ``share`` of which are the end's; what started anew is the end's."""
        return {
            name: weight
            if name in self.fresh or not weight.is_floating_point()
            else self.weights[name].lerp(weight, share)
            for name, weight in end.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class JudgedFaces:
    """Faces of a kind that did not train, cut at their true boxes.

    Attributes:
        crops: (N, S, S, 3) uint8 RGB.
        landmarks: (N, K, 2) in [0, 1] of the crop.
    """

    crops: NDArray[np.uint8]
    landmarks: NDArray[np.float32]

    def loss(self, network: FaceNetwork) -> float:
        """Return the mean logarithm of the faces' errors: each counts by its ratio."""
        predicted = predict_crops(network, self.crops).landmarks.numpy()
        errors = np.nanmean(np.linalg.norm(predicted - self.landmarks, axis=2), axis=1)
        return float(np.log(np.maximum(errors, _LEAST)).mean())


def blend_with(
    start: Start,
    network: FaceNetwork,
    new: JudgedFaces,
    old: JudgedFaces | None = None,
    *,
    may_forget: float = 0.0,
) -> float:
    """Give a trained network the weights on the line to its start that err least on new faces.

    Args:
        start: What it was trained from.
        network: The trained network, which is changed.
        new: Faces like those that it was trained for.
        old: Faces like those that the start had learned from.
        may_forget: By which share the error on the old faces may rise.

    Returns:
        The share of the trained weights; 0 where none is better than the start.
    """
    end = {name: weight.clone() for name, weight in network.state_dict().items()}

    def loss_at(share: float, faces: JudgedFaces) -> float:
        network.load_state_dict(start.blended(end, share))
        return faces.loss(network)

    shares = list(_SHARES)
    if old is not None:
        highest = loss_at(0.0, old) + np.log1p(may_forget)
        while shares and loss_at(shares[0], old) > highest:
            del shares[0]
    best = min([*shares, 0.0], key=lambda share: loss_at(share, new))
    network.load_state_dict(start.blended(end, best))
    return best
