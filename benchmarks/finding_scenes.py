"""Scenes with true landmarks, and how well faces are found and placed in them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, FaceAligner, load_image
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import intersection_over_union
from lab.detection.damages import Picture, Scene

__all__ = [
    "Finders",
    "as_scenes",
    "errors_of",
    "found_percent",
    "mean_and_failures",
    "overlaps_of",
    "wflw_scenes",
]

FOUND_OVERLAP = 0.5
_SEEN_OVERLAP = 0.3
_FAILED_PERCENT = 8.0

Finders = Mapping[str, Callable[[Picture], Sequence[BoundingBox]]]


def as_scenes(faces: Iterable[AnnotatedFace]) -> Iterator[Scene]:
    """Yield annotated photos as they are."""
    for face in faces:
        yield Scene(picture=load_image(face.photo), landmarks=face.landmarks)


def wflw_scenes(folder: Path) -> Iterator[Scene]:
    """Yield the faces of WFLW's test photos in this folder's ``faces.csv``."""
    with (folder / "faces.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            numbers = [row[f"{axis}{i}"] for i in range(68) for axis in "xy"]
            points = np.array(numbers, np.float32).reshape(-1, 2)
            yield Scene(picture=load_image(folder / f"{row['photo']}.jpg"), landmarks=points)


def overlaps_of(boxes: Sequence[BoundingBox], truth: BoundingBox) -> NDArray[np.float64]:
    """Return the (N,) overlaps of boxes with the true one."""
    rows = np.array([list(box) for box in boxes]).reshape(-1, 4)
    return intersection_over_union(rows, list(truth))[:, 0]


def found_percent(finders: Finders, scenes: Iterable[Scene]) -> dict[str, tuple[float, float]]:
    """Return, for each finder, the share found in percent and the mean overlap of those found."""
    best: dict[str, list[float]] = defaultdict(list)
    for scene in scenes:
        truth = BoundingBox.around(scene.landmarks)
        for name, find in finders.items():
            best[name].append(float(overlaps_of(find(scene.picture), truth).max(initial=0)))
    return {name: _summary(np.array(values)) for name, values in best.items()}


def _summary(values: NDArray[np.float64]) -> tuple[float, float]:
    is_found = values >= FOUND_OVERLAP
    return 100 * float(is_found.mean()), float(values[is_found].mean()) if is_found.any() else 0.0


def errors_of(
    aligner: FaceAligner, scenes: Iterable[Scene], *, is_given: bool
) -> NDArray[np.float64]:
    """Return the (N,) NME in percent, infinite where no predicted face overlaps the true one."""
    errors = []
    for scene in scenes:
        truth = BoundingBox.around(scene.landmarks)
        faces = aligner.predict(scene.picture, truth if is_given else None, color="rgb")
        overlaps = overlaps_of([BoundingBox.around(face.landmarks) for face in faces], truth)
        if overlaps.max(initial=0) < _SEEN_OVERLAP:
            errors.append(np.inf)
            continue
        face = faces[int(overlaps.argmax())]
        errors.append(float(inter_ocular_nme(face.landmarks, scene.landmarks, face.layout)))
    return np.array(errors)


def mean_and_failures(errors: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean NME of the faces found, and the share of failures in percent."""
    known = errors[np.isfinite(errors)]
    mean = float(known.mean()) if len(known) else np.inf
    return mean, 100 * float(np.mean(errors > _FAILED_PERCENT))
