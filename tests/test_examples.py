"""Every script in examples/ runs and does what it says."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, FaceAligner, HeadPose, load_image
from tests.conftest import EXAMPLES, REPOSITORY


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


def test_crops_from_detector_come_back_into_the_photo():
    lines = run("crops_from_detector.py").splitlines()
    in_crop, in_photo = (np.array(re.findall(r"[\d.]+", line), float) for line in lines)
    assert in_photo - in_crop == pytest.approx([177, 57], abs=0.01)
    assert in_photo == pytest.approx([225, 127], abs=5)


def test_folder_to_csv(tmp_path):
    for name in ("astronaut.jpg", "grace_hopper.jpg"):
        shutil.copy(EXAMPLES / name, tmp_path)
    out = run("folder_to_csv.py", tmp_path, tmp_path / "faces.csv")
    rows = (tmp_path / "faces.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["image", "astronaut.jpg", "grace_hopper.jpg"]
    assert out.startswith("2 faces of 2 photos")


@pytest.mark.parametrize(
    ("name", "shape"),
    [("recognition_crop.py", (112, 112, 3)), ("edit_and_paste_back.py", (512, 512, 3))],
)
def test_picture_examples(name, shape, tmp_path):
    run(name, tmp_path / "out.png")
    assert cv2.imread(str(tmp_path / "out.png")).shape == shape


def write_video(path: Path, frames: int, frame_rate: float = 10) -> Path:
    """Write a video in which nothing moves."""
    frame = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    video = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), frame_rate, frame.shape[1::-1]
    )
    for _ in range(frames):
        video.write(frame)
    video.release()
    return path


def test_drowsiness_tells_of_open_eyes(tmp_path):
    lines = run("drowsiness.py", write_video(tmp_path / "in.avi", 15)).splitlines()
    assert [line.split("face")[0].strip() for line in lines] == ["0.0 s", "1.0 s"]
    assert "WAKE UP" not in "".join(lines)


def test_drowsiness_counts_from_the_first_closed_frame(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    drowsiness = importlib.import_module("drowsiness").Drowsiness()
    open_eyes, closed_eyes = face_with_eyes(0.3), face_with_eyes(0.1)
    faces = [open_eyes, closed_eyes, closed_eyes, open_eyes, closed_eyes]
    waited = [drowsiness.closed_for(face, seconds) for seconds, face in enumerate(faces)]
    assert waited == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("name", "kind"), [("drowsiness", "Drowsiness"), ("blink", "BlinkCounter")]
)
def test_closed_eyes_of_who_was_away_count_anew(monkeypatch, name, kind):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    watched = getattr(importlib.import_module(name), kind)()
    take = watched.closed_for if name == "drowsiness" else watched.update
    open_eyes, closed_eyes = face_with_eyes(0.3), face_with_eyes(0.1)
    for seconds, face in ((0.0, open_eyes), (0.1, closed_eyes), (0.2, None), (2.0, None)):
        if face is not None:
            take(face, seconds)
        watched.forget_absent(seconds)
    assert take(closed_eyes, 2.1) == 0
    assert take(open_eyes, 2.12) == 0


@pytest.mark.parametrize("name", ["drowsiness.py", "blink.py"])
def test_video_that_is_not_there_is_said(tmp_path, name):
    words = [sys.executable, EXAMPLES / name, tmp_path / "none.avi"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "none.avi cannot be opened" in result.stderr


def test_blink_counts_short_dips_below_a_persons_own_openness(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    counter = importlib.import_module("blink").BlinkCounter()
    dips = {30, 31, 32, 33, *range(60, 120)}  # a blink, and two seconds of closed eyes
    blinks = [
        frame
        for frame in range(150)
        if counter.update(face_with_eyes(0.12 if frame in dips else 0.25), frame / 30)
    ]
    assert blinks == [34]
    assert counter.blinks == {0: 1}


def test_blink_watches_a_video(tmp_path):
    assert "15 frames, blinks by person: {0: 0}" in run(
        "blink.py", write_video(tmp_path / "in.avi", 15)
    )


def face_with_eyes(openness: float) -> Face:
    """Return a face whose eyes are as high, for their width, as wanted."""
    landmarks = np.zeros((68, 2), np.float32)
    x, y = np.array([0, 1, 2, 3, 2, 1]), np.array([0, -1, -1, 0, 1, 1])
    for first in (36, 42):
        landmarks[first : first + 6] = np.column_stack([x, 1.5 * openness * y])
    pose, box = HeadPose(0, 0, 0), BoundingBox(0, 0, 9, 9)
    face = Face(landmarks=landmarks, head_pose=pose, box=box, track_id=0)
    assert face.eye_openness == pytest.approx((openness, openness))
    return face


def test_every_example_is_tested():
    tests = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    untested = [script.name for script in EXAMPLES.glob("*.py") if script.name not in tests]
    assert untested == []


def test_every_example_is_listed():
    listed = (EXAMPLES / "README.md").read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f"({path.name})" not in listed] == []


def test_head_pose_overlay(tmp_path):
    out = run("head_pose_overlay.py", tmp_path / "out.png")
    assert re.fullmatch(r"HeadPose\(yaw=.*, roll=.*\): looks straight ahead\n", out)
    drawn = cv2.imread(str(tmp_path / "out.png"))
    photo = cv2.imread(str(EXAMPLES / "grace_hopper.jpg"))
    assert 0.002 < (drawn != photo).any(axis=2).mean() < 0.05


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
    write_video(tmp_path / "in.avi", 3)
    (tmp_path / "headless.py").write_text(
        "import cv2, runpy, sys\n"
        "cv2.imshow = lambda title, picture: print(title, picture.shape)\n"
        "cv2.waitKey = lambda milliseconds: -1\n"
        f"sys.argv = ['video_overlay.py', {str(tmp_path / 'in.avi')!r}]\n"
        f"runpy.run_path({str(EXAMPLES / 'video_overlay.py')!r})\n"
    )
    out = run(tmp_path / "headless.py")
    assert out.splitlines() == ["faces (512, 512, 3)"] * 3


@pytest.fixture
def demo(monkeypatch) -> ModuleType:
    """demo.py as a module; without gradio too, as long as no page is built."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("demo")


def test_demo_draws_what_is_ticked_and_fills_its_table(demo):
    photo = load_image(EXAMPLES / "astronaut.jpg")
    drawn, [row] = demo.show_faces(photo, demo.LAYERS)
    assert (drawn != photo).any(axis=2).mean() > 0.005
    assert len(row) == len(demo.COLUMNS)
    assert row[0] == 0
    assert np.array_equal(demo.show_faces(photo, [])[0], photo)
    assert demo.show_faces(None, demo.LAYERS) == (None, [])
    assert demo.show_faces(np.zeros((64, 64, 3), np.uint8), demo.LAYERS)[1] == []


def test_space_is_the_demo():
    space = REPOSITORY / "hub" / "space"
    assert (space / "app.py").read_text() == (EXAMPLES / "demo.py").read_text()
    assert {path.name for path in space.iterdir()} == {"README.md", "app.py", "requirements.txt"}


def test_notebook_runs():
    """Its cells in order, in one namespace; what a cell ends with is what it shows."""
    cells = json.loads((EXAMPLES / "quickstart.ipynb").read_text("utf-8"))["cells"]
    namespace: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), namespace)
    assert len(namespace["faces"]) == 6


def test_pandas_table_prints_a_row_a_face():
    pytest.importorskip("pandas", reason="pandas is not installed")
    assert "1 of 1 faces look ahead" in run("pandas_table.py", EXAMPLES / "astronaut.jpg")


def test_demo_page_is_built(tmp_path):
    """In a process of its own: gradio leaves event loops open."""
    if importlib.util.find_spec("gradio") is None:
        pytest.skip("gradio is not installed")
    (tmp_path / "build.py").write_text(
        f"import sys; sys.path.insert(0, {str(EXAMPLES)!r})\n"
        "import demo; print(demo.build_page().title)\n"
    )
    assert run(tmp_path / "build.py") == "asmnet-sdk\n"


def test_own_model_learns_and_runs(tmp_path):
    """From photos to a model file that the aligner takes; untrained it is 34 % away."""
    pytest.importorskip("torch", reason="the extra [train] is not installed")
    lines = run("own_model.py", tmp_path, "--epochs", 15).splitlines()
    assert lines[0].startswith("96 faces, 8 for validation; 0 of 15 epochs done; on ")
    found = re.fullmatch(r"my: ([\d.]+) % of the face's width from the teacher", lines[-1])
    assert float(found[1]) < 10
    assert FaceAligner(tmp_path / "my.onnx").model.training_data == "two portraits, turned"
