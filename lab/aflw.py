"""AFLW's faces with the points and visibilities of MERL-RAV, in crops of 80 px.

``python -m lab.aflw FOLDER MODEL [MODEL ...]`` prints how far the points of the table lie from
where models see them: medians over every fourth face.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import FaceAligner
from asmnet_sdk.training.samples import box_around_known

__all__ = ["OFFSET", "AflwFace", "offset_seen_by", "read_aflw"]

OFFSET = (1.36, 0.97)
"""In pixels of the crops: so far right of and below their place lie the points of the table.

The same for all poses and sizes. The mean of what two networks say that never saw AFLW
(asmnet-68-paper 1.30 and 0.98, mobilenetv2-68-paper 1.37 and 1.00) and one that learned the table
as it is (asmnet-68, 1.40 and 0.94), by ``main``.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AflwFace:
    """One face.

    Attributes:
        photo: The crop.
        landmarks: (68, 2) float32, NaN where the head itself hides a point.
        visible: (68,) float32: 1 seen, 0 hidden.
        residual: How well the points fit the crop, in its pixels: less is better.
    """

    photo: Path
    landmarks: NDArray[np.float32]
    visible: NDArray[np.float32]
    residual: float


def read_aflw(folder: Path) -> Iterator[AflwFace]:
    """Read ``landmarks.csv`` of a folder; its points are moved to where they belong."""
    with (folder / "landmarks.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells = [[row[f"{axis}{k}"] or "nan" for axis in "xy"] for k in range(68)]
            yield AflwFace(
                photo=folder / f"{row['name']}.jpg",
                landmarks=np.array(cells, np.float32) - np.array(OFFSET, np.float32),
                visible=np.array([letter == "v" for letter in row["visibility"]], np.float32),
                residual=float(row["join_residual"]),
            )


def offset_seen_by(model: str, faces: list[AflwFace]) -> NDArray[np.float64]:
    """Return the median way (x, y) from where a model sees a point to where the table has it."""
    with FaceAligner(model, passes=1, threads=1) as aligner:
        found = [aligner.predict(f.photo, box_around_known(f.landmarks))[0] for f in faces]
    apart = [f.landmarks - face.landmarks for f, face in zip(faces, found, strict=True)]
    median: NDArray[np.float64] = np.median([np.nanmedian(each, axis=0) for each in apart], axis=0)
    return median + OFFSET


def main() -> None:
    """Print the offset that each model sees."""
    parser = argparse.ArgumentParser(prog="python -m lab.aflw", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with landmarks.csv")
    parser.add_argument("models", nargs="+", help="registry names or model files")
    options = parser.parse_args()
    faces = list(read_aflw(options.folder))[::4]
    for model in options.models:
        x, y = offset_seen_by(model, faces)
        print(f"{model}: {x:.2f} right, {y:.2f} below")


if __name__ == "__main__":
    main()
