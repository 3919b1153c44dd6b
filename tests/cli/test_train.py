"""``asmnet train`` and ``asmnet export`` from photos to a model that the aligner runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.cli import main
from asmnet_sdk.crops import crop_matrix, cut_crop, image_to_crop
from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.training.configuration import (
    Recipe,
    RunConfig,
    read_config,
    write_config,
)
from asmnet_sdk.training.inference import predict_crops
from asmnet_sdk.training.run_faces import load_run_negatives
from asmnet_sdk.training.run_folder import load_run
from lab.comparing import compare_runs
from tests.dotted_faces import write_dotted_photos


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> RunConfig:
    folder = tmp_path_factory.mktemp("photos")
    return RunConfig(
        out=Path("none"),
        photos=(write_dotted_photos(folder / "train", 16),),
        validation=(write_dotted_photos(folder / "validation", 4),),
        network="asmnet-paper",
        objective="asm",
        recipe=Recipe(epochs=5, size=64, batch_size=8, negatives=0),
        threads=1,
    )


@pytest.fixture(scope="module")
def finished(base, tmp_path_factory) -> Path:
    """Return the folder of a run that the command finished."""
    folder = tmp_path_factory.mktemp("runs") / "paper"
    config = folder.parent / "paper.toml"
    write_config(base, config)
    assert main(["train", str(config), "--out", str(folder)]) == 0
    return folder


def test_run_folder_is_complete(finished, base):
    assert sorted(path.name for path in finished.iterdir()) == [
        "checkpoint.pt",
        "curves.png",
        "log.jsonl",
        "run.toml",
        "shape_model.npz",
        "validation.png",
        "weights.pt",
    ]
    assert read_config(finished / "run.toml") == replace(base, out=finished)
    assert cv2.imread(str(finished / "validation.png")).shape == (256, 1024, 3)


def test_exported_run_predicts_as_the_network_does(finished, tmp_path, capsys):
    path = tmp_path / "mine.onnx"
    assert main(["export", str(finished), str(path), "--licence", "MIT"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{path}: onnxruntime and torch agree within 0.001\n"
    assert captured.err == ""
    aligner = FaceAligner(path, device="cpu", passes=1)
    assert (aligner.model.name, aligner.model.licence) == ("mine", "MIT")
    config, network = load_run(finished)
    [annotated] = read_annotations(config.validation[0])[:1]
    box = BoundingBox.around(annotated.landmarks)
    [face] = aligner.predict(annotated.photo, box)
    matrix = crop_matrix(box, crop_scale=1.35, size=64)
    crop = cut_crop(load_image(annotated.photo), matrix, (64, 64))
    expected = predict_crops(network, crop[np.newaxis])
    pose = face.head_pose
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(
        expected.head_pose[0].tolist(), abs=0.2
    )
    landmarks = image_to_crop(face.landmarks, matrix, 64)
    assert np.abs(landmarks - expected.landmarks[0].numpy()).max() < 2e-3


def test_finished_run_trains_no_more(finished, capsys):
    before = torch.load(finished / "weights.pt", weights_only=True)
    assert main(["train", str(finished / "run.toml")]) == 0
    after = torch.load(finished / "weights.pt", weights_only=True)
    assert "5 of 5 epochs done" in capsys.readouterr().out
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_folder_of_another_run_is_refused(finished, capsys):
    code = main(["train", str(finished / "run.toml"), "--objective", "mse"])
    assert code == 1
    assert "holds a run with other values of objective" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": "resnet"}, "no network 'resnet'; there are asmnet, asmnet-paper, mobile"),
        ({"objective": "l1"}, "no objective 'l1'; there are wing, mse, asm"),
        ({"layout": "WFLW_98"}, "has 68 annotated points, WFLW_98 has 98"),
        ({"photos": (Path("nowhere"),)}, "no annotations at nowhere"),
        ({"start_from": Path("no.pt")}, "no.pt holds no weights:"),
        ({"start_from": Path("asmnet-69")}, "bad.toml: unknown model 'asmnet-69'"),
    ],
)
def test_configuration_that_cannot_be_used_is_one_line(base, tmp_path, capsys, changes, reason):
    config = tmp_path / "bad.toml"
    write_config(replace(base, out=tmp_path / "run", **changes), config)
    assert main(["train", str(config)]) == 1
    assert reason in capsys.readouterr().err


def test_compared_runs_show_what_differs_and_the_validation_figures(finished, base, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(finished, other)
    write_config(
        replace(base, out=other, objective="mse", extra=(Path("a/b/c"),)), other / "run.toml"
    )
    header, _, first, second = compare_runs([finished, other]).splitlines()
    records = (finished / "log.jsonl").read_text().splitlines()
    nme = json.loads(records[-1])["val_nme"]
    assert "validation NME %" in header
    assert first.startswith(f"| base | {nme:.2f} | ")
    assert second.startswith(f"| extra b/c, objective mse | {nme:.2f} | ")


def test_compared_runs_are_measured_on_test_faces(finished, base):
    faces = read_annotations(base.validation[0])
    logged, tested = (
        float(compare_runs([finished], test).splitlines()[2].split("|")[2]) for test in ((), faces)
    )
    assert tested == pytest.approx(logged, rel=0.02)


def test_export_of_what_is_no_finished_run_is_refused(base, tmp_path, capsys):
    assert main(["export", str(tmp_path), "out.onnx"]) == 1
    assert "holds no run.toml" in capsys.readouterr().err
    write_config(base, tmp_path / "run.toml")
    assert main(["export", str(tmp_path), "out.onnx"]) == 1
    assert "not finished; to continue it: asmnet train" in capsys.readouterr().err


def test_missing_torch_is_one_line_that_names_the_extra():
    script = (
        "import sys; sys.modules['torch'] = None; from asmnet_sdk.cli import main; "
        "sys.exit(main(['export', 'run', 'out.onnx']))"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("asmnet: error: training or export needs the package torch:")
    assert "pip install 'asmnet-sdk[train]'" in result.stderr


def test_faceless_pictures_join_the_negatives(base, tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((160, 160, 3), 99, np.uint8))
    config = replace(base, faceless=(tmp_path,), recipe=replace(base.recipe, negatives=2))
    faces = read_annotations(base.photos[0])
    crops = load_run_negatives(config, faces)
    assert len(crops) > 1
    assert (crops[-1] == 99).all()
    assert not len(load_run_negatives(replace(config, recipe=base.recipe), faces))
