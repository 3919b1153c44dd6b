"""A trained detector file as the start of a network that is as wide or wider."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from asmnet_sdk.training.onnx_weights import read_onnx_weights
from lab.detection.networks import DetectionNetwork

__all__ = ["start_from"]

_PIXEL_RANGE = 255


@torch.no_grad()
def start_from(network: DetectionNetwork, path: Path, pictures: Tensor) -> None:
    """Take over the weights of a published file, whose batch norms are folded into its filters.

    Old weights go to the first channels of each layer; old channels read nothing of new ones at
    first, so the network starts as what the file is. Batch norms are unfolded with the statistics
    of ``pictures``, each filter scaled to the size that fresh ones have: so the network trains
    like any other.

    Args:
        network: The network, freshly made, with the same layers.
        path: The ONNX file, as ``export_detector`` writes it.
        pictures: (N, 3, H, W) training pictures in [0, 1].
    """
    stored = read_onnx_weights(path)
    stored["stem.0.weight"] = stored["stem.0.weight"] * _PIXEL_RANGE
    modules = dict(network.named_modules())
    hooks = []
    for name, module in modules.items():
        if isinstance(module, nn.Conv2d) and f"{name}.weight" in stored:
            factors = _take_filters(module, stored[f"{name}.weight"])
            if name == "output":
                module.bias[: len(stored["output.bias"])] = stored["output.bias"]  # type: ignore[index]
                continue
            norm = modules[_norm_after(name)]
            assert isinstance(norm, nn.BatchNorm2d)
            bias = _bias_of(name, stored)
            hooks.append(norm.register_forward_pre_hook(_Unfold(bias, factors)))
    network.eval()
    network(pictures)
    for hook in hooks:
        hook.remove()


def _norm_after(name: str) -> str:
    head, index = name.rsplit(".", 1)
    return f"{head}.{int(index) + 1}"


def _bias_of(name: str, stored: dict[str, Tensor]) -> Tensor:
    """Return the folded bias; the tower serves three levels, so its norm is stored as it is."""
    if f"{name}.weight_bias" in stored:
        return stored[f"{name}.weight_bias"]
    norm = _norm_after(name)
    gain = stored[f"{norm}.weight"] / (stored[f"{norm}.running_var"] + 1e-5).sqrt()
    return torch.stack([gain, stored[f"{norm}.bias"] - gain * stored[f"{norm}.running_mean"]])


def _take_filters(layer: nn.Conv2d, old: Tensor) -> Tensor:
    """Copy filters, each scaled to the rms of the fresh ones; return the factors."""
    outputs, inputs = old.shape[:2]
    fresh_rms = layer.weight.square().mean().sqrt()
    is_output = layer.bias is not None
    factors = torch.ones(outputs) if is_output else fresh_rms / old.square().mean((1, 2, 3)).sqrt()
    layer.weight[:outputs] = 0
    layer.weight[:outputs, :inputs] = old * factors[:, None, None, None]
    return factors


class _Unfold:
    """Sets a batch norm before its first run, so that old channels come out as they did."""

    def __init__(self, bias: Tensor, factors: Tensor) -> None:
        self.bias, self.factors = bias, factors
        self.is_done = False

    def __call__(self, norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        if self.is_done:
            return
        self.is_done = True
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        norm.running_mean, norm.running_var = mean, variance
        old = len(self.factors)
        gain, bias = self.bias if self.bias.dim() == 2 else (torch.ones(old), self.bias)
        gain = gain / self.factors
        norm.weight[:old] = gain * (variance[:old] + norm.eps).sqrt()
        norm.bias[:old] = bias + gain * mean[:old]
