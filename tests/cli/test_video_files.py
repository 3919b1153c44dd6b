"""Real files of the kinds that OpenCV gets wrong (``clips/README.md`` says how they were made)."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk.cli.video_files import Video
from asmnet_sdk.cli.video_writing import VideoFile
from asmnet_sdk.errors import InvalidInputError

CLIPS = Path(__file__).parent / "clips"


def frames_of(path: Path) -> list[tuple[float, np.ndarray]]:
    video = Video(str(path))
    try:
        return list(video.frames())
    finally:
        video.close()


def test_times_of_a_varying_rate_are_those_of_the_file():
    seconds = [seconds for seconds, _ in frames_of(CLIPS / "varying.mp4")]
    expected = [*(index / 25 for index in range(6)), *(0.24 + index / 5 for index in range(6))]
    assert seconds == pytest.approx(expected, abs=0.001)


def test_drawn_video_of_a_varying_rate_lasts_as_long(tmp_path):
    clip, drawn = CLIPS / "varying.mp4", tmp_path / "drawn.avi"
    frames = frames_of(clip)
    rate = cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FPS)
    written = VideoFile(drawn, rate)
    for index, (seconds, frame) in enumerate(frames):
        written.write(index, seconds, frame, [])
    written.close()
    assert len(frames_of(drawn)) / rate == pytest.approx(frames[-1][0] + 1 / rate, abs=1 / rate)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("interlaced.mp4", ("is interlaced, which OpenCV", "FFmpeg: Cannot convert interlaced")),
        ("av1.mp4", ("gave no frame: its codec is 'AV01'", "FFmpeg: ")),
    ],
)
def test_what_opencv_cannot_decode_is_an_error_that_says_why_and_no_wrong_picture(name, said):
    """OpenCV 5 gives unset memory for interlaced frames, other versions the right pictures."""
    expected = frames_of(CLIPS / "varying.mp4")[0][1]
    try:
        picture = frames_of(CLIPS / name)[0][1]
    except InvalidInputError as error:
        for part in (*said, f"convert it: ffmpeg -i {name} -vf yadif -c:v libx264"):
            assert part in str(error)  # noqa: PT017
    else:
        assert np.abs(picture.astype(int) - expected).mean() < 20


def test_name_in_the_advice_is_quoted_for_a_shell(tmp_path):
    clip = tmp_path / "my talk.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"FFV1"), 25.0, (64, 48))
    for _ in range(12):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    with pytest.raises(InvalidInputError, match=r"ffmpeg -i 'my talk\.avi' -vf yadif"):
        frames_of(clip)


class CountedCapture:
    """A capture of 30 frames that says it has 120, four seconds at 30 a second."""

    def __init__(self, seconds_a_frame: float) -> None:
        self.seconds_a_frame = seconds_a_frame
        self.count = 0

    def read(self):
        self.count += 1
        is_there = self.count <= 30
        return is_there, np.full((4, 4, 3), 9, np.uint8) if is_there else None

    def get(self, property_id):
        milliseconds = 1000 * self.seconds_a_frame * (self.count - 1)
        values = {cv2.CAP_PROP_FPS: 30, cv2.CAP_PROP_FRAME_COUNT: 120}
        return values.get(property_id, milliseconds)

    def isOpened(self):
        return True

    def release(self):
        pass


@pytest.mark.parametrize(("seconds_a_frame", "is_whole"), [(4 / 30, True), (1 / 30, False)])
def test_count_that_is_duration_times_rate_is_no_broken_file(
    monkeypatch, seconds_a_frame, is_whole
):
    """Matroska keeps no count: of frames that lie apart there are fewer than OpenCV says."""
    monkeypatch.setattr(Video, "_open", lambda *_: CountedCapture(seconds_a_frame))
    video = Video("x.mkv")
    with (
        nullcontext() if is_whole else pytest.raises(InvalidInputError, match="breaks off after 30")
    ):
        assert len(list(video.frames())) == 30
    video.close()
