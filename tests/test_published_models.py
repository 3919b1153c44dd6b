"""Every model of ours: its folder in hub/, its registry entry, and the model itself agree."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import FaceAligner, available_models
from asmnet_sdk.hub.figures import model_figures
from asmnet_sdk.hub.registry import DEFAULT_MODEL, ModelSpec
from asmnet_sdk.hub.resolving import MIRROR_VARIABLE, resolve_model
from asmnet_sdk.publishing.folders import check_hub_folder
from asmnet_sdk.publishing.upload import plan_publication
from tests.conftest import REPOSITORY
from tests.golden import BOXES, EXAMPLES, read_golden

HUB = REPOSITORY / "hub"
OURS = [spec for spec in available_models() if spec.repository.startswith("asmnet/")]
if not all((HUB / spec.name / "model.onnx").is_file() for spec in OURS):
    pytest.skip("the source archive carries no published weights", allow_module_level=True)
ALIGNERS = [spec for spec in OURS if spec.kind == "aligner"]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=ALIGNERS, ids=lambda spec: spec.name)
def spec(request) -> ModelSpec:
    return request.param


@pytest.fixture
def published(spec, monkeypatch) -> FaceAligner:
    """The model by its name, with hub/ as mirror folder for those outside the package."""
    monkeypatch.setenv(MIRROR_VARIABLE, str(HUB))
    return FaceAligner(spec.name, device="cpu", local_files_only=True)


def test_every_folder_in_hub_is_registered():
    assert {path.name for path in HUB.iterdir()} - {"space"} == {spec.name for spec in OURS}


@pytest.mark.parametrize("spec", OURS, ids=lambda spec: spec.name)
def test_registry_file_and_card_agree_on_the_hash(spec, monkeypatch):
    monkeypatch.setenv(MIRROR_VARIABLE, str(HUB))
    folder = HUB / spec.name
    assert sha256(folder / spec.filename) == spec.sha256
    checksums = (folder / "SHA256SUMS").read_text().splitlines()
    assert f"{spec.sha256}  {spec.filename}" in checksums
    assert spec.sha256 in (folder / "README.md").read_text()
    assert sha256(resolve_model(spec.name, local_files_only=True)) == spec.sha256


@pytest.mark.parametrize("spec", OURS, ids=lambda spec: spec.name)
def test_folder_is_fit_to_be_published_as_the_registry_says(spec):
    folder = check_hub_folder(HUB / spec.name)
    assert (folder.name, folder.sha256) == (spec.name, spec.sha256)
    assert folder.is_research_only == ("research" in spec.licence)
    plan = plan_publication(HUB / spec.name)
    assert (plan.repository, plan.tag) == (spec.repository, spec.revision)


def test_model_file_and_card_agree_on_the_figures(spec, published):
    card = (HUB / spec.name / "README.md").read_text()
    row = re.search(r"\| all \| 554 \| 0 \| ([\d.]+) \|", card)
    assert float(row[1]) == pytest.approx(published.model.figures["nme_percent"], abs=0.006)
    assert published.model.name == spec.name


def test_card_terminal_and_pages_show_the_same_error(spec):
    """Tables of one look each may differ by a hundredth: by default, a few faces get a second."""
    card = (HUB / spec.name / "README.md").read_text()
    shown = f"{model_figures()[spec.name].nme_percent:.2f}"
    assert re.search(r"\| all \| 554 \| 0 \| ([\d.]+) \|", card)[1] == shown
    page = (REPOSITORY / "docs" / "models" / "index.md").read_text()
    assert re.search(rf"\n\| `{spec.name}` \|(?:[^|]+\|){{3}} ([\d.]+) \|", page)[1] == shown
    one_look = re.findall(r"\n\| common NME \| ([\d.]+) \|", card)
    if spec.name == DEFAULT_MODEL:
        for front in (REPOSITORY / "README.md", REPOSITORY / "docs" / "index.md"):
            one_look += re.findall(rf"\n\| {spec.name} \| ([\d.]+) \|", front.read_text())
        assert len(one_look) == 3
    assert [float(each) for each in one_look] == pytest.approx(
        [float(shown)] * len(one_look), abs=0.011
    )


def test_model_names_its_data_and_terms(published):
    assert "300-W" in published.model.training_data
    assert "non-commercial" in published.model.training_data
    assert "research" in published.model.licence


def test_models_agree_on_the_portraits(published):
    """Other sizes, layouts and number formats move landmarks of the default model by little.

    Models whose head pose was learned from other faces differ more in it: by up to 4 degrees.
    """
    expected = read_golden(DEFAULT_MODEL)
    for name, box in BOXES.items():
        face = published.predict(EXAMPLES / name, box)[0].to_layout("IBUG_68")
        distance = np.subtract(face.landmarks, expected[name]["landmarks"])
        assert np.linalg.norm(distance, axis=1).mean() < 0.03 * (box[2] - box[0])
        for angle in ("yaw", "pitch", "roll"):
            assert getattr(face.head_pose, angle) == pytest.approx(
                expected[name]["head_pose"][angle], abs=4
            )
