"""Errors beyond what two ways of annotating the same points differ by.

A model that learned from one set is off on another by about the same shift on every face, however
well it sees: WFLW spreads the points of jaw, lids and lips evenly, iBUG does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.layouts import IBUG_68

__all__ = ["nme_beyond_offsets"]

_FOLDS = 5


def nme_beyond_offsets(found: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Return each face's inter-ocular NME once the mean shift of each point is taken away.

    The shifts are relative to the line between the outer eye corners: they turn and grow with the
    face. Those of a face are the means over other faces: each fifth of them (every fifth face) is
    measured with the shifts of the other four.

    Args:
        found: (N, 68, 2) points of a model, NaN where it gives none.
        truth: (N, 68, 2) annotated points, same unit.

    Returns:
        (N,) percentages, NaN for faces without any point.
    """
    at, wanted = _as_complex(found), _as_complex(truth)
    right, left = IBUG_68.eye_corners
    shifts = (at - wanted) / (wanted[:, left] - wanted[:, right])[:, None]
    fold = np.arange(len(shifts)) % _FOLDS
    beyond = [np.abs(shifts[k] - _mean(shifts[fold != fold[k]])) for k in range(len(shifts))]
    return 100 * np.real(_mean(np.transpose(beyond)))


def _as_complex(points: ArrayLike) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    numbers: NDArray[np.complex128] = points[..., 0] + 1j * points[..., 1]
    return numbers


def _mean(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the mean of what is known in each column, NaN where nothing is."""
    known = np.isfinite(rows)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.complex128] = np.where(known, rows, 0).sum(axis=0) / known.sum(axis=0)
    return mean
