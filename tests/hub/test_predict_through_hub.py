"""The whole way: ``asmnet predict`` fetches model and detector from a Hub, then works offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import FaceAligner
from asmnet_sdk.hub.registry import DEFAULT_MODEL, find_model
from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX
from tests.hub_server import HubServer

PHOTO = EXAMPLES / "astronaut.jpg"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def predict(hub: HubServer, tmp_path: Path):
    """Run the command in a process of its own with an empty cache; returns the faces."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "ASMNET_"))}
    environment = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}

    def run(*arguments: object, **more: str) -> list[dict]:
        result = subprocess.run(
            [sys.executable, "-m", "asmnet_sdk", "predict", PHOTO, *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**environment, "NO_PROXY": "127.0.0.1", **more},
            cwd=REPOSITORY,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)[0]["faces"]

    return run


def test_published_folder_predicts_as_the_package_does(hub, predict, aligner: FaceAligner):
    hub.add("acme/faces", REPOSITORY / "hub" / DEFAULT_MODEL)
    options = ("--model", "acme/faces", "--box", *ASTRONAUT_BOX)
    expected = aligner.predict(PHOTO, ASTRONAUT_BOX)[0].to_dict()
    [online] = predict(*options)
    [offline] = predict(*options, "--offline")
    for face in (online, offline):
        np.testing.assert_allclose(face["landmarks"], expected["landmarks"], atol=0.01)
    assert hub.requests


def test_default_model_and_detector_never_ask_the_hub(hub, predict):
    [face] = predict()
    np.testing.assert_allclose(face["box"], ASTRONAUT_BOX, atol=6)
    assert not hub.requests


def test_detector_is_fetched_once_then_works_offline(hub, predict, yunet_file):
    spec = find_model("yunet")
    hub.add(spec.repository, {spec.filename: yunet_file.read_bytes()})
    [face] = predict("--detector", "yunet")
    np.testing.assert_allclose(face["box"], ASTRONAUT_BOX, atol=10)
    asked = len(hub.requests)
    assert asked > 0
    assert predict("--detector", "yunet", HF_HUB_OFFLINE="1") == [face]
    assert predict("--detector", "yunet") == [face]
    assert len(hub.requests) == asked
