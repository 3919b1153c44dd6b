"""Count the blinks of every person in a video.

Usage: python blink.py [VIDEO | CAMERA_NUMBER]
"""

import sys
import time
from collections import defaultdict, deque
from statistics import median

import cv2

from asmnet_sdk import Face, FaceAligner, FaceTracker

CLOSED_SHARE = 0.6  # of a person's usual openness; below, the eyes are closed
LEARN = 60  # frames over which the usual openness is taken
SHORTEST, LONGEST = 0.05, 0.5  # seconds that a blink takes


class BlinkCounter:
    """Counts the blinks of each tracked person, with a limit of their own."""

    def __init__(self) -> None:
        self.blinks: dict[int | None, int] = defaultdict(int)
        self._usual: dict[int | None, deque[float]] = defaultdict(lambda: deque(maxlen=LEARN))
        self._closed_since: dict[int | None, float] = {}
        self._seen: dict[int | None, float] = {}

    def update(self, face: Face, seconds: float) -> bool:
        """Take a frame's face; return whether a blink has just ended."""
        person, openness = face.track_id, sum(face.eye_openness) / 2
        usual = self._usual[person]
        self._seen[person] = seconds
        if usual and openness < CLOSED_SHARE * median(usual):
            self._closed_since.setdefault(person, seconds)
            return False
        usual.append(openness)
        closed_for = seconds - self._closed_since.pop(person, seconds)
        has_blinked = SHORTEST <= closed_for <= LONGEST
        self.blinks[person] += has_blinked
        return has_blinked

    def forget_absent(self, seconds: float) -> None:
        """Call it after each frame: eyes that closed before a person left end no blink."""
        for person, last in self._seen.items():
            if seconds - last > LONGEST:
                self._closed_since.pop(person, None)


def watch(source: str) -> BlinkCounter:
    """Print each blink."""
    is_camera = source.isdigit()
    video = cv2.VideoCapture(int(source) if is_camera else source)
    if not video.isOpened():
        sys.exit(f"{source} cannot be opened")
    # Smoothing would flatten blinks.
    tracker = FaceTracker(FaceAligner(), min_cutoff_hz=float("inf"))
    counter, number = BlinkCounter(), 0
    started, seconds = time.monotonic(), -1.0
    while (read := video.read())[0]:
        # Frames need not be evenly spaced: cameras slow down in the dark.
        at = time.monotonic() - started if is_camera else video.get(cv2.CAP_PROP_POS_MSEC) / 1000
        seconds = max(at, seconds + 0.001)
        for face in tracker.update(read[1], timestamp=seconds):
            if counter.update(face, seconds):
                print(f"{seconds:6.1f} s  person {face.track_id} blinks")
        counter.forget_absent(seconds)
        number += 1
    video.release()
    print(f"{number} frames, blinks by person: {dict(counter.blinks)}")
    return counter


if __name__ == "__main__":
    watch(sys.argv[1] if len(sys.argv) > 1 else "0")
