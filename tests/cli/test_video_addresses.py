"""Video by HTTP: a file on a server keeps its own times, a live stream has those of the clock."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk.cli.video_files import Video
from asmnet_sdk.errors import InvalidInputError
from tests.cli.video_server import LIVE_FRAMES, LIVE_SECONDS, serving

CLIPS = Path(__file__).parent / "clips"


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """A clip whose index is at its end, as OpenCV and phones write them, and those in clips/."""
    folder = tmp_path_factory.mktemp("videos")
    for name in ("varying.mp4", "interlaced.mp4"):
        (folder / name).write_bytes((CLIPS / name).read_bytes())
    mp4v = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(folder / "late-index.mp4"), mp4v, 25.0, (320, 240))
    assert writer.isOpened()
    for index in range(30):
        # More bytes than FFmpeg reads over on its way to the index.
        writer.write(np.random.default_rng(index).integers(0, 255, (240, 320, 3), np.uint8))
    writer.release()
    return folder


@pytest.fixture
def address(videos, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(videos) as address:
        yield address


def frames_of(source: str) -> tuple[Video, list[tuple[float, np.ndarray]]]:
    video = Video(source)
    try:
        return video, list(video.frames())
    finally:
        video.close()


@pytest.mark.parametrize("path", ["parts/varying.mp4", "whole/varying.mp4", "parts/late-index.mp4"])
def test_file_on_a_server_is_read_like_one_on_the_disk(address, videos, path):
    here, expected = frames_of(str(videos / path.partition("/")[2]))
    there, frames = frames_of(f"{address}/{path}")
    assert (there.frame_count, there.frame_rate) == (here.frame_count, here.frame_rate)
    assert [seconds for seconds, _ in frames] == [seconds for seconds, _ in expected]
    for (_, frame), (_, wanted) in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame, wanted)


def test_server_without_parts_of_files_is_named_as_a_cause(address):
    with pytest.raises(InvalidInputError) as caught:
        frames_of(f"{address}/whole/late-index.mp4")
    assert "or its server sends no parts of it (Range) (FFmpeg: " in str(caught.value)
    assert "; download it and convert it: ffmpeg -i" in str(caught.value)


def test_live_stream_has_the_times_of_the_clock(address):
    started = time.monotonic()
    video, frames = frames_of(f"{address}/live")
    took = time.monotonic() - started
    times = [seconds for seconds, _ in frames]
    assert video.frame_count is None
    assert len(frames) == LIVE_FRAMES
    assert times == sorted(times)
    assert 0.5 * LIVE_FRAMES * LIVE_SECONDS < times[-1] <= took


@pytest.mark.parametrize("name", ["none.mp4", "varying.mp4/none"])
def test_what_the_server_does_not_have_is_an_error_without_the_login(address, name):
    there = address.removeprefix("http://")
    with pytest.raises(InvalidInputError) as caught:
        Video(f"http://user:secret@{there}/parts/{name}")
    words = "cannot be opened: not there, in use, or not permitted"
    assert str(caught.value) == f"http://{there}/parts/{name} {words}"
