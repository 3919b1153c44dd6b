"""The networks: the paper's two, and the one with a spatial head that is the default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asmnet_sdk.training.losses import HEAD_POSE_UNIT_DEGREES
from asmnet_sdk.training.tensor_geometry import (
    expected_position,
    normalised_shape,
    rotation_of,
    rotation_to_euler,
)
from asmnet_sdk.training.trunk import InvertedResidual, Trunk, conv_norm

__all__ = [
    "NETWORKS",
    "FaceNetwork",
    "PaperAsmnet",
    "PaperMobileNetV2",
    "Prediction",
    "SpatialAsmnet",
]


class Prediction(NamedTuple):
    """What a network gives for a batch of N crops with K landmarks.

    Attributes:
        landmarks: (N, K, 2) in [0, 1] of the crop.
        head_pose: (N, 3) yaw, pitch, roll in degrees.
        landmark_log_sigma: (N, K) log of the predicted error radius, same unit as landmarks; None
            where the network predicts no radius.
        face_logit: (N,) log odds that the crop shows an upright, well placed face; None where the
            network does not say.
        landmark_visible_logit: (N, K) log odds that the point can be seen; None where the network
            does not say.
        rotation: (N, 3, 3) the head's rotation, where ``head_pose`` comes from one.
    """

    landmarks: Tensor
    head_pose: Tensor
    landmark_log_sigma: Tensor | None = None
    face_logit: Tensor | None = None
    landmark_visible_logit: Tensor | None = None
    rotation: Tensor | None = None


class FaceNetwork(nn.Module):
    """Gives a ``Prediction`` for (N, 3, S, S) RGB crops scaled to [-1, 1]; S a multiple of 32.

    Attributes:
        summary: What it is, for model cards.
    """

    summary: ClassVar[str]
    trunk: Trunk


class PaperAsmnet(FaceNetwork):
    """ASMNet as published: pooled features of six blocks, and two linear heads."""

    summary = (
        "ASMNet (arXiv 2103.00119): MobileNetV2 cut after block 15, six pooled blocks, linear heads"
    )
    taps = (1, 3, 6, 10, 13, 15)

    def __init__(self, point_count: int = 68) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.heads = _LinearHeads(24 + 32 + 64 + 96 + 160 + 160, point_count)
        _initialise(self)

    def forward(self, image: Tensor) -> Prediction:
        """Predict for (N, 3, S, S) RGB crops scaled to [-1, 1]."""
        features = self.trunk(image)
        prediction: Prediction = self.heads(torch.cat([_pool(features[b]) for b in self.taps], 1))
        return prediction


class PaperMobileNetV2(FaceNetwork):
    """The paper's baseline: the whole MobileNetV2 with the same two linear heads."""

    summary = "MobileNetV2 (arXiv 1801.04381) with linear heads, the baseline of arXiv 2103.00119"

    def __init__(self, point_count: int = 68) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.last = nn.Sequential(
            InvertedResidual(160, 320, stride=1, expansion=6),
            *conv_norm(320, 1280, 1),
            nn.ReLU6(inplace=True),
        )
        self.heads = _LinearHeads(1280, point_count)
        _initialise(self)

    def forward(self, image: Tensor) -> Prediction:
        """Predict for (N, 3, S, S) RGB crops scaled to [-1, 1]."""
        prediction: Prediction = self.heads(_pool(self.last(self.trunk(image)[15])))
        return prediction


class _LinearHeads(nn.Module):
    """Dropout, then one linear layer for the landmarks and one for the head pose."""

    def __init__(self, channels: int, point_count: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.3)
        self.landmarks = nn.Linear(channels, 2 * point_count)
        self.head_pose = nn.Linear(channels, 3)

    def forward(self, features: Tensor) -> Prediction:
        with _full_precision(features):
            features = self.dropout(features)
            return Prediction(
                landmarks=0.5 + self.landmarks(features).unflatten(1, (-1, 2)),
                head_pose=HEAD_POSE_UNIT_DEGREES * self.head_pose(features),
            )


class SpatialAsmnet(FaceNetwork):
    """ASMNet's trunk with a spatial head: landmarks as expected positions in soft maps.

    The outputs of blocks 5, 12 and 15 (strides 8, 16, 32) are merged at stride 8; each landmark
    is the mean position under the softmax of its own map (integral regression, Sun et al., ECCV
    2018). Head pose reads the pooled last block together with the landmarks' own shape, and comes
    as a rotation in six numbers (Zhou et al., CVPR 2019). The error radius of a landmark reads the
    spread of its map; whether it can be seen, the features under its map and the pooled block;
    whether there is a face at all, the pooled block and the spreads of all maps.
    """

    summary = (
        "trunk of ASMNet (MobileNetV2 cut after block 15, arXiv 2103.00119) with a spatial head: "
        "soft-argmax over stride-8 maps"
    )

    def __init__(self, point_count: int = 68, *, width: int = 128, pose_hidden: int = 48) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.lateral = nn.ModuleList(
            [nn.Sequential(*conv_norm(channels, width, 1)) for channels in (32, 96, 160)]
        )
        self.merge = nn.Sequential(
            nn.ReLU6(inplace=True),
            *conv_norm(width, width, 3, groups=width),
            *conv_norm(width, width, 1),
            nn.ReLU6(inplace=True),
        )
        self.maps = nn.Conv2d(width, point_count, 1)
        last = nn.Linear(pose_hidden, 6)
        self.pose = nn.Sequential(nn.Linear(160 + 2 * point_count, pose_hidden), nn.ReLU(), last)
        self.sigma_slope = nn.Parameter(torch.full((point_count,), 0.5))
        self.sigma_bias = nn.Parameter(torch.full((point_count,), -2.0))
        self.sigma_difficulty = nn.Linear(160, 1)
        self.face = nn.Linear(160 + point_count, 1)
        self.visible_around = nn.Sequential(
            nn.Linear(160, 16), nn.ReLU(), nn.Linear(16, point_count)
        )
        self.visible_here = nn.Parameter(torch.zeros(point_count, width))
        _initialise(self)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))

    def forward(self, image: Tensor) -> Prediction:
        """Predict for (N, 3, S, S) RGB crops scaled to [-1, 1]."""
        features = self.trunk(image)
        merged = self._merged(features)
        scores: Tensor = self.maps(merged).float()
        maps = scores.flatten(2).softmax(dim=2).view(scores.shape)
        with _full_precision(maps):
            prediction = self._read(_pool(features[15]), maps)
            return prediction._replace(
                landmark_visible_logit=self._visible(_pool(features[15]), merged.float(), maps)
            )

    def _visible(self, pooled: Tensor, merged: Tensor, maps: Tensor) -> Tensor:
        """Return log odds from the features that each map looks at, on a grid half as fine."""
        attention = 4 * F.avg_pool2d(maps, 2)
        here = torch.matmul(attention.flatten(2), F.avg_pool2d(merged, 2).flatten(2).mT)
        logits: Tensor = self.visible_around(pooled) + (here * self.visible_here).sum(dim=2)
        return logits

    def _read(self, pooled: Tensor, maps: Tensor) -> Prediction:
        landmarks, spread = expected_position(maps)
        difficulty = self.sigma_difficulty(pooled.detach())
        log_spread = spread.detach().log()
        log_sigma = self.sigma_slope * log_spread + self.sigma_bias + difficulty
        shape = normalised_shape(landmarks.detach())
        rotation = rotation_of(self.pose(torch.cat([pooled, shape], dim=1)))
        return Prediction(
            landmarks=landmarks,
            head_pose=rotation_to_euler(rotation),
            landmark_log_sigma=log_sigma,
            face_logit=self.face(torch.cat([pooled, log_spread], dim=1)).squeeze(1),
            rotation=rotation,
        )

    def _merged(self, features: list[Tensor]) -> Tensor:
        fine, middle, coarse = (
            lateral(features[block])
            for lateral, block in zip(self.lateral, (5, 12, 15), strict=True)
        )
        merged = middle + F.interpolate(coarse, scale_factor=2.0, mode="nearest")
        merged = fine + F.interpolate(merged, scale_factor=2.0, mode="nearest")
        result: Tensor = self.merge(merged)
        return result


NETWORKS: Mapping[str, Callable[[int], FaceNetwork]] = MappingProxyType(
    {
        "asmnet": SpatialAsmnet,
        "asmnet-paper": PaperAsmnet,
        "mobilenetv2-paper": PaperMobileNetV2,
    }
)


def _full_precision(features: Tensor) -> torch.autocast:
    """Leave bfloat16: it rounds landmarks to 1/512 of the crop and small variances to nothing."""
    return torch.autocast(features.device.type, enabled=False)


def _pool(features: Tensor) -> Tensor:
    return features.float().mean(dim=(2, 3))


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
