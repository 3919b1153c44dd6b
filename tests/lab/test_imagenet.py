"""The start from ImageNet gives the features of the pretrained network."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.training.batches import to_network_input
from asmnet_sdk.training.networks import PaperAsmnet, PaperMobileNetV2
from lab.imagenet import take_imagenet

STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)


@pytest.fixture(scope="module")
def arrays():
    """Folded weights with channels of very different size, as a folded batch norm leaves them."""
    generator = np.random.default_rng(0)
    found = {}
    for name, layer in _named_convolutions(PaperMobileNetV2()):
        shape = layer.weight.shape
        inputs = np.prod(shape[1:])
        sizes = np.exp(generator.normal(0, 1, size=(shape[0], 1, 1, 1))) / inputs**0.5
        found[f"{name}.weight"] = (sizes * generator.normal(size=shape)).astype(np.float32)
        found[f"{name}.bias"] = generator.normal(size=shape[0]).astype(np.float32)
    return found


@pytest.fixture(scope="module")
def crops():
    return np.random.default_rng(1).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)


def _named_convolutions(network):
    blocks = [*network.trunk.blocks, network.last[0]]
    yield "stem", network.trunk.stem[0]
    for number, block in enumerate(blocks):
        names = ("expand", "filter", "project") if number else ("filter", "project")
        layers = [layer for layer in block.layers if isinstance(layer, torch.nn.Conv2d)]
        yield from zip((f"blocks.{number}.{name}" for name in names), layers, strict=True)
    yield "last", network.last[1]


def _plain(arrays, image):
    """The pretrained network with its folded weights as they come, up to its last layer."""

    def convolve(x, name, stride=1, groups=1):
        weight, bias = (torch.from_numpy(arrays[f"{name}.{kind}"]) for kind in ("weight", "bias"))
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=groups)

    outputs = []
    x = convolve(image, "stem", 2).clamp(0, 6)
    for number, stride in enumerate(STRIDES):
        before = x
        if number:
            x = convolve(x, f"blocks.{number}.expand").clamp(0, 6)
        x = convolve(x, f"blocks.{number}.filter", stride, x.shape[1]).clamp(0, 6)
        x = convolve(x, f"blocks.{number}.project")
        x = x + before if x.shape == before.shape else x
        outputs.append(x)
    return outputs, convolve(x, "last").clamp(0, 6)


def test_features_are_those_of_the_pretrained_network(arrays, crops):
    network = PaperMobileNetV2()
    take_imagenet(network, arrays, crops)
    other = to_network_input(crops[:, ::-1].copy())  # not the crops that set the batch norms
    blocks, last = _plain(arrays, other)
    with torch.no_grad():
        trunk = network.trunk(other)
        found = network.last(trunk[15])
    for ours, theirs in [*zip(trunk, blocks, strict=False), (found, last)]:
        assert (ours - theirs).abs().mean() < 0.005 * theirs.std()


def test_channels_have_the_size_of_a_random_start(arrays, crops):
    network = PaperAsmnet()
    take_imagenet(network, arrays, crops)
    weight = network.trunk.blocks[3].layers[0].weight
    sizes = weight.square().mean(dim=(1, 2, 3)).sqrt()
    torch.testing.assert_close(sizes, torch.full_like(sizes, (2 / weight.shape[0]) ** 0.5))


def test_heads_stay(arrays, crops):
    network = PaperAsmnet()
    before = network.heads.landmarks.weight.clone()
    take_imagenet(network, arrays, crops)
    assert torch.equal(network.heads.landmarks.weight, before)


def test_missing_array_is_named(arrays, crops):
    lacking = {name: array for name, array in arrays.items() if name != "blocks.4.filter.bias"}
    with pytest.raises(InvalidInputError, match=r"no blocks\.4\.filter\.bias"):
        take_imagenet(PaperAsmnet(), lacking, crops)


def test_wrong_shape_is_named(arrays, crops):
    wrong = {**arrays, "stem.weight": arrays["stem.weight"][:, :2]}
    with pytest.raises(InvalidInputError, match=r"stem\.weight has shape \(32, 2, 3, 3\)"):
        take_imagenet(PaperAsmnet(), wrong, crops)
