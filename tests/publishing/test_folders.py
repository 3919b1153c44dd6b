"""What is refused before it can be published, and what is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.publishing.folders import check_hub_folder
from tests.dot_model import METADATA, renamed, write_dot_model
from tests.hub_folder import describe_model, write_hub_folder
from tests.square_detector import METADATA as DETECTOR_METADATA
from tests.square_detector import write_square_detector


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_hub_folder(tmp_path / "dots")


def refusal_of(folder: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        check_hub_folder(folder)
    return str(caught.value)


def test_good_folder_is_described(folder):
    checked = check_hub_folder(folder)
    assert checked.name == METADATA.name
    assert checked.sha256 == hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert checked.files == tuple(folder / n for n in ("README.md", "SHA256SUMS", "model.onnx"))
    assert checked.licence == "Apache-2.0"
    assert not checked.is_research_only


def test_detector_is_taken_too(folder):
    write_square_detector(folder / "model.onnx")
    describe_model(folder, name=DETECTOR_METADATA.name)
    assert check_hub_folder(folder).name == DETECTOR_METADATA.name


@pytest.mark.parametrize(
    ("licence", "key"),
    [
        ("non-commercial research, as the training photos", "other"),
        ("Noncommercial use", "other"),
        ("research only", "other"),
        ("as the data", "cc-by-nc-4.0"),
        ("as the data", "other\nlicense_name: research-only-training-data"),
    ],
)
def test_licence_for_research_only_is_seen(folder, licence, key):
    write_dot_model(folder / "model.onnx", metadata=replace(METADATA, licence=licence))
    describe_model(folder, licence=licence, license=key)
    assert check_hub_folder(folder).is_research_only


@pytest.mark.parametrize("name", ["model.onnx", "README.md", "SHA256SUMS"])
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert name in refusal_of(folder)


def test_folder_that_is_not_there(tmp_path):
    path = tmp_path / "none"
    assert refusal_of(path) == f"{path / 'SHA256SUMS'} cannot be read: No such file or directory"


def test_card_has_to_be_text(folder):
    (folder / "README.md").write_bytes(b"\xff\xfe")
    assert "README.md is no UTF-8 text" in refusal_of(folder)


def test_file_that_nobody_meant_to_publish_is_named(folder):
    (folder / "weights.pt").write_bytes(b"")
    (folder / ".cache").mkdir()
    assert "also holds .cache, weights.pt" in refusal_of(folder)


def test_further_file_goes_into_the_checksums(folder):
    (folder / "LICENSE").write_bytes(b"text")
    digest = hashlib.sha256(b"text").hexdigest()
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{digest}  LICENSE\n")
    assert folder / "LICENSE" in check_hub_folder(folder).files
    (folder / "LICENSE").write_bytes(b"another text")
    assert f"SHA256SUMS says {digest}" in refusal_of(folder)


@pytest.mark.parametrize("line", ["no checksum", f"{'0' * 64}  ../model.onnx"])
def test_checksums_that_are_none(folder, line):
    (folder / "SHA256SUMS").write_text(line)
    assert "a line that is no checksum" in refusal_of(folder)


def test_model_has_to_have_the_hash_of_the_checksums(folder):
    write_dot_model(folder / "model.onnx", metadata=renamed("others"))
    assert "model.onnx has SHA-256" in refusal_of(folder)


def test_model_has_to_load(folder):
    (folder / "model.onnx").write_bytes(b"no model")
    assert "no model that onnxruntime can load" in refusal_of(describe_model(folder))


def test_model_has_to_obey_the_contract(folder):
    write_dot_model(folder / "model.onnx", drop_output="head_pose")
    assert "no tensor 'head_pose'" in refusal_of(describe_model(folder))


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"name": "another"}, "needs the heading '# dots'"),
        ({"sha256": "0" * 64}, "does not state the model's SHA-256"),
        ({"licence": "MIT"}, "does not state the model's licence: Apache-2.0"),
        ({"license": ""}, "a key 'license'"),
    ],
)
def test_card_has_to_agree_with_the_model(folder, card, reason):
    assert reason in refusal_of(describe_model(folder, **card))


def test_card_needs_a_header(folder):
    card = (folder / "README.md").read_text()
    (folder / "README.md").write_text(card.replace("---\n", ""))
    assert "needs a header" in refusal_of(folder)


@pytest.mark.parametrize("licence", ["", "not stated"])
def test_model_has_to_state_its_licence(folder, licence):
    write_dot_model(folder / "model.onnx", metadata=replace(METADATA, licence=licence))
    assert "export it again with --licence" in refusal_of(describe_model(folder, licence=licence))


def test_name_of_the_registry_belongs_to_its_file(folder):
    write_dot_model(folder / "model.onnx", metadata=renamed("asmnet-68"))
    assert "the registry pins 'asmnet-68'" in refusal_of(describe_model(folder, name="asmnet-68"))
