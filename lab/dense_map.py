"""From the 98 points of another network to the 68 of 300-W as 300-W's annotators place them.

WFLW and 300-W mean slightly different places by "jaw", "brow" or "eye corner". A ridge regression
on the normalised shape gives how far each of the 68 points lies from the one of WFLW that names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.layouts import IBUG_68, WFLW_98, convert_landmarks

__all__ = ["SHARED", "DenseMap"]

Points = NDArray[np.float64]

SHARED = convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, IBUG_68).astype(int)
"""(68,) which of the 98 points each of the 68 is."""


@dataclass(frozen=True, slots=True, eq=False)
class DenseMap:
    """Maps (98, 2) landmarks, upright, to (68, 2) of the same face.

    Attributes:
        mean: (196,) mean normalised shape.
        weights: (197, 136) of the centred shape and of 1.
    """

    mean: Points
    weights: Points

    @classmethod
    def fit(cls, dense: Points, landmarks: Points, *, ridge: float = 10.0) -> DenseMap:
        """Fit to (N, 98, 2) points of a network and (N, 68, 2) labels in the same pictures."""
        shapes, scales = _normalise(dense)
        mean = shapes.mean(axis=0)
        offsets = (landmarks - dense[:, SHARED]) / scales[:, None, None]
        design = np.hstack([shapes - mean, np.ones((len(shapes), 1))])
        penalty = ridge * np.eye(design.shape[1])
        penalty[-1, -1] = 0
        target = offsets.reshape(len(shapes), -1)
        return cls(mean, np.linalg.solve(design.T @ design + penalty, design.T @ target))

    def apply(self, dense: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the (68, 2) landmarks for the (98, 2) of one face."""
        points = np.asarray(dense, np.float64)
        shapes, scales = _normalise(points[None])
        offsets = np.append(shapes[0] - self.mean, 1) @ self.weights * scales[0]
        landmarks: NDArray[np.float32] = (points[SHARED] + offsets.reshape(68, 2)).astype(
            np.float32
        )
        return landmarks


def _normalise(points: Points) -> tuple[Points, Points]:
    """Return (N, 196) shapes without place and size, and the (N,) sizes."""
    centred = points - points.mean(axis=1, keepdims=True)
    scales = np.sqrt(np.square(centred).sum(axis=2).mean(axis=1))
    return (centred / scales[:, None, None]).reshape(len(points), -1), scales
