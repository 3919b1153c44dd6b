"""From the mesh's points to the 68 points, and from the mesh to head pose: learned on labels.

Mesh and annotators mean different places by "jaw" or "brow". A ridge regression on the normalised
mesh gives how far each of the 68 points lies from the mesh point nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.geometry import euler_to_rotation, rotation_to_euler
from lab.mesh_points import MESH_TO_IBUG

__all__ = ["MeshMap", "MeshPose", "read_canonical"]

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MeshMap:
    """Maps (478, 3) meshes, upright, to (68, 2) landmarks.

    Attributes:
        mean: (1434,) mean normalised mesh.
        weights: (1435, 136) of the centred mesh and of 1.
    """

    mean: Points
    weights: Points

    @classmethod
    def fit(cls, meshes: Points, landmarks: Points, *, ridge: float = 3.0) -> MeshMap:
        """Fit to (N, 478, 3) meshes and (N, 68, 2) landmarks in the same upright pictures."""
        flat, _, scales = _normalise(meshes)
        mean = flat.mean(axis=0)
        offsets = (landmarks - meshes[:, MESH_TO_IBUG, :2]) / scales[:, None, None]
        design = np.hstack([flat - mean, np.ones((len(flat), 1))])
        penalty = ridge * np.eye(design.shape[1])
        penalty[-1, -1] = 0
        target = offsets.reshape(len(flat), -1)
        return cls(mean, np.linalg.solve(design.T @ design + penalty, design.T @ target))

    def apply(self, mesh: Points) -> NDArray[np.float32]:
        """Return the (68, 2) landmarks of one mesh."""
        flat, _, scales = _normalise(mesh[None])
        offsets = np.append(flat[0] - self.mean, 1) @ self.weights * scales[0]
        landmarks: NDArray[np.float32] = (mesh[MESH_TO_IBUG, :2] + offsets.reshape(68, 2)).astype(
            np.float32
        )
        return landmarks


def _normalise(meshes: Points) -> tuple[Points, Points, Points]:
    centres = meshes.mean(axis=1, keepdims=True)
    centred = meshes - centres
    scales = np.sqrt(np.square(centred).sum(axis=2).mean(axis=1))
    return (centred / scales[:, None, None]).reshape(len(meshes), -1), centres, scales


@dataclass(frozen=True, slots=True, eq=False)
class MeshPose:
    """Head pose of a mesh: its rotation against the canonical one, its zero fitted to labels.

    Attributes:
        canonical: (468, 3) in the frame of head poses.
        zero: (3, 3) rotation from the labels' frontal head to the canonical one.
    """

    canonical: Points
    zero: Points

    @classmethod
    def fit(cls, canonical: Points, meshes: Points, head_poses: Points) -> MeshPose:
        """Fit the zero to (N, 3) labels in degrees of upright faces."""
        raw = cls(canonical, np.eye(3))
        turns = [
            raw.rotation(mesh).T @ euler_to_rotation(pose)
            for mesh, pose in zip(meshes, head_poses, strict=True)
        ]
        left, _, right = np.linalg.svd(np.mean(turns, axis=0))
        return cls(canonical, left @ right)

    def rotation(self, mesh: Points) -> Points:
        """Return the (3, 3) rotation of a (478, 3) mesh."""
        points = mesh[:468] * (1, -1, -1)
        centred = points - points.mean(axis=0)
        model = self.canonical - self.canonical.mean(axis=0)
        left, _, right = np.linalg.svd(centred.T @ model)
        proper = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
        rotation: Points = left @ proper @ right @ self.zero
        return rotation

    def angles(self, mesh: Points) -> Points:
        """Return yaw, pitch, roll in degrees."""
        return rotation_to_euler(self.rotation(mesh))


def read_canonical(path: Path) -> Points:
    """Return the (468, 3) vertices of ``canonical_face_model.obj``: x right, y up, z to camera."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return np.array([line.split()[1:4] for line in lines if line.startswith("v ")], float)
