from __future__ import annotations

import pytest

from asmnet_sdk.publishing.folders import check_hub_folder
from lab.card_headers import stated_figures, with_header
from tests.conftest import REPOSITORY

OLD = """\
---
license: other
license_name: research-only-training-data
library_name: onnx
pipeline_tag: keypoint-detection
tags:
- face-alignment
- asmnet
---

# mine
"""
FIGURES = {"nme_percent": 3.5, "failure_rate_percent": 0, "auc": 0.5, "parameters": 7}
FOLDERS = sorted(path.parent for path in REPOSITORY.glob("hub/*/model.onnx"))


def test_an_older_card_keeps_its_text_licence_and_tags():
    card = with_header(OLD, name="mine", figures=FIGURES)
    header, text = card.split("---\n")[1:]
    lines = header.splitlines()
    assert text == "\n# mine\n"
    assert "license_name: research-only-training-data" in lines
    assert [line for line in lines if line.startswith("- ")] == [
        *("- asmnet-sdk", "- face-alignment", "- asmnet", '- name: "mine"'),
    ]
    assert "      value: 3.5" in lines
    assert "7" not in header
    assert with_header(card, name="mine", figures={}) == card


def test_a_detector_states_what_it_finds_not_the_landmarks():
    old = OLD.replace("keypoint-detection", "object-detection")
    figures = {"recall_percent": 100.0, "mean_overlap": 0.91, "nme_percent": 3.3}
    header = with_header(old, name="mine", figures=figures).split("---\n")[1]
    assert "type: recall" in header
    assert "value: 0.91" in header
    assert "type: nme" not in header


def test_a_text_without_header_is_refused():
    with pytest.raises(ValueError, match="the card of mine has no header"):
        with_header("# mine\n", name="mine", figures={})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_published_cards_have_the_header_and_the_figures_of_their_file(folder):
    cards = pytest.importorskip("huggingface_hub").ModelCard
    data = cards((folder / "README.md").read_text("utf-8")).data
    assert (data.library_name, data.tags[0]) == ("asmnet-sdk", "asmnet-sdk")
    assert data.model_name == folder.name
    figures, key = stated_figures(folder / "model.onnx"), {"nme": "nme_percent"}
    key |= {"recall": "recall_percent"}
    [result] = [result for result in data.eval_results if result.metric_type in key]
    assert result.metric_value == pytest.approx(figures[key[result.metric_type]], abs=1e-3)
    check_hub_folder(folder)
