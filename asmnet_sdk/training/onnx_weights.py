"""A torch network's weights out of its model file, batch norms restored.

The export folds each batch norm into the convolution before it. For training they are taken apart
again: each output channel gets the scale that random weights have, and the batch norm the mean and
variance that a batch of crops shows there, so that the network gives what the file gives, and
learns like a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.shared_points import Carry

__all__ = ["conv_norm_pairs", "read_onnx_weights", "restore_norms", "take_onnx_weights"]

_PREFIX = "network."
# Operator -> ends of the names of its parameters; a batch norm folded away leaves a weight_bias.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Conv": (".weight", ".weight_bias"),
    "BatchNormalization": (".weight", ".bias", ".running_mean", ".running_var"),
}


def read_onnx_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a model file by the names they have in the torch network.

    A convolution whose batch norm was folded in has a bias under the name ``....weight_bias``.

    Raises:
        InvalidInputError: The file holds no network that this package exported.
    """
    try:
        graph = onnx.load(path).graph
    except (OSError, DecodeError) as exc:
        raise InvalidInputError(f"{path} holds no ONNX model: {exc}") from exc
    found = {
        initializer.name.removeprefix(_PREFIX): torch.from_numpy(
            numpy_helper.to_array(initializer).copy()
        )
        for initializer in graph.initializer
        if initializer.name.startswith(_PREFIX)
    }
    if not found:
        raise InvalidInputError(f"{path} holds no weights of a network exported by this package")
    for node in graph.node:
        _name_shared(found, node)
    return found


def _name_shared(found: dict[str, Tensor], node: onnx.NodeProto) -> None:
    """Give tensors that a file holds once, being equal, the names of all layers that use them."""
    suffixes = _PARAMETERS.get(node.op_type, ())
    names = [name.removeprefix(_PREFIX) for name in node.input[1:]]
    if len(names) != len(suffixes) or not all(name in found for name in names):
        return
    layers = {
        name.removesuffix(suffix)
        for name, suffix in zip(names, suffixes, strict=True)
        if name.endswith(suffix)
    }
    gaps = [layer for layer in layers if not all(layer + suffix in found for suffix in suffixes)]
    if len(gaps) == 1:
        for name, suffix in zip(names, suffixes, strict=True):
            found.setdefault(gaps[0] + suffix, found[name])


def take_onnx_weights(
    network: FaceNetwork, path: Path, crops: Tensor, carry: Carry | None = None
) -> list[str]:
    """Take from a model file what fits a network: its trunk, and each layer of equal shape.

    Args:
        network: The network, which is left evaluating.
        path: The model file.
        crops: (N, 3, S, S) images in [-1, 1] that show faces, for the batch norms.
        carry: Gives what layers of another shape take over; None: nothing.

    Returns:
        The names of what the file does not hold, or holds in another shape.

    Raises:
        InvalidInputError: The file holds another trunk, or no such network.
    """
    found = read_onnx_weights(path)
    pairs = dict(conv_norm_pairs(network))
    norms = set(pairs.values())
    biases = {conv: found[f"{conv}.weight_bias"] for conv in pairs if _has(found, network, conv)}
    incomplete = {f"{conv}.weight" for conv in pairs if conv not in biases}
    wanted = network.state_dict()
    state = {
        name: found[name]
        for name, value in wanted.items()
        if name in found and found[name].shape == value.shape and name not in incomplete
    }
    state |= carry(found, wanted) if carry else {}
    state |= _widened(found, network, state)
    absent = [
        name
        for name, _ in network.named_parameters()
        if name not in state and name.rpartition(".")[0] not in norms
    ]
    if any(name.startswith("trunk.") for name in absent) or not state:
        raise InvalidInputError(f"{path} holds no weights of {type(network).__name__}'s trunk")
    network.load_state_dict(state, strict=False)
    restore_norms(network, biases, crops)
    return absent


def _widened(
    found: Mapping[str, Tensor], network: FaceNetwork, state: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the face score of older files, which reads less: it gives no weight to the rest."""
    name = "face.weight"
    wanted, held = network.state_dict().get(name), found.get(name)
    if name in state or wanted is None or held is None or held.shape[1] > wanted.shape[1]:
        return {}
    return {name: F.pad(held, (0, wanted.shape[1] - held.shape[1]))}


def _has(found: Mapping[str, Tensor], network: FaceNetwork, conv: str) -> bool:
    """Say whether a file has both parts of a convolution: of equal tensors it may keep only one."""
    weight = found.get(f"{conv}.weight")
    if weight is None or f"{conv}.weight_bias" not in found:
        return False
    return weight.shape == network.get_submodule(conv).weight.shape


def conv_norm_pairs(network: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield the names of each convolution and of the batch norm right behind it."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                    yield f"{name}.{i}", f"{name}.{i + 1}"


@torch.no_grad()
def restore_norms(network: nn.Module, biases: Mapping[str, Tensor], crops: Tensor) -> None:
    """Give convolutions of folded weights the batch norms that leave their outputs as they were.

    Args:
        network: Its convolutions hold the folded weights.
        biases: Name of the convolution -> its folded bias.
        crops: (N, 3, S, S) images in [-1, 1], passed through once, layer by layer.
    """
    hooks = []
    for conv_name, norm_name in conv_norm_pairs(network):
        if conv_name not in biases:
            continue
        conv, norm = network.get_submodule(conv_name), network.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        scale = _rescale(conv)
        hooks.append(norm.register_forward_pre_hook(_fitter(scale, biases[conv_name])))
    network.eval()(crops)
    for hook in hooks:
        hook.remove()


def _rescale(conv: nn.Conv2d) -> Tensor:
    """Bring each output channel to the size of random weights; return the factors."""
    fan_out = conv.out_channels * conv.kernel_size[0] * conv.kernel_size[1] / conv.groups
    usual = (2 / fan_out) ** 0.5
    size = conv.weight.square().mean(dim=(1, 2, 3)).sqrt()
    scale = torch.where(size > 1e-8, usual / size.clamp_min(1e-8), torch.ones_like(size))
    conv.weight.mul_(scale[:, None, None, None])
    return scale


def _fitter(scale: Tensor, bias: Tensor) -> Callable[[nn.Module, tuple[Tensor]], None]:
    """Return a hook that fits a batch norm to what comes into it, and to what is to come out."""

    def fit(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        values = inputs[0].float()
        mean, variance = values.mean(dim=(0, 2, 3)), values.var(dim=(0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt() / scale)
        norm.bias.copy_(bias + mean / scale)

    return fit
