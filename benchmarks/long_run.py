"""Memory over many predictions and many aligners: it must stay flat.

Usage: python benchmarks/long_run.py [--predictions 100000] [--cycles 1000]

Prints resident memory after a warm-up and at the end of each part; exit code 1 if it grew by more
than 5 MB.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import FaceAligner, load_image

MOST_GROWTH_MB = 5.0
PORTRAIT = Path(__file__).parent.parent / "examples" / "astronaut.jpg"
BOX = np.array([179.0, 87.0, 272.0, 179.0])


def resident_mb() -> float:
    """Return the resident memory of this process, what the allocator can give back excluded."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def images_of_many_sizes() -> list[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Return the portrait padded to sizes from 300 px to 2000 px, with its face box in each."""
    portrait = load_image(PORTRAIT)
    generator = np.random.default_rng(0)
    images = []
    for _ in range(12):
        height, width = generator.integers(300, 2000, size=2)
        image = np.zeros((max(height, 300), max(width, 300), 3), np.uint8)
        part = portrait[: image.shape[0], : image.shape[1]]
        image[: part.shape[0], : part.shape[1]] = part
        images.append((image, BOX))
    return images


def run_predictions(count: int) -> float:
    """Return by how many MB memory grew over so many predictions."""
    aligner = FaceAligner(device="cpu", threads=1)
    images = images_of_many_sizes()
    generator = np.random.default_rng(1)
    before = 0.0
    for number in range(count + 2000):
        image, box = images[number % len(images)]
        aligner.predict(image, box + generator.uniform(-3, 3, size=4), color="rgb")
        if number == 2000:
            before = resident_mb()
    return report(f"{count} predictions", before)


def run_cycles(count: int) -> float:
    """Return by how many MB memory grew over so many aligners made, used and closed."""
    portrait = load_image(PORTRAIT)
    before = 0.0
    for number in range(count + 50):
        with FaceAligner(device="cpu", threads=1) as aligner:
            aligner.predict(portrait, BOX, color="rgb")
        if number == 50:
            before = resident_mb()
    return report(f"{count} aligners", before)


def report(what: str, before: float) -> float:
    """Print how memory changed."""
    after = resident_mb()
    print(f"{what}: {before:.1f} MB after warm-up, {after:.1f} MB at the end")
    return after - before


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
