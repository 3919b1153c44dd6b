from __future__ import annotations

import argparse
import csv
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import FaceAligner, __version__
from asmnet_sdk.cli import predict
from asmnet_sdk.cli.program import main, make_parser
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.hub.registry import available_models
from tests.conftest import REPOSITORY
from tests.dot_model import picture_with_dots

BOX = ["--box", "30", "25", "70", "65"]
DOTS = ((40, 30), (60, 34), (52, 60))
COMMANDS = make_parser()[1]
PROGRAM = [sys.executable, "-m", "asmnet_sdk"]


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


def test_predict_says_what_to_try_where_no_face_is_found(run, photos):
    cv2.imwrite(str(photos / "b.png"), np.zeros((90, 120, 3), np.uint8))
    code, out, err = run("predict", photos / "b.png")
    assert (code, json.loads(out)[0]["faces"]) == (0, [])
    assert err.startswith(f"asmnet: no face found in {photos / 'b.png'}: try --min-face-size 20 ")
    assert err.count("\n") == 1


def test_predict_drops_what_scores_too_little_but_no_given_box(run, photos):
    _, out, err = run("predict", photos / "a.png", *BOX, "--min-score", "0.95")
    assert len(json.loads(out)[0]["faces"]) == 1
    assert err == ""


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
        "more/a.png", "more/b.png", "photos/a.png", "photos/b.png",
    ]  # fmt: skip


def test_one_broken_photo_does_not_stop_the_rest(run, photos):
    (photos / "a2.png").write_bytes(b"no picture")
    code, out, err = run("predict", photos, *BOX)
    assert code == 1
    assert len(json.loads(out)) == 2
    assert err.count("a2.png") == 1
    assert err.endswith("2 faces in 2 photos, 1 broken\n")


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

    def predict_once(self, *arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(self, *arguments, **options)

    monkeypatch.setattr(FaceAligner, "predict", predict_once)
    outputs = ["--json", tmp_path / "f.json", "--report", tmp_path / "f.html"]
    code, _, err = run("predict", photos, *BOX, *outputs, "--threads", "1")  # in their order
    assert code == 130
    assert err.endswith("asmnet: interrupted\n")
    assert "Stopped early: 1 photo not looked at." in (tmp_path / "f.html").read_text("utf-8")
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
    assert header.split()[:4] == ["subset", "faces", "NME", "%"]
    assert row.split()[:2] == ["dots", "1"]
    [figures] = json.loads((tmp_path / "f.json").read_text())
    assert figures["nme_percent"] == pytest.approx(100 / 68, abs=0.4)


def dot_truth(count: int = 68) -> np.ndarray:
    """Return points on the dots; the left eye corner is 20 px from its dot."""
    points = np.float32([DOTS[i % 3] for i in range(count)])
    points[45] = (60, 30)
    return points


def test_evaluate_reads_a_list_of_wflw(run, tmp_path):
    """98 points, judged at the 68 of the model; rows for the attributes that faces have."""
    photos = tmp_path / "WFLW_images"
    photos.mkdir()
    cv2.imwrite(str(photos / "a.png"), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    points = np.float32([(1 + i % 100, 1 + i % 80) for i in range(98)])
    kept = [*range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 60)]
    kept += [60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75, *range(76, 96)]
    points[kept] = dot_truth()
    numbers = " ".join(f"{value:.2f}" for value in points.ravel())
    lines = [f"{numbers} 0 0 9 9 {flags} a.png" for flags in ("0 0 0 0 0 0", "1 0 0 0 1 0")]
    (tmp_path / "list.txt").write_text("\n".join(lines) + "\n")
    code, out, err = run("evaluate", tmp_path / "list.txt", "--json", tmp_path / "f.json")
    assert (code, err) == (0, "")
    rows = [line.split()[:2] for line in out.splitlines()]
    assert rows[1:5] == [["list", "2"], ["pose", "1"], ["occlusion", "1"], ["all", "2"]]
    assert out.endswith("judged at the 68 points of IBUG_68; annotated: 98\n")
    figures = json.loads((tmp_path / "f.json").read_text())
    assert [row["subset"] for row in figures] == ["list", "pose", "occlusion", "all"]


def test_evaluate_reads_keypoints_of_coco(run, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    triples = np.column_stack([dot_truth(), np.full(68, 2)])
    content = {
        "images": [{"id": 7, "file_name": "a.png"}],
        "annotations": [{"image_id": 7, "keypoints": triples.ravel().tolist()}],
    }
    (tmp_path / "faces.json").write_text(json.dumps(content))
    code, out, _ = run("evaluate", tmp_path / "faces.json")
    assert code == 0
    _, row = out.splitlines()
    assert row.split()[:2] == ["faces", "1"]
    assert float(row.split()[2]) == pytest.approx(100 / 68, abs=0.4)


def test_evaluate_writes_no_mean_error_where_no_face_was_found(run, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    lines = "".join(f"{x + 1} {y + 1}\n" for x, y in dot_truth())
    (tmp_path / "a.pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}}}\n")
    outputs = ["--boxes", "detected", "--json", tmp_path / "f.json"]
    code, out, _ = run("evaluate", tmp_path, *outputs)
    assert code == 0
    assert out.splitlines()[1].split()[1:5] == ["1", "1", "nan", "100.00"]
    [figures] = json.loads((tmp_path / "f.json").read_text())
    assert (figures["missed"], figures["nme_percent"]) == (1, None)


def test_evaluate_says_what_it_reads(run, tmp_path):
    code, _, err = run("evaluate", tmp_path / "none")
    assert code == 1
    assert "a .txt list of WFLW, a .json keypoint file of COCO" in err
    (tmp_path / "f.json").write_text("{}")
    code, _, err = run("evaluate", tmp_path / "f.json", "--head-pose", tmp_path / "p.csv")
    assert code == 1
    assert "--head-pose goes with a folder" in err


def test_models_lists_the_registry(run):
    code, out, _ = run("models")
    assert code == 0
    for spec in available_models():
        assert spec.name in out


def test_models_fit_a_terminal_and_are_complete_as_json(run):
    _, out, _ = run("models")
    assert max(map(len, out.splitlines())) <= 80
    titles = ["name", "layout", "NME", "%", "ms", "MB", "licence", "where"]
    assert out.splitlines()[0].split() == titles
    _, out, _ = run("models", "--json")
    records = json.loads(out)
    assert [record["name"] for record in records] == [spec.name for spec in available_models()]
    assert records[0]["layout"] == "IBUG_68"
    assert records[0]["where"] == "package"


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


def test_download_goes_on_after_a_name_that_a_revision_does_not_fit(run):
    code, _, err = run("download", "asmnet-68", "asmnet-detector", "--revision", "v1")
    assert code == 1
    assert [err.count(repr(name)) for name in ("asmnet-68", "asmnet-detector")] == [1, 1]


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


def test_benchmark_names_a_photo_that_cannot_be_read(run, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    code, _, err = run("benchmark", tmp_path / "bad.jpg", *BOX)
    assert code == 1
    assert str(tmp_path / "bad.jpg") in err


@pytest.mark.parametrize("command", ["benchmark", "train"])
@pytest.mark.parametrize("threads", ["0", "-1", "x"])
def test_wrong_numbers_of_threads_are_wrong_usage(command, threads, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "file", "--threads", threads])
    assert stopped.value.code == 2
    assert f"'{threads}' is no whole number from 1" in capsys.readouterr().err


def test_each_photo_is_decoded_once(run, photos, tmp_path, monkeypatch):
    """It was three times with --draw and --report."""
    decoded = []
    imdecode = cv2.imdecode

    def count(*arguments):
        decoded.append(1)
        return imdecode(*arguments)

    monkeypatch.setattr(cv2, "imdecode", count)
    drawn, report = tmp_path / "drawn", tmp_path / "faces.html"
    assert run("predict", photos, *BOX, "--draw", drawn, "--report", report)[0] == 0
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


def test_benchmark_times_every_setting(photos, dot_model, tmp_path, capsys):
    code = main(
        [
            "benchmark", str(photos / "a.png"), *BOX, "--models", str(dot_model),
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


def usage_error(capsys, *words: str) -> str:
    """Return the one line that wrong usage gives."""
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert captured.err.startswith("asmnet: error: ")
    return captured.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["predit", "a.jpg"], "no command 'predit' (did you mean predict?); see asmnet --help"),
        (["predict"], "required: PHOTO; see asmnet predict --help"),
        (["predict", "a.jpg", "--cvs", "f"], "unknown argument '--cvs' (did you mean --csv?)"),
        (["predict", "a.jpg", "--raport=x"], "'--raport=x' (did you mean --report?)"),
        (["predict", "a.jpg", "--box", "1", "2"], "argument --box: expected 4 arguments"),
        (["predict", "a.jpg", "--threads", "0"], "'0' is no whole number from 1"),
        (["predict", "a.jpg", "--threads", "two"], "'two' is no whole number from 1"),
        (["predict", "a.jpg", "--passes", "3"], "invalid choice: 3 (choose from auto, 1, 2)"),
        (["completion", "tcsh"], "see asmnet completion --help"),
    ],
)
def test_wrong_usage_is_one_line_with_a_hint(capsys, words, expected):
    assert expected in usage_error(capsys, *words).replace("'auto'", "auto")


def test_no_command_prints_the_help_and_fails(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.out) == (2, "")
    assert captured.err.startswith("usage: asmnet")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_the_terminal_and_has_an_example(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        main([*filter(None, [command]), "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(rf"^(Examples:\n  |Example: )asmnet {command}", text, re.MULTILINE)
    assert "None" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_has_a_help(command):
    for action in COMMANDS[command]._actions:
        assert action.help, action


def test_documentation_names_every_exit_code():
    page = (REPOSITORY / "docs" / "command-line.md").read_text("utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == ["0", "1", "2", "130", "141"]


def test_one_broken_photo_alone_is_one_line(run, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    code, out, err = run("predict", tmp_path / "a.png", *BOX)
    assert (code, out) == (1, "")
    assert err.startswith(f"asmnet: error: {tmp_path / 'a.png'}: not a picture")
    assert err.count("\n") == 1


def test_drawings_that_cannot_be_written_are_refused_before_the_work(run, photos):
    code, out, err = run("predict", photos / "b.png", *BOX, "--draw", photos / "a.png" / "drawn")
    assert (code, out) == (1, "")
    assert "cannot be written: its folder cannot be made" in err


def test_table_aligns_wide_letters(capsys):
    print_table(
        ("name", "faces"), [("写真.jpg", "12"), ("e\u0301te\u0301.jpg", "3"), ("b.jpg", "nan")]
    )
    assert capsys.readouterr().out.splitlines() == [
        "name      faces",
        "写真.jpg     12",
        "e\u0301te\u0301.jpg       3",
        "b.jpg       nan",
    ]


def test_file_names_that_are_no_text_survive_json(run, photos, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        (photos / "a.png").rename(photos / name)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    code, _, err = run(
        "predict", photos / name, *BOX, "--json", tmp_path / "f.json", "--csv", tmp_path / "f.csv"
    )
    assert (code, err.count("\n")) == (0, 1)
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))[0]["image"] == str(photos / name)


@pytest.fixture
def predict_words(dot_model) -> list[str]:
    """``asmnet predict`` as a program, without its photos."""
    options = ["--model", str(dot_model), "--device", "cpu", "--offline", "--threads", "1"]
    return [*PROGRAM, "predict", *BOX, *options]


def shell(script: str) -> tuple[str, str]:
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return result.stdout, result.stderr


def quoted(words: list[str], *more: object) -> str:
    return " ".join(f"'{word}'" for word in (*words, *more))


def test_a_reader_that_leaves_ends_it_silently(predict_words, photos):
    """Both a long output, cut while it is written, and a short one, cut at the exit."""
    long = quoted(predict_words, *[photos / "a.png"], *BOX * 150)
    out, err = shell(f'{long} | head -1; echo "${{PIPESTATUS[0]}}"')
    assert (out, err) == ("[\n141\n", "")
    out, err = shell(f'{quoted([*PROGRAM, "models"])} | :; echo "${{PIPESTATUS[0]}}"')
    assert (out, err) == ("141\n", "")


def test_a_full_disk_is_one_line(predict_words, photos):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    out, err = shell(f"{quoted(predict_words, photos / 'a.png')} >/dev/full; echo $?")
    assert (out, err) == ("1\n", "asmnet: error: No space left on device\n")


@pytest.mark.usefixtures("heeded_interruption")
def test_interruption_is_one_line(predict_words, tmp_path):
    """The photo is a pipe that gives nothing, so that it waits until the signal comes."""
    os.mkfifo(tmp_path / "a.png")
    process = subprocess.Popen(
        [*predict_words, tmp_path / "a.png"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with (tmp_path / "a.png").open("wb"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "asmnet: interrupted\n")


def test_progress_goes_to_a_terminal_only_and_without_colours(predict_words, photos):
    terminal, inner = pty.openpty()
    words = [*predict_words, str(photos)]
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=inner, check=True)
    os.close(inner)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "2/2" in shown
    assert "\x1b" not in shown + result.stdout.decode()
    piped = subprocess.run(words, capture_output=True, check=True)
    assert (piped.stdout, piped.stderr) == (result.stdout, b"")
