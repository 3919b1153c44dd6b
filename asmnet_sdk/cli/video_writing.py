"""Videos with the faces drawn in, written with OpenCV."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import Face

__all__ = ["VideoFile", "check_ending", "finish_video"]

_CODECS = {
    ".mp4": ("avc1", "mp4v"),
    ".mov": ("avc1", "mp4v"),
    ".mkv": ("avc1", "mp4v"),
    ".avi": ("MJPG",),
}
"""Ending -> codecs, the first that this OpenCV has is taken. Browsers play avc1 (H.264) only."""

_LONGEST_GAP_SECONDS = 10.0
_MISCOUNTED = 2  # frames of a file whose header tells its duration alone


def check_ending(path: Path) -> None:
    """Refuse a name that no codec is known for.

    Raises:
        InvalidInputError: It ends in something else.
    """
    if path.suffix.lower() not in _CODECS:
        raise InvalidInputError(
            f"{path} must end in one of {', '.join(_CODECS)}; for drawn pictures of a folder of "
            "frames: asmnet predict --draw"
        )


class VideoFile:
    """A video that is written; the first frame settles its size.

    Its rate is constant, whatever that of the source: a frame stays until the next one is due, and
    one that comes too early for a place of its own is left out. So it lasts as long as the source.

    Args:
        path: Its ending chooses the codec.
        frame_rate: Frames per second.

    Raises:
        InvalidInputError: No codec is known for this ending.
    """

    def __init__(self, path: Path, frame_rate: float) -> None:
        check_ending(path)
        self._path = path
        self._frame_rate = frame_rate
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)
        self._started = 0.0
        self._written = 0
        self._last: NDArray[np.uint8] | None = None

    def write(
        self, index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]
    ) -> None:
        """Draw the faces into the frame and append it at its time.

        Raises:
            InvalidInputError: The codec is missing, the file cannot be written, or this frame has
                another size than the first.
        """
        size_wh = (frame.shape[1], frame.shape[0])
        if self._writer is None:
            self._writer, self._size_wh, self._started = self._open(size_wh), size_wh, seconds
        if size_wh != self._size_wh:
            raise InvalidInputError(
                f"{self._path}: frame {index} has {size_wh[0]} x {size_wh[1]} px, the first has "
                f"{self._size_wh[0]} x {self._size_wh[1]}: a video has one size"
            )
        self._append(self._writer, seconds, draw_faces(frame, faces))

    def _append(self, writer: cv2.VideoWriter, seconds: float, picture: NDArray[np.uint8]) -> None:
        place = round((seconds - self._started) * self._frame_rate)
        if place - self._written > _LONGEST_GAP_SECONDS * self._frame_rate:
            self._started += (place - self._written) / self._frame_rate  # a clock that jumped
            place = self._written
        while self._last is not None and self._written < place:
            writer.write(self._last)
            self._written += 1
        self._last = picture
        if self._written == place:
            writer.write(picture)
            self._written += 1

    def _open(self, size_wh: tuple[int, int]) -> cv2.VideoWriter:
        codecs = _CODECS[self._path.suffix.lower()]
        for codec in codecs:
            fourcc = cv2.VideoWriter.fourcc(*codec)
            writer = cv2.VideoWriter(str(self._path), fourcc, self._frame_rate, size_wh)
            if writer.isOpened():
                if codec == "mp4v":
                    _say_that_browsers_refuse(self._path)
                return writer
        raise InvalidInputError(
            f"{self._path}: OpenCV {cv2.__version__} cannot write video with codec "
            f"{' or '.join(codecs)} of {size_wh[0]} x {size_wh[1]} px; another ending "
            f"({', '.join(_CODECS)}) may work"
        )

    def close(self) -> None:
        """Finish the file, so that players can open it.

        Raises:
            OSError: Frames are missing in it; the file is removed.
        """
        if self._writer is not None:
            finish_video(self._writer, self._path, self._written)


def finish_video(writer: cv2.VideoWriter, path: Path, frames: int) -> None:
    """Finish a video; OpenCV itself says nothing of a disk that is full.

    Raises:
        OSError: Frames are missing in the file, which is removed.
    """
    writer.release()
    if not _holds(path, frames):
        path.unlink(missing_ok=True)
        message = f"not all of its {frames} frames could be written: is the disk full?"
        raise OSError(errno.EIO, message, str(path))


def _holds(path: Path, frames: int) -> bool:
    """Say whether a video has its last frames: the header alone tells of those that are lost."""
    capture = cv2.VideoCapture(str(path))
    last = max(frames - 1 - _MISCOUNTED, 0)
    is_counted = capture.get(cv2.CAP_PROP_FRAME_COUNT) > last
    capture.set(cv2.CAP_PROP_POS_FRAMES, last)
    is_there = is_counted and capture.read()[0]
    capture.release()
    return is_there


def _say_that_browsers_refuse(path: Path) -> None:
    print(
        f"asmnet: {path} is MPEG-4 Part 2, since this OpenCV has no encoder for H.264: players "
        f"show it, browsers do not; ffmpeg -i {path.name} -c:v libx264 for-browsers.mp4",
        file=sys.stderr,
    )
