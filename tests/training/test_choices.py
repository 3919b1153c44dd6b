from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.choices import device_of
from asmnet_sdk.training.configuration import Recipe, RunConfig


def run_on(device: str) -> RunConfig:
    return RunConfig(out=Path("out"), photos=(Path("p"),), recipe=Recipe(epochs=1), device=device)


@pytest.fixture
def two_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.usefixtures("two_cards")
@pytest.mark.parametrize(
    ("asked", "got"), [("auto", "cuda"), ("cpu", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda:1")]
)
def test_card_is_taken_where_there_is_one(asked, got):
    assert str(device_of(run_on(asked))) == got


@pytest.mark.usefixtures("two_cards")
def test_card_that_is_not_there_is_refused():
    with pytest.raises(InvalidInputError, match=r"'cuda:2'; torch .* can use cpu, cuda, cuda:0"):
        device_of(run_on("cuda:2"))


def test_without_a_card_the_processor_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of(run_on("auto")).type == "cpu"
    with pytest.raises(InvalidInputError, match=r"'cuda'; torch .* can use cpu$"):
        device_of(run_on("cuda"))
    with pytest.raises(InvalidInputError, match=r"'gpu'; torch .* can use cpu"):
        device_of(run_on("gpu"))
