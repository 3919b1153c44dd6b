"""``asmnet predict`` on many photos: several at once, in order, and stopped by Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk.cli import main
from tests.dot_model import picture_with_dots

BOX = ("--box", "30", "25", "70", "65")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve photos whose dots differ, one of them broken."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for n in range(12):
        picture = picture_with_dots((120, 90), (40 + n, 35), (60, 50), (45, 40 + n))
        cv2.imwrite(str(photos / f"{n:02d}.png"), picture)
    (photos / "05.png").write_bytes(b"no picture")
    return photos


def arguments(dot_model: Path, folder: Path, out: Path, *options: str) -> list[str]:
    return [
        "predict", str(folder), *BOX, "--model", str(dot_model), "--device", "cpu", "--offline",
        "--json", str(out), *options,
    ]  # fmt: skip


@pytest.mark.parametrize("threads", ["2", "5", None])
def test_several_photos_at_once_give_what_one_after_the_other_gives(
    dot_model, folder, tmp_path, capsys, threads
):
    options = [] if threads is None else ["--threads", threads]
    assert main(arguments(dot_model, folder, tmp_path / "a.json", "--threads", "1")) == 1
    serial = capsys.readouterr().err
    assert main(arguments(dot_model, folder, tmp_path / "b.json", *options)) == 1
    assert capsys.readouterr().err.replace("b.json", "a.json") == serial
    assert serial.count("05.png") == 1
    records = json.loads((tmp_path / "b.json").read_text())
    names = [Path(record["image"]).stem for record in records]
    assert names == [f"{n:02d}" for n in range(12) if n != 5]
    assert records == json.loads((tmp_path / "a.json").read_text())


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
@pytest.mark.usefixtures("heeded_interruption")
def test_interrupted_folder_keeps_what_is_done_and_ends_at_once(dot_model, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8)
    encoded = cv2.imencode(".jpg", noise)[1].tobytes()
    for n in range(400):
        (folder / f"{n:03d}.jpg").write_bytes(encoded)
    (folder / "000.jpg").write_bytes(b"no picture")
    drawn = tmp_path / "drawn"
    words = arguments(dot_model, folder, tmp_path / "out.json", "--draw", str(drawn))
    process = subprocess.Popen(
        [sys.executable, "-m", "asmnet_sdk", *words, "--threads", "2"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not drawn.is_dir() or len(list(drawn.iterdir())) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.endswith("asmnet: interrupted\n")
    assert "Traceback" not in errors
    done = [
        Path(record["image"]).stem for record in json.loads((tmp_path / "out.json").read_text())
    ]
    assert 2 <= len(done) < 399
    assert done == [f"{n:03d}" for n in range(1, len(done) + 1)]
