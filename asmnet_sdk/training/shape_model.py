"""The active shape model: PCA over landmark vectors, and the smooth shape nearest to a face.

A landmark vector is the K points of one training crop in [0, 1] of that crop, as the paper takes
them (arXiv 2103.00119): nothing is aligned beforehand (no Procrustes analysis), so the first
components hold shift, scale and rotation within the crop, and the model fits only crops placed
like those it was made from.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.whole_files import whole_file

__all__ = ["ShapeModel"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapeModel:
    """Mean shape and principal components of landmark vectors.

    Attributes:
        mean: (K, 2) mean shape.
        components: (C, K, 2) orthonormal directions, the one of largest variance first; the
            largest coordinate of each is positive.
        eigenvalues: (C,) variance along each.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]

    @classmethod
    def fit(cls, landmarks: ArrayLike, *, variance: float = 0.9) -> ShapeModel:
        """Make the model of shapes, with as few components as explain a share of their variance.

        Args:
            landmarks: (N, K, 2), two shapes or more.
            variance: The share, above 0, at most 1; the paper's runs took 0.9.

        Raises:
            InvalidInputError: The shapes or the share cannot be used.
        """
        shapes = _check_shapes(landmarks, variance)
        mean = shapes.mean(axis=0)
        vectors = (shapes - mean).reshape(len(shapes), -1)
        eigenvalues, directions = np.linalg.eigh(vectors.T @ vectors / (len(shapes) - 1))
        eigenvalues, directions = eigenvalues[::-1].clip(0), directions.T[::-1]
        if not eigenvalues.any():
            raise InvalidInputError(f"all {len(shapes)} shapes are the same: they do not vary")
        share = np.cumsum(eigenvalues) / eigenvalues.sum()
        count = int(np.searchsorted(share, variance - 1e-12)) + 1
        components = _with_fixed_signs(directions[:count]).reshape(count, *mean.shape)
        return cls(mean=mean, components=components, eigenvalues=eigenvalues[:count])

    def project(self, landmarks: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters b, (..., C), of shapes (..., K, 2)."""
        difference = np.asarray(landmarks, np.float64) - self.mean
        parameters: NDArray[np.float64] = np.einsum("...kd,ckd->...c", difference, self.components)
        return parameters

    def reconstruct(self, parameters: ArrayLike) -> NDArray[np.float64]:
        """Return the shapes (..., K, 2) of parameters (..., C)."""
        parameters = np.asarray(parameters, np.float64)
        offset: NDArray[np.float64] = np.einsum("...c,ckd->...kd", parameters, self.components)
        return self.mean + offset

    def smooth(self, landmarks: ArrayLike, *, limit: float = 3.0) -> NDArray[np.float64]:
        """Return the smooth shapes nearest to shapes (..., K, 2).

        Each parameter is clamped to ``limit`` standard deviations, +-limit * sqrt(eigenvalue).
        """
        reach = limit * np.sqrt(self.eigenvalues)
        return self.reconstruct(self.project(landmarks).clip(-reach, reach))

    def save(self, path: Path) -> None:
        """Write the model as one .npz file, which appears only when it is complete."""
        with whole_file(path) as part, part.open("wb") as file:
            np.savez(file, mean=self.mean, components=self.components, eigenvalues=self.eigenvalues)

    @classmethod
    def load(cls, path: Path) -> ShapeModel:
        """Read a model that ``save`` wrote.

        Raises:
            InvalidInputError: There is no such file, or it holds no shape model.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                mean, components, eigenvalues = (
                    np.asarray(arrays[name], np.float64)
                    for name in ("mean", "components", "eigenvalues")
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as exc:
            raise InvalidInputError(f"{path} holds no shape model: {exc}") from exc
        points, count = len(mean), len(eigenvalues)
        shapes = (mean.shape, components.shape, eigenvalues.shape)
        if shapes != ((points, 2), (count, points, 2), (count,)):
            raise InvalidInputError(f"{path} holds no shape model: its arrays are {shapes}")
        return cls(mean=mean, components=components, eigenvalues=eigenvalues)


def _check_shapes(landmarks: ArrayLike, variance: float) -> NDArray[np.float64]:
    shapes = np.asarray(landmarks, np.float64)
    if shapes.ndim != 3 or shapes.shape[2] != 2 or len(shapes) < 2:
        raise InvalidInputError(
            f"landmarks have shape {shapes.shape}; needed: (N, K, 2) with N of 2 or more"
        )
    if not np.isfinite(shapes).all():
        raise InvalidInputError("landmarks are not all finite")
    if not 0 < variance <= 1:
        raise InvalidInputError(f"variance is {variance}; needed: a share in (0, 1]")
    return shapes


def _with_fixed_signs(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(directions).argmax(axis=1)
    signs: NDArray[np.float64] = np.sign(directions[np.arange(len(directions)), largest])
    return directions * signs[:, None]
