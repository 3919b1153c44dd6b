"""OpenCV's number of threads, which is one for the whole process."""

from __future__ import annotations

import threading
import weakref

import cv2

__all__ = ["OpenCvThreads"]


class OpenCvThreads:
    """A limit to OpenCV's threads, as long as it lives and is not lifted.

    Of several limits the smallest holds, so that none is broken; without any, OpenCV has the
    number again that it had before. Pickled, it holds in the process that unpickles it.

    Args:
        most: Only so many threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        _add(id(self), most)
        self.lift = weakref.finalize(self, _remove, id(self))
        """Ends the limit; a second time does nothing."""

    def __reduce__(self) -> tuple[type[OpenCvThreads], tuple[int]]:
        return OpenCvThreads, (self._most,)


_LIMITS: dict[int, int] = {}
_LOCK = threading.RLock()  # a limit may be collected while another one is set
_before = 0


def _add(key: int, most: int) -> None:
    global _before  # noqa: PLW0603
    with _LOCK:
        if not _LIMITS:
            _before = cv2.getNumThreads()
        _LIMITS[key] = most
        cv2.setNumThreads(min(_LIMITS.values()))


def _remove(key: int) -> None:
    with _LOCK:
        del _LIMITS[key]
        cv2.setNumThreads(min(_LIMITS.values(), default=_before))
