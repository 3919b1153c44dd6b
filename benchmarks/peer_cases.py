"""The photos of the comparison, decoded, with both boxes of their face."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, YuNetDetector, load_image
from asmnet_sdk.cli.terminal import ProgressBar
from asmnet_sdk.datasets import AnnotatedFace

__all__ = ["Case", "cases", "spread", "yunet_box"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A decoded photo with the boxes of its face.

    Attributes:
        image: The photo as an .npy file.
        truth: (68, 2) annotated points.
        annotated: The tight box around them.
        detected: The face box that YuNet gives; None where it finds none that overlaps by half.
    """

    image: Path
    truth: NDArray[np.float32]
    annotated: BoundingBox
    detected: BoundingBox | None


def make_case(face: AnnotatedFace, detector: YuNetDetector | None, image: Path) -> Case:
    """Decode a photo, save it, and find its face if there is a detector."""
    photo = load_image(face.photo)
    np.save(image, photo)
    annotated = BoundingBox.around(face.landmarks)
    found = [(box.iou(annotated), box) for box in detector.detect(photo)] if detector else []
    best, box = max(found, key=lambda pair: pair[0], default=(0.0, annotated))
    detected = box if best >= 0.5 else None
    return Case(image=image, truth=face.landmarks, annotated=annotated, detected=detected)


def yunet_box(face_box: BoundingBox) -> BoundingBox:
    """Return YuNet's own box, from hair line to chin, of a face box that it gave."""
    height = face_box.height / (1 - 0.245)
    return BoundingBox(face_box.x_min, face_box.y_max - height, face_box.x_max, face_box.y_max)


def cases(
    faces: Sequence[AnnotatedFace], label: str, detector: YuNetDetector | None = None
) -> Iterator[Case]:
    """Decode one photo after the other, each into the same file."""
    with tempfile.TemporaryDirectory() as folder, ProgressBar(len(faces), label) as bar:
        for face in faces:
            yield make_case(face, detector, Path(folder) / "photo.npy")
            bar.advance()


def spread(faces: Sequence[AnnotatedFace], count: int | None) -> list[AnnotatedFace]:
    """Return so many faces, spread evenly over all; all of them for None."""
    chosen = np.linspace(0, len(faces) - 1, min(count or len(faces), len(faces))).astype(int)
    return [faces[i] for i in chosen]
