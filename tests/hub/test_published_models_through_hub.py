"""Every model of ours, by its name, as a user gets it.

The process runs a copy of the package, whose weights never ask the Hub; a Hub that serves hub/
gives the others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import asmnet_sdk
from asmnet_sdk import FaceAligner, available_models
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.hub.registry import find_model
from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX
from tests.hub_server import HubServer

PHOTO = EXAMPLES / "astronaut.jpg"
OURS = [spec for spec in available_models() if spec.repository.startswith("asmnet/")]
ON_THE_HUB = [spec for spec in OURS if not spec.embedded]
YUNET = find_model("yunet")
DRIVER = f"""
import json
from asmnet_sdk import FaceAligner, available_models

results = {{}}
for spec in available_models():
    if spec.kind == "aligner":
        with FaceAligner(spec.name, device="cpu") as aligner:
            face = aligner.predict({str(PHOTO)!r}, {ASTRONAUT_BOX!r})[0]
        results[spec.name] = [aligner.model.name, face.landmarks.tolist()]
    elif spec.repository.startswith("asmnet/"):
        with FaceAligner(detector=spec.name, device="cpu") as aligner:
            boxes = [list(face.box) for face in aligner.predict({str(PHOTO)!r})]
        results[spec.name] = [spec.name, boxes]
print(json.dumps(results))
"""


@pytest.fixture
def hub():
    with HubServer() as server:
        for spec in OURS:
            server.add(spec.repository, REPOSITORY / "hub" / spec.name, revisions=(spec.revision,))
        yield server


@pytest.fixture
def run(hub: HubServer, tmp_path: Path):
    """Run Python with the package alone and an empty cache."""
    package = tmp_path / "site" / "asmnet_sdk"
    ignored = shutil.ignore_patterns("training", "__pycache__")
    shutil.copytree(Path(asmnet_sdk.__file__).parent, package, ignore=ignored)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "ASMNET_"))}
    environment = {
        **kept,
        "PYTHONPATH": str(package.parent),
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "NO_PROXY": "127.0.0.1",
    }

    def call(*arguments: str, **changes: str) -> SimpleNamespace:
        result = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            env={**environment, **changes},
            cwd=tmp_path,
            timeout=300,
            check=False,
        )
        return SimpleNamespace(code=result.returncode, out=result.stdout, err=result.stderr)

    return call


def test_every_model_is_loaded_by_its_name_from_the_package_or_the_hub(hub, run):
    result = run("-c", DRIVER)
    assert result.code == 0, result.err
    from_hub = json.loads(result.out)
    assert set(from_hub) == {spec.name for spec in OURS}
    for spec in OURS:
        file = REPOSITORY / "hub" / spec.name / spec.filename
        name, values = from_hub[spec.name]
        assert name == spec.name
        np.testing.assert_allclose(values, expected_of(spec.kind, file), atol=0.01)
        methods = [request.method for request in hub.requests_for(spec.repository)]
        assert methods.count("GET") == (spec in ON_THE_HUB)
    again = run("-c", DRIVER, HF_HUB_OFFLINE="1")
    assert json.loads(again.out) == from_hub


def expected_of(kind: str, file: Path) -> object:
    if kind == "aligner":
        return FaceAligner(file, device="cpu").predict(PHOTO, ASTRONAUT_BOX)[0].landmarks
    aligner = FaceAligner(device="cpu", detector=AsmnetDetector(file))
    return [list(face.box) for face in aligner.predict(PHOTO)]


def test_download_all_fetches_every_model_then_needs_no_network(hub, run, yunet_file):
    hub.add(YUNET.repository, {YUNET.filename: yunet_file.read_bytes()})
    first = run("-m", "asmnet_sdk", "download", "--all")
    assert (first.code, first.err) == (0, "")
    lines = [line.split("  ") for line in first.out.splitlines()]
    assert [name for name, _ in lines] == [spec.name for spec in available_models()]
    asked = len(hub.requests)
    assert asked > 0
    second = run("-m", "asmnet_sdk", "download", "--all", HF_HUB_OFFLINE="1")
    assert (second.code, second.out) == (0, first.out)
    assert len(hub.requests) == asked


def test_download_all_names_what_failed_and_fetches_the_rest(run):
    result = run("-m", "asmnet_sdk", "download", "--all")
    assert result.code == 1
    assert [line.split("  ")[0] for line in result.out.splitlines()] == [s.name for s in OURS]
    errors = [line for line in result.err.splitlines() if line.startswith("asmnet: error:")]
    assert len(errors) == 1
    assert YUNET.repository in errors[0]


def test_download_takes_the_tag_of_a_repository(hub, run):
    spec = OURS[0]
    result = run("-m", "asmnet_sdk", "download", spec.repository, "--revision", spec.revision)
    assert result.code == 0, result.err
    missing = run("-m", "asmnet_sdk", "download", spec.repository, "--revision", "v9.9.9")
    assert missing.code == 1
    assert "the repository has no such revision" in missing.err
