"""Labels of the photos that a detector learns from: faces as points, and places of doubt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelledFace", "PhotoLabels", "oval", "read_labels", "write_labels"]

_OVAL_POINTS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledFace:
    """One face of a photo.

    Attributes:
        points: (K, 2) float32 pixels of the photo; the box around them, however the photo is
            turned, is the face box. K differs from face to face.
        roll: How far the head is turned clockwise in the photo, degrees; NaN where unknown.
    """

    points: NDArray[np.float32]
    roll: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoLabels:
    """What a photo shows.

    Attributes:
        photo: The file, relative to the folder of all data.
        faces: The sure faces.
        doubtful: (M, 4) float32 boxes that may show a face or not.
    """

    photo: str
    faces: tuple[LabelledFace, ...]
    doubtful: NDArray[np.float32]


def oval(box: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (16, 2) points on the ellipse in a box: a face's outline when only its box is known.

    Unlike the corners, they give a sensible box when the photo is turned.
    """
    angles = np.arange(_OVAL_POINTS) * 2 * np.pi / _OVAL_POINTS
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    points: NDArray[np.float32] = (
        (box[:2] + box[2:]) / 2 + circle * (box[2:] - box[:2]) / 2
    ).astype(np.float32)
    return points


def write_labels(labels: Iterable[PhotoLabels], path: Path) -> None:
    """Write labels, one JSON object a line, pixels and degrees rounded to 0.01."""
    lines = (
        json.dumps(
            {
                "photo": photo.photo,
                "faces": [
                    {
                        "points": _rounded(face.points),
                        "roll": None if np.isnan(face.roll) else round(face.roll, 2),
                    }
                    for face in photo.faces
                ],
                "doubtful": _rounded(photo.doubtful),
            }
        )
        for photo in labels
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_labels(path: Path) -> list[PhotoLabels]:
    """Read what ``write_labels`` wrote."""
    return [_read_line(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _read_line(line: str) -> PhotoLabels:
    row = json.loads(line)
    return PhotoLabels(
        photo=row["photo"],
        faces=tuple(
            LabelledFace(
                points=np.array(face["points"], np.float32),
                roll=float("nan") if face["roll"] is None else face["roll"],
            )
            for face in row["faces"]
        ),
        doubtful=np.array(row["doubtful"], np.float32).reshape(-1, 4),
    )


def _rounded(values: NDArray[np.float32]) -> list[object]:
    rounded: list[object] = values.astype(np.float64).round(2).tolist()
    return rounded
