"""Every script in examples/ runs and does what it says."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import EXAMPLES


def run(name: str, *arguments: object) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
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


def test_find_faces():
    out = run("find_faces.py", EXAMPLES / "astronaut.jpg")
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


def test_glasses_follow_the_head(tmp_path):
    run("glasses.py", tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png")).astype(int)
    changed = np.abs(drawn - cv2.imread(str(EXAMPLES / "astronaut.jpg"))).max(axis=2) > 40
    y, x = np.nonzero(changed)
    assert 80 < y.min() < y.max() < 135  # around the eyes of this portrait
    assert 180 < x.min() < x.max() < 275


def test_service_answers_and_refuses(monkeypatch):
    """service.py, through FastAPI's own test client."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    pytest.importorskip("python_multipart", reason="python-multipart is not installed")
    testclient = pytest.importorskip("fastapi.testclient", reason="httpx is not installed")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    client = testclient.TestClient(importlib.import_module("service").app)
    photo = {"photo": (EXAMPLES / "astronaut.jpg").read_bytes()}
    answer = client.post("/faces", files=photo, data={"box": "179,87,272,179"})
    assert answer.status_code == 200
    assert len(answer.json()[0]["landmarks"]) == 68
    for files, box in ((photo, "179,87"), (photo, "a,b,c,d"), ({"photo": b"none"}, "1,2,3,4")):
        refused = client.post("/faces", files=files, data={"box": box})
        assert refused.status_code == 400
        assert refused.json()["detail"]


def test_video_overlay_shows_every_frame(tmp_path):
    """Without a screen: what would be shown is collected instead."""
    frame = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    video = cv2.VideoWriter(
        str(tmp_path / "in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, frame.shape[1::-1]
    )
    for _ in range(3):
        video.write(frame)
    video.release()
    (tmp_path / "headless.py").write_text(
        "import cv2, runpy, sys\n"
        "cv2.imshow = lambda title, picture: print(title, picture.shape)\n"
        "cv2.waitKey = lambda milliseconds: -1\n"
        f"sys.argv = ['video_overlay.py', {str(tmp_path / 'in.avi')!r}]\n"
        f"runpy.run_path({str(EXAMPLES / 'video_overlay.py')!r})\n"
    )
    out = run(tmp_path / "headless.py")
    assert out.splitlines() == ["faces (512, 512, 3)"] * 3
