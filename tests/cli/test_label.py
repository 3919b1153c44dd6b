from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.cli.program import main
from asmnet_sdk.datasets import read_annotations
from tests.dot_model import BOX, DOTS
from tests.labelling.faces import write_label_files


@pytest.fixture
def run(dot_model, monkeypatch, capsys):
    """The dots are found in a box of the given photos: no detector finds them."""
    boxes = {"a.png": BoundingBox(*BOX), "b.png": BoundingBox(20, 15, 80, 75)}
    predict = FaceAligner.predict

    def predict_in_box(self, photo, *arguments):
        return predict(self, photo, boxes[photo.name])

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(FaceAligner, "predict", predict_in_box)
        code = main(["label", *map(str, words), "--model", str(dot_model), "--offline"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("kind", ["pts", "coco", "labelme", "cvat"])
def test_labels_are_written_least_certain_first(run, photos, tmp_path, kind):
    """Sigma is 1 % of the crop, and the crop of b.png is larger."""
    out = tmp_path / {"coco": "l.json", "cvat": "l.xml"}.get(kind, "labels")
    code, printed, err = run(photos, "--format", kind, "--out", out)
    assert (code, err) == (0, "")
    faces = read_annotations(out)
    np.testing.assert_allclose(faces[0].landmarks[:3], DOTS, atol=0.2)
    np.testing.assert_allclose(faces[0].landmark_visible[:3], [1, 0.25, 0], atol=1e-3)
    assert faces[0].score == pytest.approx(0.9)
    names = [face.photo.name for face in faces]
    assert names == (["a.png", "b.png"] if kind in ("pts", "labelme") else ["b.png", "a.png"])
    rows = printed.splitlines()
    assert [Path(row.split()[2]).name for row in rows[1:3]] == ["b.png", "a.png"]
    assert rows[3].startswith("labelled 2 faces in 2 photos: ")


def test_labels_that_exist_are_kept(run, photos):
    assert run(photos)[0] == 0
    label = photos / "a.pts"
    label.write_text("by hand")
    code, _, err = run(photos)
    assert (code, err) == (
        1,
        f"asmnet: error: {label} exists: --replace writes it anew and keeps a copy, "
        "--review opens it\n",
    )
    code, out, _ = run(photos, "--replace")
    assert code == 0
    assert f"kept {label}.bak" in out
    assert Path(f"{label}.bak").read_text() == "by hand"
    assert len(read_annotations(photos)) == 2


@pytest.mark.parametrize("kind", ["pts", "labelme"])
def test_photos_that_share_a_label_file_are_refused_before_the_work(
    run, photos, tmp_path, kind, monkeypatch
):
    (photos / "a.jpg").write_bytes((photos / "a.png").read_bytes())
    monkeypatch.setattr(FaceAligner, "__init__", pytest.fail)
    file = tmp_path / "labels" / ("a.pts" if kind == "pts" else "a.json")
    code, _, err = run(photos, "--format", kind, "--out", file.parent)
    error = f"asmnet: error: {photos / 'a.png'}: another photo's labels go to {file} too\n"
    assert (code, err) == (1, error)


def test_a_broken_photo_does_not_stop_the_rest(run, photos, monkeypatch):
    (photos / "a.png").write_bytes(b"no picture")
    code, _, err = run(photos, "--format", "labelme")
    assert code == 1
    assert err.startswith(f"asmnet: error: {photos / 'a.png'}: ")
    assert [face.photo.name for face in read_annotations(photos)] == ["b.png"]


def test_review_serves_the_labels_named(tmp_path):
    labels = write_label_files(tmp_path / "set", "coco")
    words = ["label", str(labels), "--review", "--no-browser"]
    with subprocess.Popen(
        [sys.executable, "-m", "asmnet_sdk", *words], stdout=subprocess.PIPE, text=True
    ) as program:
        line = program.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address, timeout=20) as reply:
            assert b"asmnet-token" in reply.read()
        program.terminate()
    assert line.startswith("review of 2 photos (Ctrl-C ends it): ")


@pytest.mark.parametrize("port", ["65536", "-1", "x"])
def test_what_is_no_port_is_a_wrong_option(run, photos, port, capsys):
    with pytest.raises(SystemExit) as caught:
        run(photos, "--review", f"--port={port}")
    assert caught.value.code == 2


def test_single_photos_need_a_folder_to_be_reviewed(run, photos):
    code, _, err = run(photos / "a.png", "--review")
    assert code == 1
    assert "name a folder for them: --out" in err
