from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.networks import (
    NETWORKS,
    PaperAsmnet,
    PaperMobileNetV2,
    SpatialAsmnet,
)
from asmnet_sdk.training.trunk import Trunk
from lab.measuring import count_multiply_adds


def keras_parameters(network: torch.nn.Module) -> int:
    """Count as Keras does: the trained numbers and the running statistics of the batch norms."""
    statistics = [b for n, b in network.named_buffers() if n.endswith(("mean", "var"))]
    return sum(tensor.numel() for tensor in (*network.parameters(), *statistics))


def test_trunk_has_the_channels_and_strides_of_the_paper():
    with torch.inference_mode():
        outputs = Trunk().eval()(torch.zeros(1, 3, 224, 224))
    shapes = {i: (outputs[i].shape[1], outputs[i].shape[2]) for i in PaperAsmnet.taps}
    assert shapes == {
        1: (24, 56),
        3: (32, 28),
        6: (64, 14),
        10: (96, 14),
        13: (160, 7),
        15: (160, 7),
    }


@pytest.mark.parametrize(
    ("network", "parameters", "flops"),
    [(PaperAsmnet, 1.43e6, 0.51e9), (PaperMobileNetV2, 2.42e6, 0.60e9)],
)
def test_paper_networks_have_the_papers_size_and_cost(network, parameters, flops):
    """The paper's FLOPs count multiplications and additions apart, two a multiply-add."""
    assert keras_parameters(network()) == pytest.approx(parameters, rel=0.01)
    assert 2 * count_multiply_adds(network(), 224) == pytest.approx(flops, rel=0.03)


def test_paper_asmnet_reads_the_pooled_taps_in_order():
    torch.manual_seed(0)
    network = PaperAsmnet().eval()
    seen = []
    network.heads.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        network(image)
        blocks = network.trunk(image)
    pooled = [blocks[i].mean(dim=(2, 3)) for i in (1, 3, 6, 10, 13, 15)]
    torch.testing.assert_close(seen[0], torch.cat(pooled, dim=1))
    assert seen[0].shape == (2, 536)


def test_default_network_stays_within_the_papers_parameters():
    assert sum(p.numel() for p in SpatialAsmnet().parameters()) <= 1.43e6


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_have_the_shapes_of_the_contract(name):
    with torch.inference_mode():
        predicted = NETWORKS[name](98).eval()(torch.zeros(2, 3, 64, 64))
    assert predicted.landmarks.shape == (2, 98, 2)
    assert predicted.head_pose.shape == (2, 3)
    has_more = name == "asmnet"
    assert (predicted.landmark_log_sigma is not None) == has_more
    assert (predicted.face_logit is not None) == has_more
    assert (predicted.landmark_visible_logit is not None) == has_more


@pytest.mark.parametrize("name", NETWORKS)
def test_training_in_bfloat16_does_not_round_the_outputs(name):
    torch.manual_seed(0)
    network = NETWORKS[name](68).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        predicted = network(torch.randn(2, 3, 64, 64))
    for values in (predicted.landmarks, predicted.head_pose):
        assert values.dtype == torch.float32
        assert not torch.equal(values, values.bfloat16().float())


def test_frozen_start_gives_the_same_features():
    torch.manual_seed(0)
    trunk = Trunk().eval()
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before = trunk(image)
        trunk.freeze_start(3)
        after = trunk(image)
    assert len(after) == 16
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(before, after, strict=True))


def test_frozen_start_goes_where_the_trunk_goes():
    """To a graphics card, or as here to another precision."""
    trunk = Trunk().eval()
    trunk.freeze_start(3)
    trunk.to(torch.float64)
    features = trunk(torch.randn(1, 3, 64, 64, dtype=torch.float64))
    assert all(part.dtype == torch.float64 for part in features)
