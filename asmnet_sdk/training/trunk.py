"""MobileNetV2's blocks, and the trunk that ASMNet cuts out of them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["InvertedResidual", "Trunk", "conv_norm"]

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


def conv_norm(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution without bias and its batch norm."""
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
            layers += [*conv_norm(inputs, hidden, 1), nn.ReLU6(inplace=True)]
        layers += [*conv_norm(hidden, hidden, 3, stride=stride, groups=hidden)]
        layers += [nn.ReLU6(inplace=True), *conv_norm(hidden, outputs, 1)]
        self.layers = nn.Sequential(*layers)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, outputs, H / stride, W / stride) features."""
        result: Tensor = self.layers(features)
        return features + result if self.is_residual else result


class Trunk(nn.Module):
    """MobileNetV2 (width 1.0) cut after block 15, the trunk of ASMNet (arXiv 2103.00119)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_norm(3, 32, 3, stride=2), nn.ReLU6(inplace=True))
        blocks = []
        inputs = 32
        for expansion, outputs, first_stride, count in _STAGES:
            for position in range(count):
                stride = first_stride if position == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, stride=stride, expansion=expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)

        self._start: tuple[nn.Module, ...] = ()

    def freeze_start(self, count: int) -> None:
        """Keep stem and first ``count`` blocks as they are from now on, batch norms included.

        They run as convolutions with their batch norms folded in, in half the time, from a copy
        that is no part of the state.
        """
        start = (self.stem, *self.blocks[:count]) if count else ()
        for module in start:
            module.requires_grad_(False)
        self._start = tuple(_folded(module) for module in start)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Trunk:
        """Move the folded copy along: to a device, say."""
        for module in self._start:
            module._apply(fn, recurse)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the outputs of blocks 0 to 15 for (N, 3, S, S) images scaled to [-1, 1]."""
        stages = (self.stem, *self.blocks)
        features, outputs = image, []
        for stage in (*self._start, *stages[len(self._start) :]):
            features = stage(features)
            outputs.append(features)
        return outputs[1:]


def _folded(module: nn.Module) -> nn.Module:
    """Return a copy of a module whose batch norms are folded into the convolutions before them."""
    copied = deepcopy(module).eval()
    for part in copied.modules():
        if not isinstance(part, nn.Sequential):
            continue
        for i in range(len(part) - 1):
            conv, norm = part[i], part[i + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                part[i] = fuse_conv_bn_eval(conv, norm)
                part[i + 1] = nn.Identity()
    return copied
