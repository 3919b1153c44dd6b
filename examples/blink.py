"""Count the blinks of every person in a video.

Usage: python blink.py [VIDEO | CAMERA_NUMBER]
"""

import sys
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

    def update(self, face: Face, seconds: float) -> bool:
        """Take a frame's face; return whether a blink has just ended."""
        person, openness = face.track_id, sum(face.eye_openness) / 2
        usual = self._usual[person]
        if usual and openness < CLOSED_SHARE * median(usual):
            self._closed_since.setdefault(person, seconds)
            return False
        usual.append(openness)
        closed_for = seconds - self._closed_since.pop(person, seconds)
        has_blinked = SHORTEST <= closed_for <= LONGEST
        self.blinks[person] += has_blinked
        return has_blinked


def watch(source: str) -> BlinkCounter:
    """Print each blink."""
    video = cv2.VideoCapture(int(source) if source.isdigit() else source)
    frame_rate = video.get(cv2.CAP_PROP_FPS) or 30
    # Smoothing would flatten blinks.
    tracker = FaceTracker(FaceAligner(), min_cutoff_hz=float("inf"))
    counter, number = BlinkCounter(), 0
    while (read := video.read())[0]:
        seconds = number / frame_rate
        for face in tracker.update(read[1], timestamp=seconds):
            if counter.update(face, seconds):
                print(f"{seconds:6.1f} s  person {face.track_id} blinks")
        number += 1
    video.release()
    print(f"{number} frames, blinks by person: {dict(counter.blinks)}")
    return counter


if __name__ == "__main__":
    watch(sys.argv[1] if len(sys.argv) > 1 else "0")
