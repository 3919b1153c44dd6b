"""``asmnet predict FOLDER`` on all cores against the same loop on one core, round by round.

Usage: python benchmarks/folder.py PHOTOS [--limit 120] [--rounds 5]

Prints photos a second, how many cores were busy, and the ratio; exit code 1 where two cores or more
do not give 1.7 times the photos of one. Decoding, detection and landmarks all count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asmnet_sdk.cli import main as asmnet
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.photo_files import find_photos
from asmnet_sdk.cli.terminal import print_table

LEAST_GAIN = 1.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over the photos.

    Attributes:
        seconds: How long it took.
        cores: Processor time / time.
    """

    seconds: float
    cores: float


def predict(photos: Sequence[Path], out: Path, *options: str) -> Pass:
    """Run the command once, from loading the model to writing the JSON."""
    started, worked = time.perf_counter(), time.process_time()
    words = ["predict", *map(str, photos), "--json", str(out), "--device", "cpu", *options]
    if asmnet(words) != 0:
        raise SystemExit("asmnet predict failed")
    seconds = time.perf_counter() - started
    return Pass(seconds=seconds, cores=(time.process_time() - worked) / seconds)


def main() -> int:
    """Take both ways by turns and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", help="a folder")
    parser.add_argument("--limit", type=int, default=120, help="only so many, spread evenly")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photos = find_photos([options.photos])
    chosen = np.unique(np.linspace(0, len(photos) - 1, options.limit).astype(int))
    photos = [photos[i] for i in chosen]
    passes: dict[str, list[Pass]] = {"one core": [], "all cores": []}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.json" for name in passes}
        for _ in range(options.rounds):
            passes["one core"].append(predict(photos, files["one core"], "--threads", "1"))
            passes["all cores"].append(predict(photos, files["all cores"]))
        if files["one core"].read_bytes() != files["all cores"].read_bytes():
            raise SystemExit("the two ways do not give the same faces")
    rows = [
        [
            name,
            f"{np.median([len(photos) / p.seconds for p in found]):.1f}",
            f"{np.median([p.cores for p in found]):.2f}",
        ]
        for name, found in passes.items()
    ]
    print_table(["", "photos a second", "cores busy"], rows)
    pairs = zip(passes["one core"], passes["all cores"], strict=True)
    gain = float(np.median([one.seconds / every.seconds for one, every in pairs]))
    print(f"all cores / one core: {gain:.2f}, {len(photos)} photos;", describe_machine())
    return 0 if gain >= LEAST_GAIN else 1


if __name__ == "__main__":
    sys.exit(main())
