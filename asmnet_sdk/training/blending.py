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
        landmarks: (N, K, 2) in [0, 1] of the crop; NaN where a point does not judge.
    """

    crops: NDArray[np.uint8]
    landmarks: NDArray[np.float32]

    def losses(self, network: FaceNetwork) -> NDArray[np.float64]:
        """Return (N,) logarithms of the errors: in their mean each face counts by its ratio."""
        predicted = predict_crops(network, self.crops).landmarks.numpy()
        errors = np.nanmean(np.linalg.norm(predicted - self.landmarks, axis=2), axis=1)
        losses: NDArray[np.float64] = np.log(np.maximum(errors, _LEAST))
        return losses


def blend_with(
    start: Start,
    network: FaceNetwork,
    new: JudgedFaces,
    old: JudgedFaces | None = None,
    *,
    may_forget: float = 0.0,
) -> float:
    """Give a trained network the weights on the line to its start that err least on new faces.

    Few faces tell weights apart badly. So those nearest to the trained ones are taken that err more
    than the best by no more than the standard error of the difference.

    Args:
        start: What it was trained from.
        network: The trained network, which is changed.
        new: Faces like those that it was trained for.
        old: Faces like those that the start had learned from.
        may_forget: By which share the error on the old faces may rise.

    Returns:
        The share of the trained weights; 0 where the start is clearly better than all others.
    """
    end = {name: weight.clone() for name, weight in network.state_dict().items()}

    def losses_at(share: float, faces: JudgedFaces) -> NDArray[np.float64]:
        network.load_state_dict(start.blended(end, share))
        return faces.losses(network)

    shares = list(_SHARES)
    if old is not None:
        highest = losses_at(0.0, old).mean() + np.log1p(may_forget)
        while shares and losses_at(shares[0], old).mean() > highest:
            del shares[0]
    losses = {share: losses_at(share, new) for share in (*shares, 0.0)}
    best = min(losses.values(), key=lambda some: float(some.mean()))
    chosen = next(share for share, some in losses.items() if _is_as_good(some - best))
    network.load_state_dict(start.blended(end, chosen))
    return chosen


def _is_as_good(differences: NDArray[np.float64]) -> bool:
    """Say whether a mean difference lies within its standard error."""
    error = differences.std() / np.sqrt(len(differences))
    return bool(differences.mean() <= error)
