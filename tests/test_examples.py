"""Every script in examples/ runs and does what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.conftest import EXAMPLES


def run(name: str, *arguments: object, mirror: Path | None = None) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    if mirror is not None:
        environment["ASMNET_MODELS_DIR"] = str(mirror)
    result = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_first_prediction():
    lines = run("first_prediction.py").splitlines()
    assert lines[0].startswith("nose tip (x, y): [2")
    assert lines[1].startswith("yaw ")


def test_find_faces(yunet_file, tmp_path):
    (tmp_path / "yunet").mkdir()
    shutil.copy(yunet_file, tmp_path / "yunet")
    out = run("find_faces.py", EXAMPLES / "astronaut.jpg", mirror=tmp_path)
    assert "face at (22" in out


def test_draw_faces(tmp_path):
    run("draw_faces.py", tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    photo = cv2.imread(str(EXAMPLES / "grace_hopper.jpg"))
    assert drawn.shape == photo.shape
    assert (drawn != photo).any(axis=2).mean() > 0.005


def test_own_detector():
    assert "five points" in run("own_detector.py")


def test_folder_to_csv(tmp_path):
    image = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(tmp_path / name), image[87:180, 179:273])
    run("folder_to_csv.py", tmp_path, tmp_path / "faces.csv")
    rows = (tmp_path / "faces.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["image", "a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("name", "shape"),
    [("recognition_crop.py", (112, 112, 3)), ("edit_and_paste_back.py", (512, 512, 3))],
)
def test_picture_examples(name, shape, tmp_path):
    run(name, tmp_path / "out.png")
    assert cv2.imread(str(tmp_path / "out.png")).shape == shape


def test_drowsiness():
    assert run("drowsiness.py").count("eyes open") == 2


def test_every_example_is_tested():
    tests = Path(__file__).read_text()
    assert all(script.name in tests for script in EXAMPLES.glob("*.py"))
