from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import FaceAligner, __version__
from asmnet_sdk.cli import main
from asmnet_sdk.models import available_models
from tests.dot_model import picture_with_dots

BOX = ["--box", "30", "25", "70", "65"]
DOTS = ((40, 30), (60, 34), (52, 60))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    return folder


@pytest.fixture
def run(dot_model, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        words = [str(argument) for argument in arguments]
        if words[0] in ("predict", "evaluate"):
            words += ["--model", str(dot_model), "--device", "cpu", "--offline"]
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_predict_prints_json(run, photos):
    code, out, err = run("predict", photos / "a.png", *BOX)
    [record] = json.loads(out)
    assert (code, err) == (0, "")
    assert record["image"] == str(photos / "a.png")
    np.testing.assert_allclose(record["faces"][0]["landmarks"][:3], DOTS, atol=0.05)


def test_predict_takes_folders_and_globs_each_photo_once(run, photos):
    _, out, _ = run("predict", photos, f"{photos}/*.png", *BOX)
    assert [Path(r["image"]).name for r in json.loads(out)] == ["a.png", "b.png"]


def test_predict_writes_json_csv_and_pictures(run, photos, tmp_path):
    drawn = tmp_path / "drawn"
    code, out, _ = run(
        "predict", photos, *BOX, *BOX,
        "--json", tmp_path / "f.json", "--csv", tmp_path / "f.csv", "--draw", drawn,
    )  # fmt: skip
    assert (code, out) == (0, "")
    assert len(json.loads((tmp_path / "f.json").read_text())[0]["faces"]) == 2
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text().splitlines()))
    assert [row["face"] for row in rows] == ["0", "1", "0", "1"]
    assert sorted(p.name for p in drawn.iterdir()) == ["a.png", "b.png"]
    assert cv2.imread(str(drawn / "a.png")).shape == (90, 120, 3)


def test_predict_draws_one_photo_into_the_file_named(run, photos, tmp_path):
    code, _, _ = run("predict", photos / "a.png", *BOX, "--draw", tmp_path / "out.jpg")
    assert code == 0
    assert cv2.imread(str(tmp_path / "out.jpg")).shape == (90, 120, 3)


def test_photos_of_one_name_get_pictures_of_their_own(run, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "more")
    drawn = tmp_path / "drawn"
    code, _, _ = run("predict", photos, tmp_path / "more", *BOX, "--draw", drawn)
    assert code == 0
    drawings = sorted(str(path.relative_to(drawn)) for path in drawn.rglob("*.png"))
    assert drawings == [
        "more/a.png.png", "more/b.png.png", "photos/a.png.png", "photos/b.png.png",
    ]  # fmt: skip


def test_one_broken_photo_does_not_stop_the_rest(run, photos):
    (photos / "a2.png").write_bytes(b"no picture")
    code, out, err = run("predict", photos, *BOX)
    assert code == 1
    assert len(json.loads(out)) == 2
    assert err.count("a2.png") == 1
    assert "1 of 3 photos failed" in err


def test_nothing_at_the_path_is_an_error(run, tmp_path):
    code, out, err = run("predict", tmp_path / "none.jpg", *BOX)
    assert (code, out) == (1, "")
    assert err.startswith("asmnet: error: no photo at")


def test_draw_refuses_one_file_for_many_photos(run, photos, tmp_path):
    code, _, err = run("predict", photos, *BOX, "--draw", tmp_path / "x.png")
    assert code == 1
    assert "one file for 2 photos: name a folder" in err


def test_draw_never_overwrites_a_photo(run, photos):
    before = (photos / "a.png").read_bytes()
    code, _, err = run("predict", photos, *BOX, "--draw", photos)
    assert code == 1
    assert "would overwrite" in err
    assert (photos / "a.png").read_bytes() == before


def test_output_that_cannot_be_written_is_one_line(run, photos, tmp_path):
    code, _, err = run("predict", photos, *BOX, "--json", tmp_path)
    assert code == 1
    assert err == f"asmnet: error: {tmp_path} is a folder; needed: a file to write\n"
    code, _, err = run("predict", photos, *BOX, "--csv", photos / "a.png" / "f.csv")
    assert code == 1
    assert err.startswith("asmnet: error:")
    assert err.count("\n") == 1


def test_output_folders_are_made(run, photos, tmp_path):
    assert run("predict", photos, *BOX, "--json", tmp_path / "new" / "f.json")[0] == 0
    assert len(json.loads((tmp_path / "new" / "f.json").read_text())) == 2


def test_interruption_keeps_what_is_done(run, photos, tmp_path, monkeypatch):
    predict = FaceAligner.predict
    calls = []

    def predict_once(self, *arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(self, *arguments)

    monkeypatch.setattr(FaceAligner, "predict", predict_once)
    code, _, err = run("predict", photos, *BOX, "--json", tmp_path / "f.json")
    assert code == 130
    assert err.endswith("asmnet: interrupted\n")
    assert len(json.loads((tmp_path / "f.json").read_text())) == 1


def test_bad_box_is_one_line(run, photos):
    code, _, err = run("predict", photos / "a.png", "--box", "70", "25", "30", "65")
    assert code == 1
    assert "empty or inverted" in err


def test_evaluate_prints_a_row_a_subset(run, tmp_path):
    folder = tmp_path / "test" / "dots"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    points = [DOTS[i % 3] for i in range(68)]
    points[45] = (60, 30)
    lines = "".join(f"{x + 1} {y + 1}\n" for x, y in points)
    (folder / "a.pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}}}\n")
    code, out, _ = run("evaluate", tmp_path / "test", "--json", tmp_path / "f.json")
    header, row = out.splitlines()
    assert code == 0
    assert header.split()[:3] == ["subset", "faces", "missed"]
    assert row.split()[:3] == ["dots", "1", "0"]
    [figures] = json.loads((tmp_path / "f.json").read_text())
    assert figures["nme_percent"] == pytest.approx(100 / 68, abs=0.4)


def test_models_lists_the_registry(run):
    code, out, _ = run("models")
    assert code == 0
    for spec in available_models():
        assert spec.name in out


def test_doctor_reports_the_installation(run):
    code, out, _ = run("doctor")
    assert "opencv-python-headless" in out
    assert "cpu: works with the default model" in out
    assert code == 0, out


def test_download_needs_a_name(run):
    code, _, err = run("download")
    assert code == 1
    assert "name a model" in err


def test_download_of_an_unknown_model_lists_the_models(run):
    code, _, err = run("download", "asmnet-67")
    assert code == 1
    assert "asmnet-68" in err


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_benchmark_times_every_setting(photos, dot_model, tmp_path, capsys):
    code = main(
        [
            "benchmark", str(photos / "a.png"), *BOX, "--models", str(dot_model),
            "--device", "cpu", "--threads", "1", "2", "--batches", "1", "3",
            "--repetitions", "4", "--json", str(tmp_path / "times.json"),
        ]
    )  # fmt: skip
    assert code == 0
    assert "inference ms" in capsys.readouterr().out.splitlines()[0]
    record = json.loads((tmp_path / "times.json").read_text())
    assert [(r["threads"], r["batch"]) for r in record["results"]] == [
        (1, 1), (1, 3), (2, 1), (2, 3),
    ]  # fmt: skip
    for result in record["results"]:
        assert set(result["milliseconds"]) == {"decode", "crop", "inference", "post-processing"}
        assert all(len(t) == 4 and min(t) > 0 for t in result["milliseconds"].values())
    assert record["machine"]["onnxruntime"]
