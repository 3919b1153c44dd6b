"""The networks: ASMNet's trunk, a cut MobileNetV2, and the heads that read it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Prediction", "SpatialAsmnet", "Trunk"]

# (expansion, output channels, stride of the first block, blocks), MobileNetV2 (arXiv 1801.04381,
# table 2) up to Keras block 15: where ASMNet cuts it.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 2, 3),
    (6, 64, 2, 4),
    (6, 96, 1, 3),
    (6, 160, 2, 3),
)


class Prediction(NamedTuple):
    """What a network gives for a batch of N crops with K landmarks.

    Attributes:
        landmarks: (N, K, 2) in [0, 1] of the crop.
        head_pose: (N, 3) yaw, pitch, roll in degrees.
        landmark_log_sigma: (N, K) log of the predicted error radius, same unit as landmarks.
        face_logit: (N,) log odds that the crop shows a well placed face.
    """

    landmarks: Tensor
    head_pose: Tensor
    landmark_log_sigma: Tensor
    face_logit: Tensor


def _conv_norm(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand 1x1, filter 3x3 by channel, project 1x1."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*_conv_norm(inputs, hidden, 1), nn.ReLU6(inplace=True)]
        layers += [*_conv_norm(hidden, hidden, 3, stride=stride, groups=hidden)]
        layers += [nn.ReLU6(inplace=True), *_conv_norm(hidden, outputs, 1)]
        self.layers = nn.Sequential(*layers)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        result: Tensor = self.layers(features)
        return features + result if self.is_residual else result


class Trunk(nn.Module):
    """MobileNetV2 (width 1.0) cut after block 15, the trunk of ASMNet (arXiv 2103.00119)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_conv_norm(3, 32, 3, stride=2), nn.ReLU6(inplace=True))
        blocks = []
        inputs = 32
        for expansion, outputs, first_stride, count in _STAGES:
            for position in range(count):
                stride = first_stride if position == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, stride=stride, expansion=expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the outputs of blocks 0 to 15 for (N, 3, S, S) images scaled to [-1, 1]."""
        features = self.stem(image)
        outputs = []
        for block in self.blocks:
            features = block(features)
            outputs.append(features)
        return outputs


class SpatialAsmnet(nn.Module):
    """ASMNet's trunk with a spatial head: landmarks as expected positions in soft maps.

    The outputs of blocks 5, 12 and 15 (strides 8, 16, 32) are merged at stride 8; each landmark
    is the mean position under the softmax of its own map (integral regression, Sun et al., ECCV
    2018). Head pose reads the pooled last block together with the landmarks' own shape; the error
    radius of a landmark reads the spread of its map.
    """

    def __init__(self, point_count: int = 68, *, width: int = 128, pose_hidden: int = 32) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.lateral = nn.ModuleList(
            [nn.Sequential(*_conv_norm(channels, width, 1)) for channels in (32, 96, 160)]
        )
        self.merge = nn.Sequential(
            nn.ReLU6(inplace=True),
            *_conv_norm(width, width, 3, groups=width),
            *_conv_norm(width, width, 1),
            nn.ReLU6(inplace=True),
        )
        self.maps = nn.Conv2d(width, point_count, 1)
        self.pose = nn.Sequential(
            nn.Linear(160 + 2 * point_count, pose_hidden), nn.ReLU(), nn.Linear(pose_hidden, 3)
        )
        self.sigma_slope = nn.Parameter(torch.full((point_count,), 0.5))
        self.sigma_bias = nn.Parameter(torch.full((point_count,), -2.0))
        self.sigma_difficulty = nn.Linear(160, 1)
        self.face = nn.Linear(160, 1)
        _initialise(self)

    def forward(self, image: Tensor) -> Prediction:
        """Predict for (N, 3, S, S) RGB crops scaled to [-1, 1]; S a multiple of 32."""
        features = self.trunk(image)
        pooled = features[15].mean(dim=(2, 3)).float()
        landmarks, spread = expected_position(self._soft_maps(features))
        difficulty = self.sigma_difficulty(pooled.detach())
        log_sigma = self.sigma_slope * spread.detach().log() + self.sigma_bias + difficulty
        shape = _normalised_shape(landmarks.detach())
        return Prediction(
            landmarks=landmarks,
            head_pose=30.0 * self.pose(torch.cat([pooled, shape], dim=1)),
            landmark_log_sigma=log_sigma,
            face_logit=self.face(pooled).squeeze(1),
        )

    def _soft_maps(self, features: list[Tensor]) -> Tensor:
        fine, middle, coarse = (
            lateral(features[block])
            for lateral, block in zip(self.lateral, (5, 12, 15), strict=True)
        )
        merged = middle + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        merged = fine + F.interpolate(merged, scale_factor=2.0, mode="nearest")
        maps: Tensor = self.maps(self.merge(merged)).float()
        return maps.flatten(2).softmax(dim=2).view(maps.shape)


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


def _normalised_shape(landmarks: Tensor) -> Tensor:
    centred = landmarks - landmarks.mean(dim=1, keepdim=True)
    size = centred.square().mean(dim=(1, 2), keepdim=True).clamp_min(1e-8).sqrt()
    return (centred / size).flatten(1)


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
