"""Video files and cameras, read and written with OpenCV."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import Face

__all__ = ["Video", "VideoFile"]

_CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}

_USUAL_FRAME_RATE = 30.0


class Video:
    """The frames of a video file or a camera.

    Attributes:
        frame_rate: Frames per second.
        frame_count: How many frames a file says it has; None if it does not say, or for a camera.

    Args:
        source: Path of a file, or the number of a camera.

    Raises:
        InvalidInputError: There is no such file or camera, or it is no video.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._is_camera = source.isdecimal() and not Path(source).exists()
        if not self._is_camera and not Path(source).is_file():
            raise InvalidInputError(f"no video at {source!r}; needed: a file, or a camera's number")
        _silence_opencv()
        self._capture = cv2.VideoCapture(int(source) if self._is_camera else source)
        if not self._capture.isOpened():
            raise InvalidInputError(self._why_closed())
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = rate if 1 <= rate <= 1000 else _USUAL_FRAME_RATE
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count = count if count > 0 and not self._is_camera else None

    def _why_closed(self) -> str:
        if self._is_camera:
            return f"camera {self._source} cannot be opened: not there, in use, or not permitted"
        return (
            f"{self._source}: OpenCV {cv2.__version__} cannot read this video: it is broken, or "
            "in a format or codec that is not built in"
        )

    def frames(self, max_frames: int | None = None) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield the time in seconds and the (H, W, 3) BGR picture of each frame.

        Raises:
            InvalidInputError: The file ends early, or holds no frame at all.
        """
        started = time.monotonic()
        seconds = -1 / self.frame_rate
        count = 0
        while count != max_frames:
            is_there, frame = self._capture.read()
            if not is_there:
                self._check_end(count)
                return
            seconds = self._seconds_after(seconds, started)
            count += 1
            yield seconds, np.asarray(frame, np.uint8)

    def _seconds_after(self, last: float, started: float) -> float:
        if self._is_camera:
            seconds = time.monotonic() - started
        else:
            seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return seconds if seconds > last else last + 1 / self.frame_rate

    def _check_end(self, count: int) -> None:
        if count == 0:
            raise InvalidInputError(f"{self._source} gave no frame")
        # The announced count is an estimate in some formats.
        if self.frame_count is not None and count < 0.9 * self.frame_count:
            raise InvalidInputError(
                f"{self._source} breaks off after {count} of {self.frame_count} frames"
            )

    def close(self) -> None:
        """Let go of the file or the camera."""
        self._capture.release()


class VideoFile:
    """A video that is written; the first frame settles its size.

    Args:
        path: Its ending chooses the codec.
        frame_rate: Frames per second.

    Raises:
        InvalidInputError: No codec is known for this ending.
    """

    def __init__(self, path: Path, frame_rate: float) -> None:
        if path.suffix.lower() not in _CODECS:
            raise InvalidInputError(f"{path} must end in one of {', '.join(_CODECS)}")
        self._path = path
        self._frame_rate = frame_rate
        self._writer: cv2.VideoWriter | None = None

    def write(
        self, index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]
    ) -> None:
        """Draw the faces into the frame and append it.

        Raises:
            InvalidInputError: The codec is missing, or the file cannot be written.
        """
        if self._writer is None:
            self._writer = self._open((frame.shape[1], frame.shape[0]))
        self._writer.write(draw_faces(frame, faces))

    def _open(self, size_wh: tuple[int, int]) -> cv2.VideoWriter:
        codec = _CODECS[self._path.suffix.lower()]
        fourcc = cv2.VideoWriter.fourcc(*codec)
        writer = cv2.VideoWriter(str(self._path), fourcc, self._frame_rate, size_wh)
        if not writer.isOpened():
            raise InvalidInputError(
                f"{self._path}: OpenCV {cv2.__version__} cannot write video with codec {codec} of "
                f"{size_wh[0]} x {size_wh[1]} px; another ending ({', '.join(_CODECS)}) may work"
            )
        return writer

    def close(self) -> None:
        """Finish the file, so that players can open it."""
        if self._writer is not None:
            self._writer.release()


def _silence_opencv() -> None:
    """Keep OpenCV and FFmpeg from writing about failures that become errors of ours."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if hasattr(cv2.utils, "logging"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    else:  # OpenCV 4.8
        cv2.setLogLevel(0)  # type: ignore[attr-defined]
