"""Memory over many predictions and many aligners: it must stay flat.

Usage: python benchmarks/long_run.py [--predictions 100000] [--cycles 1000] [--largest 2000]

Sizes are mixed, from 300 x 300 px to the largest, 2000 x 2000, a new one each time. Of 100
predictions 79 get a box, 10 let the detector find the face, 5 decode a JPEG and let it find the
face, and 5 get the box of a tilted face, which is looked at again. The hundredth is in turn a face
lying on its side, a crowd of 24 and a face so small that the detector looks twice. Prints the
memory of the process after a warm-up and how it differs at ten points after it; exit code 1 if it
grew by more than 5 MB. Linux only.
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
    """The portrait in the corner of pictures of many sizes, tilted, many times and small."""

    def __init__(self, largest: int) -> None:
        portrait = load_image(PORTRAIT)
        self._canvas = np.zeros((largest, largest, 3), np.uint8)
        self._canvas[: portrait.shape[0], : portrait.shape[1]] = portrait
        self._generator = np.random.default_rng(0)
        pictures = (self.draw() for _ in range(24))
        self.files = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]
        turn = cv2.getRotationMatrix2D(PORTRAIT_BOX.center, 50, 1)
        self.tilted = cv2.warpAffine(portrait, turn, portrait.shape[1::-1])
        small = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
        alone = np.zeros((700, 1000, 3), np.uint8)
        alone[:128, :128] = small
        self.rare = (np.rot90(portrait), np.tile(small, (4, 6, 1)), alone)

    def draw(self) -> NDArray[np.uint8]:
        """Return a picture of a new size."""
        height, width = self._generator.integers(300, len(self._canvas) + 1, size=2)
        return self._canvas[:height, :width]

    def box(self) -> NDArray[np.float64]:
        """Return the box of the face, a little beside it."""
        return np.array([*PORTRAIT_BOX]) + self._generator.uniform(-3, 3, size=4)


def predict_next(aligner: FaceAligner, photos: Photos, number: int) -> None:
    """Predict in one of six ways."""
    hundred, place = divmod(number, 100)
    if place == 99:
        aligner.predict(photos.rare[hundred % len(photos.rare)], color="rgb")
    elif place % 20 == 9:
        aligner.predict(photos.files[number // 20 % len(photos.files)])
    elif place % 20 == 19 or place == 50:
        aligner.predict(photos.tilted, photos.box(), color="rgb")
    elif place % 9 == 3:
        aligner.predict(photos.draw(), color="rgb")
    else:
        aligner.predict(photos.draw(), photos.box(), color="rgb")


def run_predictions(count: int, largest: int) -> float:
    """Return by how many MB memory grew at most over so many predictions."""
    photos = Photos(largest)
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
    print(f"{count} {what}: {before:.1f} MB after {warm_up} to warm up; later", end="", flush=True)
    for number in range(1, count + 1):
        step(number)
        if number % max(count // POINTS, 1) == 0:
            grown.append(private_mb() - before)
            print(f" {grown[-1]:+.1f}", end="", flush=True)
    print(f"; {time.monotonic() - started:.0f} s")
    return max(grown)


def main() -> int:
    """Run both parts; one of 0 is left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=100_000)
    parser.add_argument("--cycles", type=int, default=1_000)
    parser.add_argument("--largest", type=int, default=2_000, help="side in pixels, from 600")
    options = parser.parse_args()
    growth = [0.0]
    if options.predictions:
        growth.append(run_predictions(options.predictions, options.largest))
    if options.cycles:
        growth.append(run_cycles(options.cycles))
    return 1 if max(growth) > MOST_GROWTH_MB else 0


if __name__ == "__main__":
    sys.exit(main())
