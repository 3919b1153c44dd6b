"""The lab's README leads from every published model to its commands."""

from __future__ import annotations

import re

import pytest

from asmnet_sdk.hub.registry import available_models
from tests.conftest import REPOSITORY

LAB = REPOSITORY / "lab"
README = (LAB / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "folder", sorted(path.parent.name for path in (REPOSITORY / "hub").glob("*/model.onnx"))
)
def test_every_model_of_ours_has_its_commands(folder):
    assert folder in {spec.name for spec in available_models()}
    assert f"| `{folder}` |" in README


def test_every_module_is_named():
    modules = {path.stem for path in LAB.glob("*.py")} - {"__init__"}
    assert modules - set(re.findall(r"[a-z_]+", README)) == set()


def test_every_command_exists():
    for name in re.findall(r"`(lab\.[a-z_.]+)", README):
        path = REPOSITORY / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name
