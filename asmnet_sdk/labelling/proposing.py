"""Labels as a model proposes them, and how sure it is of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.arguments import check_kind
from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.datasets.photo_files import by_photo
from asmnet_sdk.results import BoundingBox

__all__ = ["doubt_percent", "least_certain_first", "propose"]


def propose(aligner: FaceAligner, photo: Path) -> list[AnnotatedFace]:
    """Return the faces that a model finds in a photo, as labels.

    Raises:
        InvalidImageError: The photo cannot be read.
    """
    return [
        AnnotatedFace(
            photo=photo,
            subset=photo.parent.name,
            landmarks=face.landmarks,
            head_pose=face.head_pose,
            landmark_visible=face.landmark_visible,
            landmark_sigma=face.landmark_sigma,
            score=face.score,
        )
        for face in aligner.predict(photo)
    ]


def doubt_percent(face: AnnotatedFace) -> float:
    """Return how unsure a label is: its mean error radius in % of the size of the face.

    The size is the geometric mean of width and height. A face without radii is as unsure as its
    score is low; one with neither was labelled by hand, and is sure.
    """
    check_kind("face", face, AnnotatedFace)
    if face.landmark_sigma is not None:
        box = BoundingBox.around(face.landmarks)
        return 100 * float(face.landmark_sigma.mean()) / math.sqrt(box.area)
    return 0.0 if face.score is None else 100 * (1 - face.score)


def least_certain_first(faces: Iterable[AnnotatedFace]) -> list[AnnotatedFace]:
    """Return faces photo by photo, the photo with the least certain face first."""
    photos = [group for _, group in by_photo(faces)]
    photos.sort(key=lambda group: -max(map(doubt_percent, group)))
    return [face for group in photos for face in group]
