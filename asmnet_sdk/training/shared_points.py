"""What a network for other landmarks knows of the points that it shares with a new one.

Maps, error radius and visibility of a landmark are rows of their own, so they carry over point by
point. The layers of face score and head pose read all landmarks at once; they carry over where the
new network has every point of the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["ROWS", "Carry", "carry_points"]

Carry: TypeAlias = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], dict[str, Tensor]]
"""Gives, of tensors found and tensors wanted, what layers of another shape take over."""

ROWS = (
    *("maps.weight", "maps.bias", "sigma_slope", "sigma_bias", "visible_here"),
    *("visible_around.2.weight", "visible_around.2.bias"),
)
"""Tensors of a ``SpatialAsmnet`` with a row a landmark."""
_ONE_A_POINT = "sigma_bias"
_FACE, _POSE = "face.weight", "pose.0.weight"


def carry_points(
    found: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    shared: Mapping[int, int],
    shapes: NDArray[np.float32],
) -> dict[str, Tensor]:
    """Return the layers with a part a landmark, those parts taken over that are shared.

    Args:
        found: Tensors of the ``SpatialAsmnet`` that is the start.
        wanted: Tensors of the one that takes over; they are the values of points that are new.
        shared: Point of the new network -> the same point of the start.
        shapes: (N, K, 2) landmarks of faces in the new layout, at any scale.

    Returns:
        Name -> tensor; nothing where no point is shared.
    """
    if not shared or _ONE_A_POINT not in found or _ONE_A_POINT not in wanted:
        return {}
    new, old = list(shared), list(shared.values())
    carried = {}
    for name in (name for name in ROWS if name in found):
        carried[name] = wanted[name].clone()
        carried[name][new] = found[name][old]
    if len(shared) < len(found[_ONE_A_POINT]):
        return carried
    further = len(wanted[_ONE_A_POINT]) - len(shared)
    for name, per_point in ((_FACE, 1), (_POSE, 2)):
        if wanted[name].shape[1] - found[name].shape[1] == per_point * further:
            carried[name] = _with_points(found[name], wanted[name], shared, per_point)
    if _POSE in carried:
        _renormalise(carried[_POSE], new, shapes)
    return carried


def _with_points(
    found: Tensor, wanted: Tensor, shared: Mapping[int, int], per_point: int
) -> Tensor:
    """Return weights over pooled features, then points; those of new points are 0."""
    pooled = found.shape[1] - per_point * len(shared)
    weights = torch.zeros_like(wanted)
    weights[:, :pooled] = found[:, :pooled]
    of_points = found[:, pooled:].unflatten(1, (-1, per_point))
    weights[:, pooled:].unflatten(1, (-1, per_point))[:, list(shared)] = of_points[
        :, list(shared.values())
    ]
    return weights


def _renormalise(weights: Tensor, old: list[int], shapes: NDArray[np.float32]) -> None:
    """Adapt weights over the normalised shape of the old points to that of all points.

    The middle of the old points is taken off within the weights; how much larger the old shape is,
    relative to the whole, is taken from the middle one of the faces.
    """
    known = shapes[np.isfinite(shapes).all(axis=(1, 2))].astype(np.float64)
    scale = float(np.median(_size(known) / _size(known[:, old])))
    count = shapes.shape[1]
    of_shape = weights[:, -2 * count :].unflatten(1, (count, 2))
    of_shape[:, old] -= of_shape[:, old].mean(dim=1, keepdim=True)
    of_shape *= scale


def _size(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N,) root mean square distances from the middle of (N, K, 2) points."""
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    size: NDArray[np.float64] = np.sqrt(np.square(centred).mean(axis=(1, 2)))
    return size
