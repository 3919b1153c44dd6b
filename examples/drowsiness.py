"""Warn when both eyes of a person stay closed: eye openness over the frames of a video.

Usage: python drowsiness.py [VIDEO | CAMERA_NUMBER]
"""

import sys
import time

import cv2

from asmnet_sdk import Face, FaceAligner, FaceTracker

CLOSED_BELOW = 0.24  # height / width of an eye; about 0.37 is open. See docs/guides/eyes.md
TOO_LONG = 1.0  # seconds; a blink takes about a third of one
AWAY = 0.5  # seconds unseen, after which a person's closed eyes count anew


class Drowsiness:
    """Tells for how long each tracked person has had the eyes closed."""

    def __init__(self) -> None:
        self._closed_since: dict[int | None, float] = {}
        self._seen: dict[int | None, float] = {}

    def closed_for(self, face: Face, seconds: float) -> float:
        """Return for how many seconds both eyes have been closed, at a time in seconds."""
        self._seen[face.track_id] = seconds
        if max(face.eye_openness) >= CLOSED_BELOW:
            self._closed_since.pop(face.track_id, None)
            return 0.0
        return seconds - self._closed_since.setdefault(face.track_id, seconds)

    def forget_absent(self, seconds: float) -> None:
        """Call it after each frame: nobody knows how long the eyes of who was away were closed."""
        for person, last in self._seen.items():
            if seconds - last > AWAY:
                self._closed_since.pop(person, None)


def watch(source: str) -> None:
    """Print the openness of the eyes once a second, and a warning for each frame too long."""
    is_camera = source.isdigit()
    video = cv2.VideoCapture(int(source) if is_camera else source)
    if not video.isOpened():
        sys.exit(f"{source} cannot be opened")
    tracker, drowsiness = FaceTracker(FaceAligner()), Drowsiness()
    started, seconds, next_report = time.monotonic(), -1.0, 0.0
    while True:
        is_there, frame = video.read()
        if not is_there:
            break
        # Frames need not be evenly spaced: cameras slow down in the dark.
        at = time.monotonic() - started if is_camera else video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        seconds = max(at, seconds + 0.001)
        is_due = seconds >= next_report
        next_report += is_due
        for face in tracker.update(frame, timestamp=seconds):
            right, left = face.eye_openness
            if is_due:
                print(f"{seconds:6.1f} s  face {face.track_id}: right {right:.2f}, left {left:.2f}")
            if drowsiness.closed_for(face, seconds) > TOO_LONG:
                print(f"{seconds:6.1f} s  face {face.track_id}: WAKE UP")
        drowsiness.forget_absent(seconds)
    video.release()


if __name__ == "__main__":
    watch(sys.argv[1] if len(sys.argv) > 1 else "0")
