from __future__ import annotations

import io
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk.cli import evaluate as command
from asmnet_sdk.evaluation import GROUPINGS
from tests.dot_model import DOTS, picture_with_dots, renamed, write_dot_model


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


def test_ranges_are_those_of_the_package():
    assert command._RANGES == GROUPINGS


def test_evaluate_prints_ranges_and_intervals(run, annotated, tmp_path):
    code, out, _ = run("evaluate", annotated, "--by", "size", "--json", tmp_path / "f.json")
    assert code == 0
    rows = out.splitlines()
    assert [row.split()[0] for row in rows] == ["subset", "dots", "size", "all"]
    low, high = re.search(r"(\d\.\d\d) to (\d\.\d\d)", rows[1]).groups()
    record = json.loads((tmp_path / "f.json").read_text())[0]
    assert record["nme_interval_percent"] == pytest.approx([float(low), float(high)], abs=0.006)


def test_people_read_at_the_end_what_was_done(run, annotated, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "is_watched", lambda: True)
    monkeypatch.setattr("sys.stderr", said := io.StringIO())
    run("evaluate", annotated, "--json", tmp_path / "f.json")
    end = said.getvalue().splitlines()[-1]
    assert end.endswith(f"judged on 2 faces, wrote {tmp_path / 'f.json'}")


def test_two_models_are_compared_face_by_face(run, annotated, tmp_path):
    other = write_dot_model(tmp_path / "other.onnx", metadata=renamed("other"))
    page = tmp_path / "worst.html"
    code, out, _ = run(
        "evaluate", annotated, "--compare", other, "--report", page, "--json", tmp_path / "f.json"
    )
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
    titles = re.findall(r'class="picture" data-label="(\w+)"', text)
    assert titles == ["labels", "dots", "other"] * 2
    assert "<td>dots</td><td>2</td>" in text
    assert "A: dots, B: other" in text
    assert re.findall(r'class="figure".*>(\S*)</td></tr>', text) == ["+0.00"] * 2
    assert not re.search(r"https?:|url\(|@import", text)


def test_page_of_one_model_shows_the_worst_first(run, annotated, tmp_path):
    page = tmp_path / "worst.html"
    code, _, _ = run("evaluate", annotated, "--report", page)
    assert code == 0
    shown = re.findall(r'<bdi class="name">(\w+\.png)</bdi>', page.read_text("utf-8"))
    assert shown == ["b.png", "a.png"]


def test_models_of_one_name_are_told_apart_by_what_was_asked_for(run, annotated, tmp_path):
    (tmp_path / "other").mkdir()
    other = write_dot_model(tmp_path / "other" / "dots.onnx")
    _, out, _ = run("evaluate", annotated, "--compare", other)
    assert re.match(rf"NME % of A, .*dots\.onnx, and B, {other};", out)


def propose_labels(annotated: Path, *names: str) -> None:
    """Give annotated faces the error radii that a model's own labels have."""
    for name in names:
        path = annotated / "dots" / f"{name}.pts"
        points = path.read_text()
        path.write_text(f"landmark_sigma: {'0.5 ' * 67}0\n{points}")


def test_faces_with_points_of_a_model_are_left_out_and_counted(run, annotated):
    propose_labels(annotated, "b")
    code, out, _ = run("evaluate", annotated)
    assert code == 0
    assert out.splitlines()[1].split()[:2] == ["dots", "1"]
    assert "\n1 face left out: of points as a model proposed them" in out
    assert max(map(len, out.splitlines())) <= 80
    _, trusted, _ = run("evaluate", annotated, "--trust-proposals")
    assert trusted.splitlines()[1].split()[:2] == ["dots", "2"]
    assert "left out" not in trusted


def test_labels_of_a_model_alone_judge_nothing(run, annotated):
    propose_labels(annotated, "a", "b")
    code, _, err = run("evaluate", annotated)
    assert code == 1
    assert "all 2 faces have points as a model proposed them" in err


def test_columns_that_say_nothing_are_left_out_and_rows_fit_a_terminal(run, annotated):
    _, out, _ = run("evaluate", annotated, "--by", "yaw", "roll", "size")
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


@pytest.mark.parametrize("option", ["--json", "--report"])
@pytest.mark.parametrize("name", ["a.pts", "a.png"])
def test_evaluate_writes_over_nothing_that_it_reads(run, annotated, option, name):
    file = annotated / "dots" / name
    before = file.read_bytes()
    code, _, err = run("evaluate", annotated, option, file)
    assert code == 1
    assert f"would overwrite {file}, which is read" in err
    assert file.read_bytes() == before


def test_head_poses_of_other_faces_are_refused(run, annotated, tmp_path):
    poses = tmp_path / "poses.csv"
    poses.write_text("split,subset,name,yaw,pitch,roll,spread\ntrain,dots,a,1,2,3,0\n")
    code, _, err = run("evaluate", annotated, "--head-pose", poses)
    assert code == 1
    assert "no row is of a face" in err
    assert "the split 'test', the subset 'dots' and the name 'a'" in err


def test_evaluate_says_what_it_reads(run, tmp_path):
    code, _, err = run("evaluate", tmp_path / "none")
    assert code == 1
    assert "a .txt list of WFLW, a .json keypoint file of COCO" in err
    (tmp_path / "f.json").write_text("{}")
    code, _, err = run("evaluate", tmp_path / "f.json", "--head-pose", tmp_path / "p.csv")
    assert code == 1
    assert "--head-pose goes with a folder" in err
