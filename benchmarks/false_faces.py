"""Faces where there are none: beside known ones, in pictures and in a video without any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from finding_scenes import overlaps_of

from asmnet_sdk import BoundingBox, Face, FaceAligner, FaceTracker, draw_faces, load_image
from asmnet_sdk.crops import cut_crop
from lab.detection.damages import Picture

__all__ = ["Find", "faces_nobody_else_sees", "false_faces_in", "tracks_without_faces"]

_FRAME_WH = (640, 480)
_FRAMES_A_PICTURE = 20
_SAME_PLACE = 0.3

Find = Callable[[Picture], Sequence[BoundingBox]]


def faces_nobody_else_sees(
    aligner: FaceAligner,
    photos: Sequence[tuple[Path, Sequence[BoundingBox]]],
    witnesses: Sequence[Find],
    *,
    show: Path | None = None,
) -> float:
    """Return how many predicted faces a 100 photos neither annotation nor witness knows of.

    Args:
        aligner: Under test.
        photos: Each with the boxes of the faces that are annotated.
        witnesses: Other detectors, as willing to see a face as they can be.
        show: Folder for pictures of what was counted, to look at.
    """
    false = 0
    for photo, annotated in photos:
        image = load_image(photo)
        known = [*annotated, *(box for find in witnesses for box in find(image))]
        strange = [
            face
            for face in aligner.predict(image, color="rgb")
            if overlaps_of(known, BoundingBox.around(face.landmarks)).max(initial=0) < _SAME_PLACE
        ]
        false += len(strange)
        _draw(image, strange, show, photo.stem)
    return 100 * false / len(photos)


def false_faces_in(aligner: FaceAligner, folder: Path, *, show: Path | None = None) -> list[str]:
    """Return the names of those pictures of a folder in which a face is predicted."""
    names = []
    for path in sorted(folder.iterdir()):
        image = load_image(path)
        faces = aligner.predict(image, color="rgb")
        names += [path.name] if faces else []
        _draw(image, faces, show, path.stem)
    return names


def tracks_without_faces(aligner: FaceAligner, folder: Path, *, every: int) -> int:
    """Return how many tracks start in a video that pans over every so many-th picture."""
    tracker = FaceTracker(aligner)
    tracks: set[int | None] = set()
    for path in sorted(folder.iterdir())[::every]:
        for frame in _panned(load_image(path)):
            tracks |= {face.track_id for face in tracker.update(frame, color="rgb")}
    return len(tracks)


def _panned(picture: Picture) -> Iterator[Picture]:
    """Yield frames that move across a picture and come nearer."""
    height, width = picture.shape[:2]
    for step in np.linspace(0, 1, _FRAMES_A_PICTURE):
        scale = (1 + step) * max(_FRAME_WH[0] / width, _FRAME_WH[1] / height)
        beyond = np.maximum(scale * np.array([width, height]) - _FRAME_WH, 0)
        left, top = step * beyond
        yield cut_crop(picture, np.array([[scale, 0, -left], [0, scale, -top]]), _FRAME_WH)


def _draw(image: Picture, faces: Sequence[Face], folder: Path | None, name: str) -> None:
    if faces and folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        drawn = draw_faces(image, list(faces), color="rgb")
        cv2.imwrite(str(folder / f"{name}.jpg"), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
