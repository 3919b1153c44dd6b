"""AFLW's faces with the points and visibilities of MERL-RAV, in crops of 80 px.

``python -m lab.aflw FOLDER MODEL [MODEL ...]`` prints how far the points of the table lie from
where models see them, as medians over every fourth face; and how many points the error radius
holds on the faces that never train, alone and together with the table's own uncertainty.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import Face, FaceAligner
from asmnet_sdk.training.samples import box_around_known
from asmnet_sdk.training.validation_part import is_in_share

__all__ = [
    "OFFSET",
    "AflwFace",
    "look_at",
    "offset_seen",
    "read_aflw",
    "sigma_holds",
    "validates",
]

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


def validates(face: AflwFace) -> bool:
    """Say whether a face is one of the tenth that never trains, by a hash of its name."""
    return is_in_share(face.photo.stem, 0.1)


def look_at(model: str, faces: Sequence[AflwFace]) -> list[Face]:
    """Return what a model sees at the true boxes."""
    with FaceAligner(model, passes=1, threads=1) as aligner:
        return [aligner.predict(face.photo, box_around_known(face.landmarks))[0] for face in faces]


def offset_seen(faces: Sequence[AflwFace], found: Sequence[Face]) -> NDArray[np.float64]:
    """Return the median way (x, y) from where a model sees a point to where the table has it."""
    apart = [face.landmarks - seen.landmarks for face, seen in zip(faces, found, strict=True)]
    median: NDArray[np.float64] = np.median([np.nanmedian(each, axis=0) for each in apart], axis=0)
    return median + OFFSET


def sigma_holds(
    faces: Sequence[AflwFace], found: Sequence[Face], *, label_errors: bool = False
) -> float:
    """Return the share of the points that lie within their predicted error radius.

    Args:
        faces: The faces.
        found: What a model with error radii sees of them.
        label_errors: Whether the radius is that of the prediction and the label together: the
            residual of a face says how far off its labels are.
    """
    held = []
    for face, seen in zip(faces, found, strict=True):
        assert seen.landmark_sigma is not None
        errors = np.linalg.norm(face.landmarks - seen.landmarks, axis=1)
        radii = np.hypot(seen.landmark_sigma, face.residual if label_errors else 0)
        held.append((errors <= radii)[np.isfinite(errors)])
    return float(np.concatenate(held).mean())


def main() -> None:
    """Print the offset that each model sees, and how well its error radius holds."""
    parser = argparse.ArgumentParser(prog="python -m lab.aflw", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with landmarks.csv")
    parser.add_argument("models", nargs="+", help="registry names or model files")
    options = parser.parse_args()
    faces = list(read_aflw(options.folder))
    some, kept_back = faces[::4], [face for face in faces if validates(face)]
    for model in options.models:
        x, y = offset_seen(some, look_at(model, some))
        print(f"{model}: {x:.2f} right, {y:.2f} below")
        found = look_at(model, kept_back)
        if found[0].landmark_sigma is not None:
            shares = [sigma_holds(kept_back, found, label_errors=flag) for flag in (False, True)]
            alone, together = (f"{100 * share:.0f} %" for share in shares)
            print(f"    sigma holds {alone}; with the uncertainty of the labels {together}")


if __name__ == "__main__":
    main()
