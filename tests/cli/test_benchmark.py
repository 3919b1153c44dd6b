from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.cli.program import main
from tests.cli.conftest import AT_BOX
from tests.conftest import EXAMPLES
from tests.dot_model import BOX

INFERENCE_COLOR = (0, 158, 115)


def test_benchmark_names_a_photo_that_cannot_be_read(run, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    code, _, err = run("benchmark", tmp_path / "bad.jpg", *AT_BOX)
    assert code == 1
    assert str(tmp_path / "bad.jpg") in err


def test_benchmark_times_every_setting(photos, dot_model, tmp_path, capsys):
    code = main(
        [
            "benchmark", str(photos / "a.png"), *AT_BOX, "--models", str(dot_model),
            "--device", "cpu", "--threads", "1", "2", "--batches", "1", "3",
            "--repetitions", "4", "--json", str(tmp_path / "times.json"),
        ]
    )  # fmt: skip
    assert code == 0
    assert "infer" in capsys.readouterr().out.splitlines()[0]
    record = json.loads((tmp_path / "times.json").read_text())
    assert [(r["threads"], r["batch"]) for r in record["results"]] == [
        (1, 1), (1, 3), (2, 1), (2, 3),
    ]  # fmt: skip
    for result in record["results"]:
        assert set(result["milliseconds"]) == {"decode", "crop", "inference", "post-processing"}
        assert all(len(t) == 4 and min(t) > 0 for t in result["milliseconds"].values())
    assert record["machine"]["onnxruntime"]


def test_plot_without_matplotlib_says_so_before_it_measures(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plot = str(tmp_path / "times.png")
    assert main(["benchmark", str(EXAMPLES / "astronaut.jpg"), "--plot", plot]) == 1
    assert "pip install 'asmnet-sdk[plots]'" in capsys.readouterr().err


def test_command_writes_table_json_and_plot(dot_model: Path, tmp_path: Path, capsys):
    pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    code = main(
        [
            "benchmark", str(EXAMPLES / "astronaut.jpg"), "--models", str(dot_model),
            "--devices", "cpu", "auto", "--threads", "1", "2", "--batches", "1", "2",
            "--repetitions", "2",
            "--json", str(tmp_path / "new" / "times.json"),
            "--plot", str(tmp_path / "new" / "times.png"),
        ]
    )  # fmt: skip
    assert code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "model", "device", "threads", "batch", "decode", "detect", "crop", "infer", "post",
    ]  # fmt: skip
    rows = [line.split() for line in lines if line.startswith(dot_model.name)]
    assert [len(row) for row in rows] == [9] * 8
    assert max(map(len, lines[:9])) <= 80
    record = json.loads((tmp_path / "new" / "times.json").read_text("utf-8"))
    for result in record["results"]:
        for stage, values in result["milliseconds"].items():
            assert result["median"][stage] == pytest.approx(np.median(values), abs=1e-3)
            assert result["spread"][stage] >= 0
    picture = cv2.imread(str(tmp_path / "new" / "times.png"))
    assert (picture[..., ::-1] == INFERENCE_COLOR).all(axis=-1).any()


@pytest.mark.parametrize("option", ["--threads", "--batches", "--repetitions"])
def test_command_refuses_numbers_below_one(option: str, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["benchmark", "photo.jpg", option, "0"])
    assert stopped.value.code == 2
    assert "no whole number from 1" in capsys.readouterr().err


def test_command_refuses_a_folder_to_write_before_it_runs(tmp_path: Path, capsys):
    photo = str(EXAMPLES / "astronaut.jpg")
    assert main(["benchmark", photo, "--plot", str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err


def test_detector_gets_what_is_asked_of_it(run, photos, dot_model, monkeypatch):
    asked = []

    class Detector:
        def detect(self, image):
            return [BoundingBox(*BOX)]

    def load(name, **options):
        asked.append((name, options))
        return Detector()

    monkeypatch.setattr("asmnet_sdk.detection.load_detector", load)
    words = ["--min-face-size", "30", "--max-faces", "2", "--score-threshold", "0.7"]
    words += ["--detector", "yunet", "--models", dot_model, "--repetitions", "1"]
    code, out, _ = run("benchmark", photos / "a.png", *words)
    assert (code, out.split()[5]) == (0, "detect")
    chosen = {"min_face_size": 30, "max_faces": 2, "score_threshold": 0.7, "threads": 1}
    assert asked == [("yunet", chosen)]
