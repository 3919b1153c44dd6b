"""Geometry that networks learn through: positions in maps, shapes and rotations, on tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["expected_position", "normalised_shape", "rotation_of", "rotation_to_euler"]


def expected_position(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and spread of (N, K, H, W) maps that each sum to one.

    Returns:
        (N, K, 2) x, y in [0, 1] of the crop, and (N, K) standard deviation in the same unit.
    """
    height, width = maps.shape[2:]
    rows = (torch.arange(height, device=maps.device, dtype=maps.dtype) + 0.5) / height
    columns = (torch.arange(width, device=maps.device, dtype=maps.dtype) + 0.5) / width
    over_x, over_y = maps.sum(dim=2), maps.sum(dim=3)
    x, y = over_x @ columns, over_y @ rows
    variance = over_x @ columns.square() + over_y @ rows.square() - x.square() - y.square()
    return torch.stack([x, y], dim=2), variance.clamp_min(1e-6).sqrt()


def rotation_of(six: Tensor) -> Tensor:
    """Return the (N, 3, 3) rotations whose first two columns (N, 6) numbers point to."""
    first = F.normalize(six[:, :3], dim=1)
    second = six[:, 3:] - (first * six[:, 3:]).sum(dim=1, keepdim=True) * first
    second = F.normalize(second, dim=1)
    third = torch.stack(
        [
            first[:, 1] * second[:, 2] - first[:, 2] * second[:, 1],
            first[:, 2] * second[:, 0] - first[:, 0] * second[:, 2],
            first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0],
        ],
        dim=1,
    )
    return torch.stack([first, second, third], dim=2)


def rotation_to_euler(rotation: Tensor) -> Tensor:
    """Return (N, 3) yaw, pitch, roll in degrees, as ``asmnet_sdk.geometry`` does."""
    across = rotation[:, 0, 2].clamp(-1 + 1e-6, 1 - 1e-6)
    yaw = -torch.atan2(across, (1 - across.square()).sqrt())
    pitch = torch.atan2(rotation[:, 1, 2], rotation[:, 2, 2])
    roll = torch.atan2(rotation[:, 0, 1], rotation[:, 0, 0])
    return torch.rad2deg(torch.stack([yaw, pitch, roll], dim=1))


def normalised_shape(landmarks: Tensor) -> Tensor:
    """Return (N, 2 K) numbers of (N, K, 2) points that move and scale with none of them."""
    centred = landmarks - landmarks.mean(dim=1, keepdim=True)
    size = centred.square().mean(dim=(1, 2), keepdim=True).clamp_min(1e-8).sqrt()
    return (centred / size).flatten(1)
