from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asmnet_sdk import InvalidInputError, ModelFileError
from asmnet_sdk.cli.program import main
from asmnet_sdk.publishing.cards import make_hub_folder, read_figures
from asmnet_sdk.publishing.folders import check_hub_folder
from tests.dot_model import METADATA, write_dot_model

ROWS = [
    {"subset": "a", "faces": 3, "nme_percent": 4.25, "failure_rate_percent": 0, "auc": 0.5},
    {"subset": "all", "faces": 9, "nme_percent": 3.5, "failure_rate_percent": 1.5, "auc": 0.625},
]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    metadata = replace(METADATA, name="mine", licence='ours "alone"', training_data="our photos")
    return write_dot_model(tmp_path / "mine.onnx", metadata=metadata)


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(ROWS))
    return path


def test_folder_of_a_model_is_fit_to_be_published(model, figures, tmp_path):
    folder = tmp_path / "hub"
    make_hub_folder(model, folder, figures=figures, data_set="Our test photos")
    checked = check_hub_folder(folder)
    assert (checked.name, checked.licence) == ("mine", 'ours "alone"')
    card = (folder / "README.md").read_text("utf-8")
    header, text = card.split("---\n")[1:3]
    for line in (
        "library_name: asmnet-sdk", "- asmnet-sdk", "license_name: ours-alone", '- name: "mine"',
        '      name: "Our test photos"', '      type: "our-test-photos"', "    - type: nme",
        "      value: 3.5",
    ):  # fmt: skip
        assert line in header.splitlines()
    assert "| all | 9 | 3.50 | 1.50 | 0.625 |" in text
    assert "our photos" in text


def test_header_is_what_the_hub_reads(model, figures, tmp_path):
    cards = pytest.importorskip("huggingface_hub").ModelCard
    folder = tmp_path / "hub"
    make_hub_folder(model, folder, figures=figures, data_set="Our test photos")
    data = cards((folder / "README.md").read_text("utf-8")).data
    assert (data.library_name, data.tags[0]) == ("asmnet-sdk", "asmnet-sdk")
    results = {result.metric_type: result for result in data.eval_results}
    assert results["nme"].metric_value == 3.5
    assert results["auc"].dataset_name == "Our test photos"


def test_publish_makes_the_folder_of_a_model_file(model, figures, capsys):
    words = ["publish", str(model), "--repo", "me/mine", "--tag", "v1", "--dry-run"]
    assert main(words) == 1
    assert "a model file needs figures for its card" in capsys.readouterr().err
    assert main([*words, "--figures", str(figures), "--measured-on", "our photos"]) == 0
    assert "me/mine" in capsys.readouterr().out
    assert check_hub_folder(model.with_name("mine-hub")).name == "mine"
    card = model.with_name("mine-hub") / "README.md"
    assert 'FaceAligner("me/mine")' in card.read_text("utf-8")
    assert main([*words, "--figures", str(figures), "--measured-on", "our photos"]) == 1
    assert "exists: publish that folder, or remove it" in capsys.readouterr().err


def test_a_model_without_licence_leaves_no_folder_behind(figures, tmp_path):
    metadata = replace(METADATA, licence="not stated")
    model = write_dot_model(tmp_path / "mine.onnx", metadata=metadata)
    with pytest.raises(ModelFileError, match=r"mine\.onnx does not state the licence"):
        make_hub_folder(model, tmp_path / "hub", figures=figures, data_set="Our test photos")
    assert not (tmp_path / "hub").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"subset": "a"}]', "[]"])
def test_what_holds_no_figures_is_refused(tmp_path, text):
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(InvalidInputError, match=r"f\.json holds no figures"):
        read_figures(tmp_path / "f.json")


def test_figures_of_a_comparison_are_told_from_those_of_a_model(tmp_path):
    (tmp_path / "f.json").write_text('[{"subset": "all", "faces": 2, "difference_percent": 1.5}]')
    with pytest.raises(InvalidInputError, match="compares two models; needed: the figures of one"):
        read_figures(tmp_path / "f.json")
