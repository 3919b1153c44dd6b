"""The detection network: depthwise-separable backbone, feature pyramid, one head for all levels."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = [
    "STRIDES",
    "DetectionNetwork",
    "RawDetections",
    "cell_centers",
    "decode_boxes",
    "decode_rolls",
]

STRIDES = (8, 16, 32)
"""Pixels of the picture from one cell to the next, of the three levels."""

_STEM, _STRIDE_4, _PYRAMID = 16, 32, 56
# (channels, blocks, kernel) of the stages that end at strides 8, 16 and 32.
_STAGES = ((48, 3, 3), (128, 5, 3), (160, 3, 5))
_PRIOR = 0.01


class RawDetections(NamedTuple):
    """What the network gives for each of C cells; levels one after the other, rows of cells first.

    Attributes:
        score_logits: (N, C).
        log_distances: (N, C, 4), logarithms of the distances from the cell's centre to the left,
            top, right and bottom edge of the box, in strides.
        directions: (N, C, 2), cosine and sine of the roll, times a length that means nothing.
    """

    score_logits: Tensor
    log_distances: Tensor
    directions: Tensor


class SeparableBlock(nn.Module):
    """Filter by channel, then mix the channels; the input is added where shapes allow."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        result: Tensor = self.layers(features)
        return F.relu(features + result if self.is_residual else result)


class DetectionNetwork(nn.Module):
    """Finds faces in (N, 3, H, W) pictures scaled to [0, 1], H and W multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, _STEM, 3, 2, 1, bias=False), nn.BatchNorm2d(_STEM), nn.ReLU()
        )
        self.stride_4 = _stage(_STEM, _STRIDE_4, blocks=2, kernel=3)
        inputs = _STRIDE_4
        stages = []
        for outputs, blocks, kernel in _STAGES:
            stages.append(_stage(inputs, outputs, blocks=blocks, kernel=kernel))
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, _PYRAMID, 1, bias=False), nn.BatchNorm2d(_PYRAMID))
            for channels, _, _ in _STAGES
        )
        self.smoothers = nn.ModuleList(SeparableBlock(_PYRAMID, _PYRAMID) for _ in _STAGES)
        self.tower = SeparableBlock(_PYRAMID, _PYRAMID)
        self.output = nn.Conv2d(_PYRAMID, 7, 1)
        nn.init.normal_(self.output.weight, std=0.01)
        prior = -math.log(1 / _PRIOR - 1)
        self.output.bias = nn.Parameter(torch.tensor([prior, 0, 0, 0, 0, 1, 0]))

    def forward(self, pictures: Tensor) -> RawDetections:
        """Return what each cell says; ``decode_boxes`` and ``decode_rolls`` read it."""
        levels = [self.output(self.tower(level)) for level in self._pyramid(pictures)]
        cells = torch.cat([level.flatten(2) for level in levels], dim=2).transpose(1, 2).float()
        return RawDetections(cells[..., 0], cells[..., 1:5], cells[..., 5:])

    def _pyramid(self, pictures: Tensor) -> list[Tensor]:
        """Return the features of the three levels, stride 8 first."""
        features = self.stride_4(self.stem(pictures))
        sides = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            sides.append(lateral(features))
        merged = [F.relu(sides[-1])]
        for side in reversed(sides[:-1]):
            merged.append(F.relu(side + F.interpolate(merged[-1], scale_factor=2.0)))
        return [
            smooth(level) for smooth, level in zip(self.smoothers, reversed(merged), strict=True)
        ]


def _stage(inputs: int, outputs: int, *, blocks: int, kernel: int) -> nn.Sequential:
    first = SeparableBlock(inputs, outputs, kernel=3, stride=2)
    rest = [SeparableBlock(outputs, outputs, kernel=kernel) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


def cell_centers(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return (C, 2) pixel positions of the cells of a picture and their (C,) strides.

    (0, 0) is the centre of the picture's top-left pixel.
    """
    centers, strides = [], []
    for stride in STRIDES:
        y, x = torch.meshgrid(
            torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
        )
        cells = torch.stack([x, y], dim=-1).flatten(0, 1).float()
        centers.append((cells + 0.5) * stride - 0.5)
        strides.append(torch.full_like(cells[:, 0], stride))
    return torch.cat(centers), torch.cat(strides)


def decode_boxes(log_distances: Tensor, centers: Tensor, strides: Tensor) -> Tensor:
    """Turn (..., C, 4) log distances into boxes (x_min, y_min, x_max, y_max) in pixels."""
    distances = log_distances.exp() * strides[:, None]
    return torch.cat([centers - distances[..., :2], centers + distances[..., 2:]], dim=-1)


def decode_rolls(directions: Tensor) -> Tensor:
    """Turn (..., 2) directions into degrees, clockwise, in [-180, 180]."""
    return torch.rad2deg(torch.atan2(directions[..., 1], directions[..., 0]))
