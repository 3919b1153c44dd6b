from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.networks import SpatialAsmnet
from lab.dense_labels import BESIDE
from lab.further_points import keep_all_but, start_beside

OLD = sorted(set(range(98)) - BESIDE.keys())


@pytest.fixture
def network() -> SpatialAsmnet:
    torch.manual_seed(0)
    return SpatialAsmnet(98).eval()


def test_only_rows_of_the_new_points_learn(network: SpatialAsmnet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    keep_all_but(network, BESIDE)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0)
    for _ in range(2):
        predicted = network(torch.rand(2, 3, 64, 64))
        optimizer.zero_grad()
        (predicted.landmarks.sum() + predicted.landmark_visible_logit.sum()).backward()
        optimizer.step()
    after = network.state_dict()
    assert torch.equal(after["maps.weight"][OLD], before["maps.weight"][OLD])
    assert (after["maps.weight"][sorted(BESIDE)] != before["maps.weight"][sorted(BESIDE)]).any()
    rows = {"maps.weight", "maps.bias", "visible_here"}
    rows |= {"visible_around.2.weight", "visible_around.2.bias"}
    assert {name for name, value in after.items() if not torch.equal(value, before[name])} == rows


def test_new_points_begin_between_those_beside_them(network: SpatialAsmnet) -> None:
    start_beside(network, BESIDE)
    weight = network.maps.weight
    torch.testing.assert_close(weight[1], weight[[0, 2]].mean(dim=0))
    torch.testing.assert_close(weight[38], weight[37])
