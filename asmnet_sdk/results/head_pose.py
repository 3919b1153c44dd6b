"""Where a head points: yaw, pitch, roll in degrees, in one documented convention."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.arguments import check_kind, is_float, require
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.geometry import euler_to_rotation, rotation_to_euler

__all__ = ["HeadPose"]


@dataclass(frozen=True, slots=True, repr=False)
class HeadPose:
    """Where a head points, in degrees, in the 300W-LP / AFLW2000-3D convention.

    Raises:
        InvalidInputError: An angle is no number.
    """

    yaw: float
    """Degrees. Positive: the nose points to the LEFT of the image (the subject's right)."""
    pitch: float
    """Degrees. Positive: the nose points UP."""
    roll: float
    """Degrees. Positive: the head is turned CLOCKWISE as seen in the image."""

    def __post_init__(self) -> None:
        for name, angle in zip(("yaw", "pitch", "roll"), self, strict=True):
            require(name, angle, is_float(angle), "a number of degrees")

    @classmethod
    def from_matrix(cls, rotation_matrix: ArrayLike) -> HeadPose:
        """Return the pose of a (3, 3) ``rotation_matrix``; yaw comes out in [-90, 90] degrees.

        Raises:
            InvalidInputError: It is no (3, 3) rotation.
        """
        try:
            matrix = np.asarray(rotation_matrix, np.float64)
        except (TypeError, ValueError) as exc:
            raise InvalidInputError("a rotation matrix is (3, 3) numbers") from exc
        if matrix.shape != (3, 3) or not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3):
            raise InvalidInputError("a rotation matrix is (3, 3) with orthonormal rows")
        if np.linalg.det(matrix) < 0:
            raise InvalidInputError(
                "the matrix has the determinant -1: a reflection, no rotation; one axis is flipped"
            )
        return cls(*rotation_to_euler(matrix).tolist())

    def __iter__(self) -> Iterator[float]:
        """Iterate over yaw, pitch, roll."""
        return iter((self.yaw, self.pitch, self.roll))

    def __repr__(self) -> str:
        """Show tenths of a degree; the fields are exact."""
        return f"HeadPose(yaw={self.yaw:+.1f}, pitch={self.pitch:+.1f}, roll={self.roll:+.1f})"

    @property
    def rotation_matrix(self) -> NDArray[np.float64]:
        """The (3, 3) rotation Rx(pitch) Ry(yaw) Rz(roll).

        Frame: x to the right of the image, y up, z towards the camera. Column 2 is the direction
        of the nose.
        """
        return euler_to_rotation([self.yaw, self.pitch, self.roll])

    @property
    def direction(self) -> tuple[float, float, float]:
        """Where the nose points, a unit vector: x right, y up, z towards the camera."""
        x, y, z = self.rotation_matrix[:, 2].tolist()
        return x, y, z

    @property
    def azimuth(self) -> float:
        """How far aside the nose points: degrees in [-180, 180], positive to the LEFT of the image.

        Like yaw on an upright head, and unlike it the same whatever the pitch and roll.
        """
        x, _, z = self.direction
        return math.degrees(math.atan2(-x, z))

    @property
    def elevation(self) -> float:
        """How far the nose points UP: degrees in [-90, 90].

        Like pitch on a head that looks ahead, and unlike it the same at any yaw.
        """
        return math.degrees(math.asin(min(1.0, max(-1.0, self.direction[1]))))

    def angle_between(self, other: HeadPose) -> float:
        """Return the angle in degrees of the one turn that leads to another pose, 0 to 180.

        Raises:
            InvalidInputError: ``other`` is no head pose.
        """
        check_kind("other", other, HeadPose)
        turn = self.rotation_matrix.T @ other.rotation_matrix
        return math.degrees(math.acos(min(1.0, max(-1.0, (float(np.trace(turn)) - 1) / 2))))
