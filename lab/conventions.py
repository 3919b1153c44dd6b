"""Errors beyond what two ways of annotating the same points differ by.

A model that learned from one set is off on another by about the same shift on every face, however
well it sees: WFLW spreads the points of jaw, lids and lips evenly, iBUG does not.

``python -m lab.conventions MODEL FOLDER [FOLDER ...]`` prints, for each folder of labelled photos,
the NME at true boxes, what is left of it, and how far all points of the labels lie beside where the
model sees them, in the photo and in its mirror image. A model that learned from mirrored photos,
too, cannot lean to one side; labels can.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import IBUG_68
from lab.mirroring import mirror_box, mirror_points

__all__ = ["main", "nme_beyond_offsets", "shift_of"]

_FOLDS = 5


def nme_beyond_offsets(found: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Return each face's inter-ocular NME once the mean shift of each point is taken away.

    The shifts are relative to the line between the outer eye corners: they turn and grow with the
    face. Those of a face are the means over other faces: each fifth of them (every fifth face) is
    measured with the shifts of the other four.

    Args:
        found: (N, 68, 2) points of a model, NaN where it gives none.
        truth: (N, 68, 2) annotated points, same unit.

    Returns:
        (N,) percentages, NaN for faces without any point.
    """
    at, wanted = _as_complex(found), _as_complex(truth)
    right, left = IBUG_68.eye_corners
    shifts = (at - wanted) / (wanted[:, left] - wanted[:, right])[:, None]
    fold = np.arange(len(shifts)) % _FOLDS
    of_others = np.array([_mean(shifts[fold != k]) for k in range(_FOLDS)])
    return 100 * np.real(_mean(np.abs(shifts - of_others[fold]).T))


def _as_complex(points: ArrayLike) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    numbers: NDArray[np.complex128] = points[..., 0] + 1j * points[..., 1]
    return numbers


def _mean(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the mean of what is known in each column, NaN where nothing is."""
    known = np.isfinite(rows)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.complex128] = np.where(known, rows, 0).sum(axis=0) / known.sum(axis=0)
    return mean


def shift_of(found: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Return how far labels lie beside the points of a model, (x, y) in percent of the face.

    The median over all faces of the median over the points of each, in the axes of the photo;
    the size of a face is the longer side of the box around its labels.
    """
    found, truth = np.asarray(found, np.float64), np.asarray(truth, np.float64)
    sizes = [BoundingBox.around(points).longer_side for points in truth]
    shifts = np.median(truth - found, axis=1) / np.array(sizes)[:, None]
    median: NDArray[np.float64] = 100 * np.median(shifts, axis=0)
    return median


def _see(aligner: FaceAligner, face: AnnotatedFace, *, is_mirrored: bool) -> NDArray[np.float32]:
    """Return the points in the photo, seen in it or in its mirror image."""
    image, box = load_image(face.photo), BoundingBox.around(face.landmarks)
    if not is_mirrored:
        return aligner.predict(image, box, color="rgb")[0].landmarks
    width = image.shape[1]
    mirror = np.ascontiguousarray(image[:, ::-1])
    seen = aligner.predict(mirror, mirror_box(box, width), color="rgb")[0]
    return mirror_points(seen.landmarks, seen.layout, width)


def _row(aligner: FaceAligner, folder: Path, faces: Sequence[AnnotatedFace]) -> tuple[str, ...]:
    truth = [face.landmarks for face in faces]
    found, mirrored = ([_see(aligner, f, is_mirrored=m) for f in faces] for m in (False, True))
    errors = inter_ocular_nme(found, truth), nme_beyond_offsets(found, truth)
    shifts = shift_of(found, truth), shift_of(mirrored, truth)
    return (
        str(folder),
        str(len(faces)),
        *(f"{error.mean():.2f}" for error in errors),
        *(f"{x:+.2f} {y:+.2f}" for x, y in shifts),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.conventions", description=__doc__)
    parser.add_argument("model", help="registry name or model file, of iBUG's 68 points")
    parser.add_argument("folders", nargs="+", type=Path, help="labelled photos")
    options = parser.parse_args()
    header = ("photos", "faces", "NME %", "less offsets", "labels beside, x y %", "in the mirror")
    with FaceAligner(options.model, passes=1, threads=1) as aligner:
        rows = [_row(aligner, folder, read_annotations(folder)) for folder in options.folders]
    print_table(header, rows)


if __name__ == "__main__":
    main()
