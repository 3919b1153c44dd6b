"""Peak memory of one prediction, from a file and from an array, by size of the photo.

Usage: python benchmarks/memory.py

Each prediction runs in a process of its own (Linux only). The base is what that process holds with
the models loaded and one small photo predicted; the peak is the most it held during the prediction
beyond the base. Without --one it starts those processes and prints a table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from portraits import PORTRAIT

from asmnet_sdk import FaceAligner, load_image
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import print_table

SIZES_WH = ((512, 512), (1920, 1080), (3840, 2160), (6000, 4000))


def status_mb(key: str) -> float:
    """Return a line of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024 / 1e6


def measure_one(photo: Path, kind: str) -> None:
    """Predict once and print base and peak in MB."""
    aligner = FaceAligner(device="cpu", threads=1)
    aligner.predict(PORTRAIT)
    pixels = cv2.imread(str(photo)) if kind == "array" else None
    Path("/proc/self/clear_refs").write_text("5", "utf-8")  # the peak starts again from here
    base = status_mb("VmRSS")
    found = aligner.predict(photo if pixels is None else pixels)
    print(base, status_mb("VmHWM") - base, len(found))


def write_photo(path: Path, size_wh: tuple[int, int]) -> None:
    """Write a JPEG of this size with the portrait in the middle."""
    side = min(size_wh)
    portrait = cv2.resize(
        np.ascontiguousarray(load_image(PORTRAIT)[:, :, ::-1]),
        (side, side),
        interpolation=cv2.INTER_CUBIC,
    )
    photo = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    left, top = (size_wh[0] - side) // 2, (size_wh[1] - side) // 2
    photo[top : top + side, left : left + side] = portrait
    cv2.imwrite(str(path), photo)


def main() -> None:
    """Measure all sizes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("PHOTO", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return measure_one(Path(options.one[0]), options.one[1])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size_wh in SIZES_WH:
            photo = Path(folder) / f"{size_wh[0]}.jpg"
            write_photo(photo, size_wh)
            megabytes = load_image(photo).nbytes / 1e6
            for kind in ("file", "array"):
                command = [sys.executable, __file__, "--one", str(photo), kind]
                base, peak, faces = map(float, subprocess.check_output(command).split())
                rows.append(
                    [f"{size_wh[0]} x {size_wh[1]}", kind, f"{megabytes:.1f}", f"{base:.0f}",
                     f"{peak:.1f}", f"{peak / megabytes:.2f}", f"{faces:.0f}"]
                )  # fmt: skip
    header = ["photo", "given as", "MB of RGB", "base MB", "peak MB", "peak / photo", "faces"]
    print_table(header, rows)
    print(describe_machine())
    return None


if __name__ == "__main__":
    main()
