"""What libraries in C write to standard error, kept apart from what Python writes there."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TextIO

__all__ = ["NativeErrors"]

_STANDARD_ERROR = 2


class NativeErrors:
    """Takes what OpenCV and FFmpeg write to standard error, from now until ``close``.

    ``sys.stderr`` stays where it was. Where the process has no standard error, nothing is taken;
    on Windows FFmpeg may have one of its own.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115, closed by close
        self._python: TextIO | None = None
        try:
            self._outside: int | None = os.dup(_STANDARD_ERROR)
        except OSError:
            self._outside = None
            return
        if _is_standard_error(sys.stderr):
            sys.stderr.flush()
            self._python, sys.stderr = sys.stderr, _like(sys.stderr, os.dup(self._outside))
        os.dup2(self._file.fileno(), _STANDARD_ERROR)

    def take(self) -> str:
        """Return what was written since the last time."""
        if not os.fstat(self._file.fileno()).st_size:
            return ""
        self._file.seek(0)
        text = self._file.read()
        self._file.seek(0)
        self._file.truncate()
        return text.decode("utf-8", "replace")

    def close(self) -> None:
        """Let libraries write to standard error again."""
        if self._outside is not None:
            os.dup2(self._outside, _STANDARD_ERROR)
            os.close(self._outside)
            self._outside = None
        if self._python is not None:
            sys.stderr.close()
            self._python, sys.stderr = None, self._python
        self._file.close()


def _is_standard_error(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() == _STANDARD_ERROR
    except (OSError, ValueError):  # a stream in memory, or closed
        return False


def _like(stream: TextIO, number: int) -> TextIO:
    return open(number, "w", buffering=1, encoding=stream.encoding, errors=stream.errors)
