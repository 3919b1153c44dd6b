"""Start a network from MobileNetV2 trained on ImageNet.

``python -m lab.imagenet WEIGHTS.npz PHOTOS OUT --network asmnet-paper`` writes weights that
``start_from`` takes. ``WEIGHTS.npz`` holds MobileNetV2 1.0 without its classifier, the batch norms
folded in: ``NAME.weight`` (O, I, kH, kW) and ``NAME.bias`` (O,) float32 of ``stem``,
``blocks.N.expand``, ``.filter`` and ``.project``, and ``last``. Folded weights span orders of
magnitude, from which nothing trains well, so each channel is scaled to the size of a random start,
and its batch norm scales it back: by the statistics of face crops, so that the network is the
pretrained one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.batches import to_network_input
from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import upright_crops
from asmnet_sdk.training.networks import NETWORKS, FaceNetwork, PaperMobileNetV2
from asmnet_sdk.training.samples import load_face_samples
from asmnet_sdk.training.torch_files import save_state
from asmnet_sdk.training.trunk import InvertedResidual
from asmnet_sdk.training.validation_part import is_validation

__all__ = ["take_imagenet"]

_CROPS = 128


def take_imagenet(
    network: FaceNetwork, arrays: Mapping[str, NDArray[np.float32]], crops: NDArray[np.uint8]
) -> None:
    """Give a network the pretrained convolutions, and batch norms that make them what they were.

    Args:
        network: Its trunk is replaced, and the last layers of MobileNetV2 where it has them; heads
            stay as they are.
        arrays: ``NAME.weight`` and ``NAME.bias``.
        crops: (N, S, S, 3) uint8 RGB face crops.

    Raises:
        InvalidInputError: An array is missing or has another shape.
    """
    hooks = [
        norm.register_forward_pre_hook(_norm_setter(*_set_convolution(conv, arrays, name)))
        for name, conv, norm in _layers(network)
    ]
    network.eval()
    with torch.no_grad():
        network(to_network_input(crops))
    for hook in hooks:
        hook.remove()


def _layers(network: FaceNetwork) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Yield each pretrained convolution with its batch norm and its name in the file."""
    sequences: list[tuple[list[str], nn.Module]] = [(["stem"], network.trunk.stem)]
    blocks = [*network.trunk.blocks]
    if isinstance(network, PaperMobileNetV2):
        block, *last = network.last
        blocks.append(block)
        sequences.append((["last"], nn.Sequential(*last)))
    for number, block in enumerate(blocks):
        if isinstance(block, InvertedResidual):
            parts = ["expand", "filter", "project"] if number else ["filter", "project"]
            sequences.append(([f"blocks.{number}.{part}" for part in parts], block.layers))
    for names, sequence in sequences:
        convs = [layer for layer in sequence.modules() if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in sequence.modules() if isinstance(layer, nn.BatchNorm2d)]
        yield from zip(names, convs, norms, strict=True)


def _set_convolution(
    conv: nn.Conv2d, arrays: Mapping[str, NDArray[np.float32]], name: str
) -> tuple[Tensor, Tensor]:
    """Set the weights of a convolution; return the scale and the bias that its output lacks."""
    try:
        weight, bias = (torch.from_numpy(arrays[f"{name}.{kind}"]) for kind in ("weight", "bias"))
    except KeyError as exc:
        raise InvalidInputError(f"the pretrained weights have no {exc.args[0]}") from exc
    if weight.shape != conv.weight.shape:
        raise InvalidInputError(
            f"{name}.weight has shape {tuple(weight.shape)}; needed: {tuple(conv.weight.shape)}"
        )
    fan_out = weight.shape[0] * weight.shape[2] * weight.shape[3]
    rms = weight.square().mean(dim=(1, 2, 3)).sqrt().clamp_min(1e-8)
    scale = rms * (fan_out / 2) ** 0.5
    with torch.no_grad():
        conv.weight.copy_(weight / scale[:, None, None, None])
    return scale, bias


def _norm_setter(scale: Tensor, bias: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    """Return a hook: a batch norm shall give what it first sees times scale plus bias."""

    def set_norm(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        state = {
            "running_mean": mean,
            "running_var": variance,
            "weight": scale * (variance + norm.eps).sqrt(),
            "bias": scale * mean + bias,
        }
        norm.load_state_dict(state, strict=False)

    return set_norm


def main() -> None:
    """Write the start of a network from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.imagenet", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("photos", type=Path, help="annotated photos, whose crops set the norms")
    parser.add_argument("out", type=Path)
    parser.add_argument("--network", choices=NETWORKS, default="asmnet")
    parser.add_argument("--size", type=int, default=224)
    arguments = parser.parse_args()
    faces = [face for face in read_annotations(arguments.photos) if not is_validation(face)]
    if not faces:
        parser.error(f"all faces of {arguments.photos} validate: more photos are needed")
    samples = load_face_samples(faces[:: max(1, len(faces) // _CROPS)])
    crop_scale = Recipe(epochs=1).crop_scale
    crops, _ = upright_crops(samples, size=arguments.size, crop_scale=crop_scale)
    network = NETWORKS[arguments.network](68)
    with np.load(arguments.weights) as arrays:
        take_imagenet(network, arrays, crops)
    save_state(network.state_dict(), arguments.out)


if __name__ == "__main__":
    main()
