"""Tests of what reads a layer's input, and of the evidence made of it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from torch import nn

from lab.refitting import Evidence, LayerReader


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()


@pytest.fixture(scope="module")
def reader(network: nn.Sequential) -> LayerReader:
    return LayerReader(network, network[4], size=32)


def test_a_layer_reads_what_the_layers_before_it_give(network, reader) -> None:
    images = torch.randn(70, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    read = reader.read(images)
    with torch.inference_mode():
        torch.testing.assert_close(read, network[:4](images))
    assert not network[4]._forward_pre_hooks


def test_crops_are_read_as_the_network_takes_them(reader) -> None:
    crops = torch.full((70, 32, 32, 3), 255, dtype=torch.uint8).numpy()
    torch.testing.assert_close(reader.read_crops(crops), reader.read(torch.ones(70, 3, 32, 32)))


def test_each_kind_of_evidence_counts_as_told() -> None:
    sure = Evidence(torch.zeros(4, 2), torch.ones(4), torch.ones(4)).counting(1.0)
    doubtful = Evidence(torch.zeros(2, 2), torch.zeros(2), torch.tensor([1.0, 3.0])).counting(0.5)
    evidence = Evidence.join([sure, doubtful])
    assert evidence.truth.tolist() == [1, 1, 1, 1, 0, 0]
    assert evidence.weights.tolist() == [0.25, 0.25, 0.25, 0.25, 0.125, 0.375]
