"""Memory over many predictions and many aligners: it must stay flat.

Usage: python benchmarks/long_run.py [--predictions 100000] [--cycles 1000]

Sizes are mixed, from 300 x 300 to 2000 x 2000 px, a new one each time. Of ten predictions seven get
a box, two let the detector find the face, one decodes a JPEG and lets it find the face. Prints
the memory of the process after a warm-up and how it differs at ten points after it; exit code 1 if
it grew by more than 5 MB. Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from portraits import PORTRAIT, PORTRAIT_BOX

from asmnet_sdk import FaceAligner, load_image

MOST_GROWTH_MB = 5.0
WARM_UP = 12_000  # predictions; memory was seen to take a last step after 2,000 and before these
POINTS = 10


def private_mb() -> float:
    """Return this process's own memory, what the allocator can give back excluded.

    Pages of program files are left out: the system drops and reads them again as it likes.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024 / 1e6


class Photos:
    """The portrait in the corner of pictures of many sizes."""

    def __init__(self) -> None:
        portrait = load_image(PORTRAIT)
        self._canvas = np.zeros((2000, 2000, 3), np.uint8)
        self._canvas[: portrait.shape[0], : portrait.shape[1]] = portrait
        self._generator = np.random.default_rng(0)
        pictures = (self.draw() for _ in range(24))
        self.files = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]

    def draw(self) -> NDArray[np.uint8]:
        """Return a picture of a new size."""
        height, width = self._generator.integers(300, 2001, size=2)
        return self._canvas[:height, :width]

    def box(self) -> NDArray[np.float64]:
        """Return the box of the face, a little beside it."""
        return np.array([*PORTRAIT_BOX]) + self._generator.uniform(-3, 3, size=4)


def predict_next(aligner: FaceAligner, photos: Photos, number: int) -> None:
    """Predict in one of three ways."""
    kind = number % 10
    if kind == 9:
        aligner.predict(photos.files[number // 10 % len(photos.files)])
    elif kind in (3, 6):
        aligner.predict(photos.draw(), color="rgb")
    else:
        aligner.predict(photos.draw(), photos.box(), color="rgb")


def run_predictions(count: int) -> float:
    """Return by how many MB memory grew at most over so many predictions."""
    photos = Photos()
    with FaceAligner(device="cpu", threads=1) as aligner:
        return most_growth(
            "predictions", lambda number: predict_next(aligner, photos, number), count, WARM_UP
        )


def run_cycles(count: int) -> float:
    """Return by how many MB memory grew at most over so many aligners made, used and closed."""
    portrait = load_image(PORTRAIT)

    def cycle(number: int) -> None:
        with FaceAligner(device="cpu", threads=1) as aligner:
            aligner.predict(portrait, None if number % 2 else PORTRAIT_BOX, color="rgb")

    return most_growth("aligners", cycle, count, 50)


def most_growth(what: str, step: Callable[[int], None], count: int, warm_up: int) -> float:
    """Take steps, print how memory changes, and return the most that it grew by, in MB."""
    for number in range(warm_up):
        step(number)
    before, started, grown = private_mb(), time.monotonic(), []
    for number in range(1, count + 1):
        step(number)
        if number % max(count // POINTS, 1) == 0:
            grown.append(private_mb() - before)
    print(
        f"{count} {what}: {before:.1f} MB after {warm_up} to warm up; later "
        f"{' '.join(f'{mb:+.1f}' for mb in grown)}; {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return max(grown)


def main() -> int:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=100_000)
    parser.add_argument("--cycles", type=int, default=1_000)
    options = parser.parse_args()
    growth = (run_predictions(options.predictions), run_cycles(options.cycles))
    return 1 if max(growth) > MOST_GROWTH_MB else 0


if __name__ == "__main__":
    sys.exit(main())
