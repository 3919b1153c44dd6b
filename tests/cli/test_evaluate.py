from __future__ import annotations

import io
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk.cli import evaluate as command
from asmnet_sdk.cli.program import main
from asmnet_sdk.evaluation import GROUPINGS
from tests.dot_model import picture_with_dots, renamed, write_dot_model

DOTS = ((40, 30), (60, 34), (52, 60))


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """Two photos; in b.png the labels lie 1 px off the dots."""
    folder = tmp_path / "test" / "dots"
    folder.mkdir(parents=True)
    points = np.float32([DOTS[i % 3] for i in range(68)])
    points[45] = (60, 30)
    for name, shift in (("a", 0), ("b", 1)):
        cv2.imwrite(str(folder / f"{name}.png"), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
        lines = "".join(f"{x + 1 + shift} {y + 1}\n" for x, y in points)
        (folder / f"{name}.pts").write_text(f"{{\n{lines}}}\n")
    return tmp_path / "test"


@pytest.fixture
def run(dot_model, capsys):
    def call(*words: object) -> tuple[int, str]:
        options = ["--model", str(dot_model), "--device", "cpu", "--offline"]
        code = main(["evaluate", *map(str, words), *options])
        return code, capsys.readouterr().out

    return call


def test_ranges_are_those_of_the_package():
    assert command._RANGES == GROUPINGS


def test_evaluate_prints_ranges_and_intervals(run, annotated, tmp_path):
    code, out = run(annotated, "--by", "size", "--json", tmp_path / "f.json")
    assert code == 0
    rows = out.splitlines()
    assert [row.split()[0] for row in rows] == ["subset", "dots", "size", "all"]
    low, high = re.search(r"(\d\.\d\d) to (\d\.\d\d)", rows[1]).groups()
    record = json.loads((tmp_path / "f.json").read_text())[0]
    assert record["nme_interval_percent"] == pytest.approx([float(low), float(high)], abs=0.006)


def test_people_read_at_the_end_what_was_done(run, annotated, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "is_watched", lambda: True)
    monkeypatch.setattr("sys.stderr", said := io.StringIO())
    run(annotated, "--json", tmp_path / "f.json")
    end = said.getvalue().splitlines()[-1]
    assert end.endswith(f"judged on 2 faces, wrote {tmp_path / 'f.json'}")


def test_two_models_are_compared_face_by_face(run, annotated, tmp_path):
    other = write_dot_model(tmp_path / "other.onnx", metadata=renamed("other"))
    page = tmp_path / "worst.html"
    code, out = run(annotated, "--compare", other, "--report", page, "--json", tmp_path / "f.json")
    assert code == 0
    title, _, header, row = out.splitlines()
    assert title == "NME % of A, dots, and B, other; wins: faces on which it is nearer"
    assert " ".join(header.split()) == "subset faces A B B - A 95 % A wins B wins"
    assert "+0.00" in row
    [record] = json.loads((tmp_path / "f.json").read_text())
    assert record["faces"] == 2
    assert record["nearer"] == [0, 0]
    assert record["difference_percent"] == pytest.approx(0, abs=1e-6)
    text = page.read_text("utf-8")
    assert "<h1>dots against other: 2 cases</h1>" in text
    assert text.count("<img ") == 2 * 3
    assert "<td>dots</td><td>2</td>" in text
    assert "A: dots, B: other" in text
    assert not re.search(r"https?:|url\(|@import", text)


def test_page_of_one_model_shows_the_worst_first(run, annotated, tmp_path):
    page = tmp_path / "worst.html"
    code, _ = run(annotated, "--report", page)
    assert code == 0
    shown = re.findall(r'<bdi class="name">(\w+\.png)</bdi>', page.read_text("utf-8"))
    assert shown == ["b.png", "a.png"]


def test_models_of_one_name_are_told_apart_by_what_was_asked_for(run, annotated, tmp_path):
    (tmp_path / "other").mkdir()
    other = write_dot_model(tmp_path / "other" / "dots.onnx")
    _, out = run(annotated, "--compare", other)
    assert re.match(rf"NME % of A, .*dots\.onnx, and B, {other};", out)


def test_columns_that_say_nothing_are_left_out_and_rows_fit_a_terminal(run, annotated):
    _, out = run(annotated, "--by", "yaw", "roll", "size")
    header, *rows = out.splitlines()
    assert header.split() == [
        "subset",
        "faces",
        "NME",
        "%",
        ">",
        "8",
        "%",
        "AUC",
        "NME,",
        "95",
        "%",
    ]
    assert max(map(len, rows)) <= 80
    assert rows[-1] == "* as predicted: no head pose is annotated"
    assert any(re.match(r"yaw .* \* ", row) for row in rows)
