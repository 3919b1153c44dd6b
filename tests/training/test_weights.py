from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.networks import PaperAsmnet, SpatialAsmnet
from asmnet_sdk.training.weights import load_weights, take_weights
from tests.tiny_network import TinyNetwork


@pytest.fixture
def saved(tmp_path):
    """Weights of the spatial network with 68 points."""
    torch.manual_seed(0)
    network = SpatialAsmnet(68)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    return tmp_path / "weights.pt", network.state_dict()


def test_whole_network_is_loaded(saved):
    path, state = saved
    network = SpatialAsmnet(68)
    load_weights(network, path)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_another_layout_takes_all_but_the_layers_of_its_points(saved):
    path, state = saved
    network = SpatialAsmnet(98)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    names = take_weights(network, path)
    fresh = {
        "face.weight",
        "maps.bias",
        "maps.weight",
        "pose.0.weight",
        "sigma_bias",
        "sigma_slope",
    }
    fresh |= {"visible_around.2.bias", "visible_around.2.weight", "visible_here"}
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name] if name in fresh else state[name]), name
    assert names == sorted(fresh)


def test_another_head_takes_the_trunk(saved):
    path, state = saved
    network = PaperAsmnet()
    take_weights(network, path)
    name = "trunk.blocks.15.layers.0.weight"
    assert torch.equal(network.state_dict()[name], state[name])


@pytest.mark.parametrize("content", [b"", b"text", b"garbage"])
def test_files_that_hold_no_weights_are_one_line(tmp_path, content):
    (tmp_path / "odd.pt").write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"odd\.pt holds no weights: ") as caught:
        take_weights(PaperAsmnet(), tmp_path / "odd.pt")
    assert "\n" not in str(caught.value)


def test_weights_of_another_trunk_are_refused(tmp_path):
    torch.save(TinyNetwork().state_dict(), tmp_path / "tiny.pt")
    with pytest.raises(
        InvalidInputError, match=r"tiny\.pt holds no weights of PaperAsmnet's trunk"
    ):
        take_weights(PaperAsmnet(), tmp_path / "tiny.pt")


def test_weights_of_another_network_are_no_whole_network(saved):
    with pytest.raises(InvalidInputError, match="holds no weights of PaperAsmnet"):
        load_weights(PaperAsmnet(), saved[0])
