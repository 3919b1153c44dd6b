from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import FaceAligner
from asmnet_sdk.cli import main, predict
from tests.cli.conftest import AT_BOX
from tests.dot_model import DOTS


def test_predict_prints_json(run, photos):
    code, out, err = run("predict", photos / "a.png", *AT_BOX)
    [record] = json.loads(out)
    assert (code, err) == (0, "")
    assert record["image"] == str(photos / "a.png")
    np.testing.assert_allclose(record["faces"][0]["landmarks"][:3], DOTS, atol=0.05)


@pytest.mark.parametrize("edge", ["-1e-05", "-.5", "-3"])
def test_box_may_begin_outside_the_photo(run, photos, edge):
    code, out, _ = run("predict", photos / "a.png", "--box", edge, "10", "70", "80")
    assert code == 0
    assert json.loads(out)[0]["faces"][0]["box"][0] == pytest.approx(float(edge), abs=1e-3)


def test_predict_says_what_to_try_where_no_face_is_found(run, photos):
    cv2.imwrite(str(photos / "b.png"), np.zeros((90, 120, 3), np.uint8))
    code, out, err = run("predict", photos / "b.png")
    assert (code, json.loads(out)[0]["faces"]) == (0, [])
    assert err.startswith(f"asmnet: no face found in {photos / 'b.png'}: try --min-face-size 20 ")
    assert err.count("\n") == 1


def test_predict_drops_what_scores_too_little_but_no_given_box(run, photos):
    _, out, err = run("predict", photos / "a.png", *AT_BOX, "--min-score", "0.95")
    assert len(json.loads(out)[0]["faces"]) == 1
    assert err == ""


def test_predict_takes_folders_and_globs_each_photo_once(run, photos):
    _, out, _ = run("predict", photos, f"{photos}/*.png", *AT_BOX)
    assert [Path(r["image"]).name for r in json.loads(out)] == ["a.png", "b.png"]


def test_predict_writes_json_csv_and_pictures(run, photos, tmp_path):
    drawn = tmp_path / "drawn"
    code, out, _ = run(
        "predict", photos, *AT_BOX, *AT_BOX,
        "--json", tmp_path / "f.json", "--csv", tmp_path / "f.csv", "--draw", drawn,
    )  # fmt: skip
    assert (code, out) == (0, "")
    assert len(json.loads((tmp_path / "f.json").read_text())[0]["faces"]) == 2
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text().splitlines()))
    assert [row["face"] for row in rows] == ["0", "1", "0", "1"]
    assert sorted(p.name for p in drawn.iterdir()) == ["a.png", "b.png"]
    assert cv2.imread(str(drawn / "a.png")).shape == (90, 120, 3)


def test_predict_prints_csv_alone_if_asked(run, photos):
    code, out, _ = run("predict", photos / "a.png", *AT_BOX, "--csv", "-")
    [row] = csv.DictReader(out.splitlines())
    assert (code, row["image"]) == (0, str(photos / "a.png"))


@pytest.mark.parametrize(
    "options", [("--json", "-", "--csv", "-"), ("--json", "f", "--csv", "./f")]
)
def test_two_outputs_never_share_a_place(run, photos, options, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("predict", photos / "a.png", *AT_BOX, *options)
    assert (code, out) == (1, "")
    assert "two outputs go to the same place" in err
    assert not Path("f").exists()


def test_a_page_is_never_printed(run, photos):
    code, _, err = run("predict", photos / "a.png", *AT_BOX, "--report", "-")
    assert (code, err) == (
        1, "asmnet: error: '-' is standard output, which this is not for; name a file\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value", "needed"),
    [
        ("--min-score", "3", "no number from 0 to 1"),
        ("--score-threshold", "nan", "no number from 0 to 1"),
        ("--min-face-size", "-1", "no number above 0"),
        ("--detector", "mine", "choose from 'default', 'asmnet-detector', 'yunet'"),
    ],
)
def test_impossible_values_are_wrong_usage(option, value, needed, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["predict", "a.png", option, value])
    assert needed in capsys.readouterr().err


def test_predict_draws_one_photo_into_the_file_named(run, photos, tmp_path):
    code, _, _ = run("predict", photos / "a.png", *AT_BOX, "--draw", tmp_path / "out.jpg")
    assert code == 0
    assert cv2.imread(str(tmp_path / "out.jpg")).shape == (90, 120, 3)


def test_photos_of_one_name_get_pictures_of_their_own(run, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "more")
    drawn = tmp_path / "drawn"
    code, _, _ = run("predict", photos, tmp_path / "more", *AT_BOX, "--draw", drawn)
    assert code == 0
    drawings = sorted(str(path.relative_to(drawn)) for path in drawn.rglob("*.png"))
    assert drawings == [
        "more/a.png", "more/b.png", "photos/a.png", "photos/b.png",
    ]  # fmt: skip


def test_one_broken_photo_does_not_stop_the_rest(run, photos):
    (photos / "a2.png").write_bytes(b"no picture")
    code, out, err = run("predict", photos, *AT_BOX)
    assert code == 1
    assert len(json.loads(out)) == 2
    assert err.count("a2.png") == 1
    assert err.endswith("2 faces in 2 photos, 1 broken\n")


def test_one_broken_photo_alone_is_one_line(run, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    code, out, err = run("predict", tmp_path / "a.png", *AT_BOX)
    assert (code, out) == (1, "")
    assert err.startswith(f"asmnet: error: {tmp_path / 'a.png'}: not a picture")
    assert err.count("\n") == 1


def test_nothing_at_the_path_is_an_error(run, tmp_path):
    for nothing in (tmp_path / "none.jpg", ""):
        code, out, err = run("predict", nothing, *AT_BOX)
        assert (code, out) == (1, "")
        assert err.startswith(f"asmnet: error: no photo at '{nothing}'")


def test_draw_refuses_one_file_for_many_photos(run, photos, tmp_path):
    code, _, err = run("predict", photos, *AT_BOX, "--draw", tmp_path / "x.png")
    assert code == 1
    assert "one file for 2 photos: name a folder" in err


def test_draw_never_overwrites_a_photo(run, photos):
    before = (photos / "a.png").read_bytes()
    code, _, err = run("predict", photos, *AT_BOX, "--draw", photos)
    assert code == 1
    assert "would overwrite" in err
    assert (photos / "a.png").read_bytes() == before


def test_output_that_cannot_be_written_is_one_line(run, photos, tmp_path):
    code, _, err = run("predict", photos, *AT_BOX, "--json", tmp_path)
    assert code == 1
    assert err == f"asmnet: error: {tmp_path} is a folder; needed: a file to write\n"
    code, _, err = run("predict", photos, *AT_BOX, "--csv", photos / "a.png" / "f.csv")
    assert code == 1
    assert err.startswith("asmnet: error:")
    assert err.count("\n") == 1


def test_drawings_that_cannot_be_written_are_refused_before_the_work(run, photos):
    code, out, err = run("predict", photos / "b.png", *AT_BOX, "--draw", photos / "a.png" / "drawn")
    assert (code, out) == (1, "")
    assert "cannot be written: its folder cannot be made" in err


def test_output_folders_are_made(run, photos, tmp_path):
    assert run("predict", photos, *AT_BOX, "--json", tmp_path / "new" / "f.json")[0] == 0
    assert len(json.loads((tmp_path / "new" / "f.json").read_text())) == 2


def test_interruption_keeps_what_is_done(run, photos, tmp_path, monkeypatch):
    predict = FaceAligner.predict
    calls = []

    def predict_once(self, *arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(self, *arguments, **options)

    monkeypatch.setattr(FaceAligner, "predict", predict_once)
    outputs = ["--json", tmp_path / "f.json", "--report", tmp_path / "f.html"]
    code, _, err = run("predict", photos, *AT_BOX, *outputs, "--threads", "1")  # in their order
    assert code == 130
    assert err.endswith("asmnet: interrupted\n")
    assert "Stopped early: 1 photo not looked at." in (tmp_path / "f.html").read_text("utf-8")
    assert len(json.loads((tmp_path / "f.json").read_text())) == 1


def test_bad_box_is_one_line(run, photos):
    code, _, err = run("predict", photos / "a.png", "--box", "70", "25", "30", "65")
    assert code == 1
    assert "empty or inverted" in err


def test_each_photo_is_decoded_once(run, photos, tmp_path, monkeypatch):
    """It was three times with --draw and --report."""
    decoded = []
    imdecode = cv2.imdecode

    def count(*arguments):
        decoded.append(1)
        return imdecode(*arguments)

    monkeypatch.setattr(cv2, "imdecode", count)
    drawn, report = tmp_path / "drawn", tmp_path / "faces.html"
    assert run("predict", photos, *AT_BOX, "--draw", drawn, "--report", report)[0] == 0
    assert len(decoded) == 2


def test_photos_on_another_device_take_turns_with_all_threads(dot_model, monkeypatch):
    class Aligner:
        device = "cuda"

        def __init__(self, threads: int | None) -> None:
            self.threads = threads

        def close(self) -> None:
            pass

    def make(options: argparse.Namespace, *, threads: int | None = None) -> Aligner:
        return Aligner(threads or options.threads)

    monkeypatch.setattr(predict, "make_aligner", make)
    aligner, workers = predict._share_out(argparse.Namespace(threads=4), 9)
    assert (aligner.threads, workers) == (4, 1)
    monkeypatch.setattr(Aligner, "device", "cpu")
    aligner, workers = predict._share_out(argparse.Namespace(threads=4), 9)
    assert (aligner.threads, workers) == (1, 4)


def test_file_names_that_are_no_text_survive_json(run, photos, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (photos / "a.png").rename(photos / name)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    code, _, err = run(
        "predict", photos / name, *AT_BOX,
        "--json", tmp_path / "f.json", "--csv", tmp_path / "f.csv",
    )  # fmt: skip
    assert (code, err.count("\n")) == (0, 1)
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))[0]["image"] == str(photos / name)
