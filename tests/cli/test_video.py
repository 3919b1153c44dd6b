from __future__ import annotations

import argparse
import csv
import inspect
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.cli import main
from asmnet_sdk.cli.terminal import ProgressBar
from asmnet_sdk.cli.video import add_parser
from asmnet_sdk.cli.video_writing import VideoFile
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.tracking.tracker import FaceTracker
from tests.dot_model import BOX, DOTS, picture_with_dots

FRAMES = 12


def write_video(path: Path, *, frames: int = FRAMES, rate: float = 25.0, codec: str = "FFV1"):
    """Write dots that move by a pixel a frame; FFV1 keeps every pixel."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate, (120, 90))
    assert writer.isOpened()
    for index in range(frames):
        dots = [(x + index, y) for x, y in DOTS]
        writer.write(np.ascontiguousarray(picture_with_dots((120, 90), *dots)[:, :, ::-1]))
    writer.release()
    return path


def read_video(path: Path) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    capture.release()
    return frames


def codec_of(path: Path) -> str:
    capture = cv2.VideoCapture(str(path))
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    capture.release()
    return code.to_bytes(4, "little").decode()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.avi")


@pytest.fixture
def detections(monkeypatch) -> list[int]:
    """The detector's runs; it always gives the same box, whatever the frame."""
    runs: list[int] = []

    def detect(self, image, *, color):
        runs.append(len(runs))
        return [BoundingBox(*BOX)]

    monkeypatch.setattr(FaceAligner, "detect", detect)
    return runs


@pytest.fixture
def run(dot_model, capsys, detections):
    def call(*arguments: object) -> tuple[int, str, str]:
        words = ["video", *map(str, arguments)]
        code = main([*words, "--model", str(dot_model), "--device", "cpu", "--offline"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def interrupt_after(monkeypatch, frames: int) -> None:
    update = FaceTracker.update
    seen = []

    def update_or_stop(self, frame, **options):
        seen.append(1)
        if len(seen) > frames:
            raise KeyboardInterrupt
        return update(self, frame, **options)

    monkeypatch.setattr(FaceTracker, "update", update_or_stop)


def test_defaults_are_those_of_the_tracker():
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    options = vars(parser.parse_args(["video", "talk.mp4"]))
    stated = inspect.signature(FaceTracker).parameters
    for name in ("detect_every", "min_score", "start_score", "max_faces", "keep_lost"):
        assert options[name] == stated[name].default


def test_prints_a_line_of_json_a_frame(run, clip):
    code, out, err = run(clip)
    records = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "12 frames, 1 person\n")
    assert [record["frame"] for record in records] == list(range(FRAMES))
    assert [record["seconds"] for record in records] == pytest.approx(
        [index / 25 for index in range(FRAMES)], abs=0.001
    )
    assert [record["faces"][0]["track_id"] for record in records] == [0] * FRAMES
    np.testing.assert_allclose(records[0]["faces"][0]["landmarks"][:3], DOTS, atol=1)


@pytest.mark.parametrize("name", ["drawn.mp4", "drawn.avi", "new folder/DRAWN.MKV"])
def test_out_writes_a_video_of_as_many_frames(run, clip, tmp_path, name):
    code, out, err = run(clip, "--out", tmp_path / name)
    assert (code, out) == (0, "")
    assert ("browsers do not" in err) == (codec_of(tmp_path / name) == "FMP4")
    frames = read_video(tmp_path / name)
    assert len(frames) == FRAMES
    assert frames[0].shape == (90, 120, 3)
    assert np.abs(frames[0].astype(int) - read_video(clip)[0]).max() > 100


def test_out_keeps_the_frame_rate(run, tmp_path):
    clip = write_video(tmp_path / "slow.avi", rate=12.5, codec="MJPG")
    run(clip, "--out", tmp_path / "drawn.mp4")
    capture = cv2.VideoCapture(str(tmp_path / "drawn.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    capture.release()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ([0, 0.1, 0.2, 0.3], [0, 1, 2, 3]),
        ([5, 5.1, 5.4, 5.5], [0, 1, 1, 1, 2, 3]),  # a frame stays until the next one is due
        ([0, 0.02, 0.04, 0.1, 0.2], [0, 3, 4]),  # too fast for the rate
        ([0, 0.1, 3600, 3600.1], [0, 1, 2, 3]),  # a clock that jumps
    ],
)
def test_written_video_lasts_as_long_as_its_frames(tmp_path, seconds, shown):
    path = tmp_path / "out.avi"
    video = VideoFile(path, 10.0)
    for index, at in enumerate(seconds):
        video.write(index, at, np.full((48, 64, 3), 40 * index, np.uint8), [])
    video.close()
    assert [round(frame.mean() / 40) for frame in read_video(path)] == shown


def test_frames_of_another_size_are_refused(tmp_path):
    video = VideoFile(tmp_path / "out.avi", 10.0)
    video.write(0, 0, np.zeros((48, 64, 3), np.uint8), [])
    with pytest.raises(InvalidInputError, match="frame 1 has 32 x 48 px, the first has 64 x 48"):
        video.write(1, 0.1, np.zeros((48, 32, 3), np.uint8), [])
    video.close()


@pytest.fixture
def frame_folder(tmp_path: Path, clip: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for index, frame in enumerate(read_video(clip)):
        cv2.imwrite(str(folder / f"{index:04d}.png"), frame)
    return folder


@pytest.mark.parametrize("name", ["", "%04d.png"])
def test_folders_and_numbered_frames_are_videos(run, tmp_path, frame_folder, name):
    code, out, _ = run(frame_folder / name)
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [record["frame"] for record in records] == list(range(FRAMES))
    assert records[3]["seconds"] == pytest.approx(0.1)  # 30 frames a second
    clip = write_video(tmp_path / "as fast.avi", rate=30.0)
    from_clip = [json.loads(line) for line in run(clip, "--no-smoothing")[1].splitlines()]
    again = [json.loads(x) for x in run(frame_folder / name, "--no-smoothing")[1].splitlines()]
    assert [r["faces"][0]["landmarks"] for r in again] == [
        r["faces"][0]["landmarks"] for r in from_clip
    ]


@pytest.mark.parametrize("address", ["rtsp://127.0.0.1:1/live", "/dev/null"])
def test_live_sources_that_are_not_there_say_so(run, address):
    expect_one_line(run(address), f"{address} cannot be opened")


def test_nothing_but_black_frames_is_an_error(run, tmp_path):
    path = tmp_path / "black.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 25.0, (120, 90))
    for _ in range(12):
        writer.write(np.zeros((90, 120, 3), np.uint8))
    writer.release()
    code, _, err = run(path)
    assert code == 1
    assert "all 12 frames are black, as interlaced video may come out of OpenCV 5" in err


def test_codec_that_gives_no_frame_is_named(run, clip, monkeypatch):
    monkeypatch.setattr(cv2.VideoCapture, "read", lambda _: (False, None), raising=False)
    expect_one_line(run(clip), "gave no frame: its codec is 'FFV1'", "libx264")


def test_csv_has_a_row_a_face(run, clip, tmp_path):
    path = tmp_path / "f.csv"
    assert run(clip, "--csv", path) == (0, "", f"12 frames, 1 person, wrote {path}\n")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0])[:16] == [
        "frame", "seconds", "track_id", "score", "x_min", "y_min", "x_max", "y_max",
        "yaw", "pitch", "roll", "right_eye_openness", "left_eye_openness", "mouth_openness",
        "layout", "x0",
    ]  # fmt: skip
    assert list(rows[0])[-69:-67] == ["y67", "v0"]
    assert list(rows[0])[-1] == "v67"
    assert [row["frame"] for row in rows] == [str(index) for index in range(FRAMES)]
    assert rows[5]["seconds"] == "0.200"
    assert {row["track_id"] for row in rows} == {"0"}
    assert float(rows[0]["x0"]) == pytest.approx(DOTS[0][0], abs=1)


def test_json_lines_go_to_a_file(run, clip, tmp_path):
    path = tmp_path / "f.jsonl"
    assert run(clip, "--json-lines", path) == (0, "", f"12 frames, 1 person, wrote {path}\n")
    assert len(path.read_text().splitlines()) == FRAMES


def test_detector_runs_as_often_as_asked(run, clip, detections):
    run(clip, "--detect-every", 4)
    assert len(detections) == FRAMES / 4


def test_max_frames_stops_early(run, clip):
    code, out, err = run(clip, "--max-frames", 5)
    assert (code, err) == (0, "5 frames, 1 person\n")
    assert len(out.splitlines()) == 5


def test_no_smoothing_gives_landmarks_as_found(run, clip):
    """The head has just begun to move in the second frame, so smoothed landmarks trail there."""
    smoothed, plain = run(clip)[1], run(clip, "--no-smoothing")[1]
    found = [
        json.loads(text.splitlines()[1])["faces"][0]["landmarks"] for text in (smoothed, plain)
    ]
    moved = [(x + 1, y) for x, y in DOTS]
    away = [np.abs(np.subtract(points[:3], moved)).max() for points in found]
    assert away[1] < 0.1 < away[0]


def test_interruption_leaves_playable_files(run, clip, tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 7)
    outputs = (
        "--out",
        tmp_path / "o.mp4",
        "--csv",
        tmp_path / "o.csv",
        "--json-lines",
        tmp_path / "o.jsonl",
    )
    code, _, err = run(clip, *outputs)
    assert code == 130
    wrote = " and ".join(map(str, outputs[1::2]))
    assert err.endswith(f"7 frames, 1 person, wrote {wrote}\nasmnet: interrupted\n")
    assert len(read_video(tmp_path / "o.mp4")) == 7
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 1 + 7
    assert len((tmp_path / "o.jsonl").read_text().splitlines()) == 7


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process can heed")
def test_termination_leaves_whole_files(tmp_path):
    """As a service or a container is stopped; frames are large, so that reading takes a while."""
    clip, drawn, lines = (tmp_path / name for name in ("in.avi", "out.mp4", "out.jsonl"))
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 25, (1280, 720))
    for _ in range(900):
        writer.write(np.zeros((720, 1280, 3), np.uint8) + np.uint8(90))
    writer.release()
    words = ["video", str(clip), "--out", str(drawn), "--json-lines", str(lines), "--offline"]
    process = subprocess.Popen(
        [sys.executable, "-m", "asmnet_sdk", *words, "--threads", "1"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not lines.exists() or lines.read_text().count("\n") < 5:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors.endswith("asmnet: interrupted\n")
    done = lines.read_text().splitlines()
    assert 5 <= len(done) < 900
    assert json.loads(done[-1])["frame"] == len(done) - 1
    assert len(read_video(drawn)) == len(done)


def expect_one_line(result, *parts):
    code, out, err = result
    assert (code, out) == (1, "")
    assert err.startswith("asmnet: error: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err


def test_missing_file_is_an_error(run, tmp_path):
    expect_one_line(run(tmp_path / "none.mp4"), "no video at", "none.mp4")


def test_missing_camera_is_an_error(run):
    expect_one_line(run("97"), "camera 97 cannot be opened")


def test_broken_file_is_an_error(run, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 100)
    expect_one_line(run(tmp_path / "broken.mp4"), "broken.mp4", "cannot read this video")


def test_cut_file_is_an_error(run, tmp_path):
    data = write_video(tmp_path / "clip.mp4", codec="mp4v").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    reason = "(FFmpeg: moov atom not found)"
    expect_one_line(run(tmp_path / "cut.mp4"), "cut.mp4", "cannot read this video", reason)


def test_video_that_breaks_off_is_an_error_after_what_there_is(run, tmp_path):
    clip = write_video(tmp_path / "clip.avi", frames=40, codec="MJPG")
    data = clip.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    code, out, err = run(tmp_path / "cut.avi", "--out", tmp_path / "o.mp4")
    assert (code, out) == (1, "")
    assert "breaks off after" in err
    assert err.splitlines()[-1].startswith("asmnet: error: ")
    assert "frames, " not in err
    assert 5 < len(read_video(tmp_path / "o.mp4")) < 30


def test_opencv_adds_nothing_to_the_error(tmp_path):
    """Only a new process shows it: OpenCV reads its settings once."""
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 100)
    command = [sys.executable, "-m", "asmnet_sdk", "video", str(tmp_path / "broken.mp4")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    expect_one_line((result.returncode, result.stdout, result.stderr), "cannot read this video")


@pytest.mark.parametrize("name", ["o.webp", "drawn/%04d.png", "drawn"])
def test_unknown_ending_is_an_error_that_makes_no_folder(run, clip, tmp_path, name):
    result = run(clip, "--out", tmp_path / "new" / name)
    expect_one_line(result, "must end in one of .mp4", "for drawn pictures", "predict --draw")
    assert not (tmp_path / "new").exists()


def test_output_never_overwrites_the_input(run, clip):
    before = clip.read_bytes()
    expect_one_line(run(clip, "--out", clip), "would overwrite")
    assert clip.read_bytes() == before


@pytest.mark.parametrize("source", ["", "%d.png"])
def test_output_never_overwrites_a_picture_that_is_read(run, tmp_path, source):
    pictures = tmp_path / "frames"
    pictures.mkdir()
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), np.zeros((90, 120, 3), np.uint8))
    before = (pictures / "1.png").read_bytes()
    expect_one_line(run(pictures / source, "--csv", pictures / "1.png"), "would overwrite")
    assert (pictures / "1.png").read_bytes() == before


def test_output_never_overwrites_the_input_by_another_name(run, clip):
    other = clip.with_name(f"other{clip.suffix}")
    other.hardlink_to(clip)
    before = clip.read_bytes()
    expect_one_line(run(clip, "--out", other), "would overwrite")
    assert clip.read_bytes() == before


def test_output_that_is_a_folder_is_an_error(run, clip, tmp_path):
    expect_one_line(run(clip, "--csv", tmp_path), "is a folder")


def test_missing_codec_is_an_error(run, clip, tmp_path, monkeypatch):
    class NoWriter:
        fourcc = staticmethod(cv2.VideoWriter.fourcc)

        def __init__(self, *arguments):
            pass

        def isOpened(self):
            return False

    monkeypatch.setattr(cv2, "VideoWriter", NoWriter)
    expect_one_line(run(clip, "--out", tmp_path / "o.mp4"), "cannot write video", "mp4v")


@pytest.mark.parametrize("option", ["--detect-every", "--max-frames"])
def test_counts_below_one_are_refused(option, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["video", "clip.avi", option, "0"])
    assert "'0' is no whole number from 1" in capsys.readouterr().err


def test_csv_goes_to_standard_output_where_no_json_does(run, clip):
    code, out, err = run(clip, "--csv", "-", "--max-frames", 2)
    assert (code, err) == (0, "2 frames, 1 person\n")
    assert [row["frame"] for row in csv.DictReader(out.splitlines())] == ["0", "1"]
    expect_one_line(run(clip, "--csv", "-", "--json-lines", "-"), "two outputs go to the same")
    expect_one_line(run(clip, "--out", "-"), "- must end in one of .mp4")


def test_camera_frames_carry_the_time_that_passed(run, monkeypatch):
    class Camera:
        def __init__(self, source):
            assert source == 0
            self.left = 3

        def isOpened(self):
            return True

        def get(self, _):
            return -1.0

        def read(self):
            self.left -= 1
            return self.left >= 0, picture_with_dots((120, 90), *DOTS)

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    code, out, _ = run("0")
    seconds = [json.loads(line)["seconds"] for line in out.splitlines()]
    assert code == 0
    assert len(seconds) == 3
    assert 0 <= seconds[0] <= seconds[1] <= seconds[2] < 60


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("total", "shown"), [(4, "[" + "#" * 15 + "." * 15 + "] 2/4 "), (None, "video 2 ")]
)
def test_progress_bar_shows_count_and_rate(monkeypatch, total, shown):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar(total, "video") as bar:
        bar.advance()
        bar.advance()
    last = sys.stderr.getvalue().split("\r")[-1]
    assert shown in last
    assert last.rstrip().endswith("/s")
