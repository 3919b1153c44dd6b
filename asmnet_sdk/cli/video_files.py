"""What a video comes from: files, cameras, addresses and folders of frames, read with OpenCV."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.cli.native_errors import NativeErrors
from asmnet_sdk.cli.photo_files import find_photos
from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.images.loading import load_image

__all__ = ["Video"]

_USUAL_FRAME_RATE = 30.0
_SUSPICIOUS_COUNT = 10  # so many black frames, and nothing else
_ADDRESS = re.compile(r"(rtsps?|rtmps?|https?|udp|tcp|srt)://", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/@]*@")
_NUMBERED = re.compile(r"%0?\d*d")
_UNCONVERTED = "Cannot convert"  # FFmpeg left the picture as it was: random memory
_SPEAKER = re.compile(r"^\[[^\]]*\] ", re.MULTILINE)  # [h264 @ 0x55f74d72c840]


class _Capture(Protocol):
    """What is used of ``cv2.VideoCapture``."""

    def read(self) -> tuple[bool, object]: ...
    def get(self, property_id: int) -> float: ...
    def isOpened(self) -> bool: ...  # noqa: N802
    def release(self) -> None: ...


class Video:
    """The frames of a video file, a camera, a stream or a folder of pictures.

    Attributes:
        frame_rate: Frames per second; 30 where the source does not say.
        frame_count: How many frames the source says it has; None if it does not say.
        files: What is read: the video, or its pictures; none of a camera or a stream.

    Args:
        source: Path of a file, number or path of a camera, address of a stream (``rtsp://``,
            ``http://``), folder of pictures in the order of their names, or their numbered name
            (``%04d.png``).

    Raises:
        InvalidInputError: There is no such thing, or it is no video.
    """

    def __init__(self, source: str) -> None:
        self._source = in_brief(_LOGIN.sub("", source))
        path = Path(source)
        self._is_address = _ADDRESS.match(source) is not None
        self._is_live = (
            (source.isdecimal() and not path.exists()) or path.is_char_device() or self._is_address
        )
        _silence_opencv()
        self._ffmpeg = NativeErrors()
        try:
            self._capture = self._open(source, path)
            if not self._capture.isOpened():
                raise InvalidInputError(self._why_closed())
        except InvalidInputError:
            self._ffmpeg.close()
            raise
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = rate if 1 <= rate <= 1000 else _USUAL_FRAME_RATE
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if self._is_address:
            self._is_live = count <= 0  # else it is a file on a server, with times of its own
        self.frame_count = count if count > 0 and not self._is_live else None

    def _open(self, source: str, path: Path) -> _Capture:
        if path.is_dir():
            self.files = find_photos([source])
            return _Pictures(self.files)
        if _NUMBERED.search(path.name) and (pictures := _find_numbered(path)):
            self.files = pictures
            return _Pictures(pictures)
        if not self._is_live and not path.is_file():
            raise InvalidInputError(
                f"no video at '{self._source}'; needed: a file, a camera's number or path, a "
                "folder of frames, numbered frames (%04d.png), or an address (rtsp://, http://)"
            )
        self.files = [] if self._is_live else [path]
        is_number = source.isdecimal() and self._is_live
        return cv2.VideoCapture(int(source) if is_number else source)

    def _why_closed(self) -> str:
        reason = _reason(self._ffmpeg.take())
        if self._is_live:
            what = "camera " if self._source.isdecimal() else ""
            return (
                f"{what}{self._source} cannot be opened: not there, in use, or not "
                f"permitted{reason}"
            )
        return (
            f"{self._source}: OpenCV {cv2.__version__} cannot read this video: it is broken, or "
            f"in a format or codec that is not built in{reason}"
        )

    def frames(self, max_frames: int | None = None) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield the time in seconds and the (H, W, 3) BGR picture of each frame.

        Raises:
            InvalidInputError: The file ends early, holds no frame at all, frames that OpenCV cannot
                convert, or nothing but black.
        """
        started = time.monotonic()
        seconds = -1 / self.frame_rate
        count = 0
        is_black = True
        while count != max_frames:
            is_there, read = self._capture.read()
            words = self._ffmpeg.take()
            if not is_there:
                self._check_end(count, seconds, words)
                break
            if _UNCONVERTED in words:
                raise InvalidInputError(self._why_unconverted(words))
            frame = np.asarray(read, np.uint8)
            is_black = is_black and not frame.any()
            seconds = self._seconds_after(seconds, started)
            count += 1
            yield seconds, frame
        if is_black and count >= _SUSPICIOUS_COUNT:
            raise InvalidInputError(self._why_black(count))

    def _seconds_after(self, last: float, started: float) -> float:
        if self._is_live:
            seconds = time.monotonic() - started
        else:
            seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return seconds if seconds > last else last + 1 / self.frame_rate

    def _check_end(self, count: int, seconds: float, words: str) -> None:
        if count == 0:
            raise InvalidInputError(self._why_empty(words))
        if self.frame_count is None or count >= 0.9 * self.frame_count:
            return
        # The announced count may be the duration times the rate, although the frames lie apart.
        if seconds < 0.9 * self.frame_count / self.frame_rate:
            raise InvalidInputError(
                f"{self._source} breaks off after {count} of {self.frame_count} frames"
            )

    def _why_empty(self, words: str) -> str:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        codec = (
            code.to_bytes(4, "little", signed=code < 0)
            .decode("ascii", "replace")
            .strip("\0 ")
            .upper()
        )
        if not codec or self._is_live:
            return f"{self._source} gave no frame{_reason(words)}"
        return (
            f"{self._source} gave no frame: its codec is {codec!r}, which this OpenCV "
            f"({cv2.__version__}) may not decode"
            f"{', or its server sends no parts of it (Range)' if self._is_address else ''}"
            f"{_reason(words)}{self._cure()}"
        )

    def _why_unconverted(self, words: str) -> str:
        kind = "is interlaced, which" if "interlaced" in words else "has frames that"
        return (
            f"{self._source} {kind} OpenCV {cv2.__version__} cannot turn into pictures"
            f"{_reason(words)}{self._cure()}"
        )

    def _why_black(self, count: int) -> str:
        return (
            f"{self._source}: all {count} frames are black, as interlaced video may come out of "
            f"OpenCV 5; if it is not really black{self._cure()}"
        )

    def _cure(self) -> str:
        if self._is_live:
            return ""
        name = shlex.quote(Path(self._source).name)
        first = "download it and " if self._is_address else ""
        return f"; {first}convert it: ffmpeg -i {name} -vf yadif -c:v libx264 converted.mp4"

    def close(self) -> None:
        """Let go of the file or the camera."""
        self._capture.release()
        self._ffmpeg.close()


def _reason(words: str) -> str:
    """Return the first line of FFmpeg's words, without who says it, as a part of a sentence."""
    first = _LOGIN.sub("", _SPEAKER.sub("", words)).strip().partition("\n")[0].rstrip(".")
    return f" (FFmpeg: {in_brief(first)})" if first else ""


def _find_numbered(pattern: Path) -> list[Path]:
    """Return the files of a numbered name (``%04d.png``) by their numbers."""
    before, after = map(re.escape, _NUMBERED.split(pattern.name, maxsplit=1))
    name = re.compile(f"{before}(\\d+){after}")
    found = {path: name.fullmatch(path.name) for path in pattern.parent.glob("*")}
    numbers = {path: int(match[1]) for path, match in found.items() if match}
    return sorted(numbers, key=numbers.__getitem__)


class _Pictures:
    """Pictures one after the other as a capture."""

    def __init__(self, photos: Sequence[Path]) -> None:
        self._photos = photos
        self._next = 0

    def read(self) -> tuple[bool, object]:
        """Return whether there is another picture, and it in BGR."""
        if self._next == len(self._photos):
            return False, None
        picture = load_image(self._photos[self._next])[:, :, ::-1]
        self._next += 1
        return True, np.ascontiguousarray(picture)

    def get(self, property_id: int) -> float:
        """Return how many pictures there are; of all else it knows nothing."""
        return len(self._photos) if property_id == cv2.CAP_PROP_FRAME_COUNT else 0.0

    def isOpened(self) -> bool:  # noqa: N802
        """It is: there are pictures in it."""
        return True

    def release(self) -> None:
        """Nothing is held."""


def _silence_opencv() -> None:
    """Keep OpenCV from writing about failures that become errors of ours."""
    if hasattr(cv2.utils, "logging"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    else:  # OpenCV 4.8
        cv2.setLogLevel(0)  # type: ignore[attr-defined]
