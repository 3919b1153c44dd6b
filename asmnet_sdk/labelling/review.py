"""What the review page shows and saves: the faces of label files, photo by photo."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np

from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.datasets.annotated import finite_points, point_values
from asmnet_sdk.datasets.photo_files import by_photo
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.images.headers import read_image_header
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.labelling.files import format_of, kept_copy, label_files, write_labels
from asmnet_sdk.labelling.proposing import doubt_percent, least_certain_first
from asmnet_sdk.labelling.stated_layouts import plain_layout, stated_layout
from asmnet_sdk.layouts import Layout, layout_of_size

__all__ = ["Review"]

# What browsers show, and turn upright by EXIF as this package does.
_SHOWN_BY_BROWSERS = {"JPEG": "image/jpeg", "PNG": "image/png", "WebP": "image/webp"}


class Review:
    """Label files under review. Before a file is written for the first time a copy is kept, and
    again where something else has changed it since.

    Args:
        path: Annotations as ``read_annotations`` takes them; all faces of one layout.
        layout: Their layout; by default what the labels state by the names of their points, else
            the package's one of as many points, else points without names.

    Attributes:
        layout: The layout of the faces.
        copies: The copies kept so far.

    Raises:
        InvalidInputError: The annotations cannot be read, or are of several layouts.
    """

    def __init__(self, path: Path, *, layout: Layout | None = None) -> None:
        self.path = path
        self.kind = format_of(path)
        stated = layout or stated_layout(path, self.kind)
        layouts = () if stated is None else (stated,)
        faces = least_certain_first(read_annotations(path, layouts=layouts))
        self.layout = _layout_of(faces, stated)
        self.copies: list[Path] = []
        self._photos = by_photo(faces)
        self._left_out: dict[int, set[int]] = {}  # photo -> its faces that are no labels
        self._written: dict[Path, bytes] = {}
        self._lock = Lock()

    @property
    def photo_count(self) -> int:
        """How many photos have labels."""
        return len(self._photos)

    def to_dict(self) -> dict[str, Any]:
        """Return what the page shows, ready for ``json.dumps``."""
        return {
            "names": list(self.layout.point_names),
            "edges": [list(edge) for edge in self.layout.edges],
            "path": str(self.path),
            "photos": [
                {
                    "name": photo.name,
                    "folder": str(photo.parent),
                    "faces": [
                        _face_record(face) | {"left_out": place in self._left_out.get(index, ())}
                        for place, face in enumerate(faces)
                    ],
                }
                for index, (photo, faces) in enumerate(self._photos)
            ],
        }

    def picture(self, index: int) -> tuple[str, bytes]:
        """Return media type and bytes of a photo, in a format that browsers show.

        Raises:
            InvalidInputError: There is no such photo, or it cannot be read.
        """
        photo = self._photo_at(index)
        try:
            data = photo.read_bytes()
        except OSError as exc:
            raise InvalidInputError(f"{photo} cannot be read: {exc.strerror}") from exc
        kind = _SHOWN_BY_BROWSERS.get(read_image_header(data).file_format)
        if kind is not None:
            return kind, data
        bgr = cv2.cvtColor(load_image(data), cv2.COLOR_RGB2BGR)
        return "image/png", cv2.imencode(".png", bgr)[1].tobytes()

    def save(self, index: int, faces: Sequence[Mapping[str, Any]]) -> list[Path]:
        """Write the labels of a photo as the page has them.

        Points that were moved have an error radius of 0: a person placed them. So have all points
        of a face that was confirmed.

        Args:
            index: Which photo.
            faces: As many as it has, each with ``landmarks`` and ``landmark_visible``,
                ``confirmed`` where a person found all its points right, and ``left_out`` where the
                files are not to hold it: what is no face, or too small to be one worth a label.

        Returns:
            The files written.

        Raises:
            InvalidInputError: The faces do not fit the photo's, or cannot be written.
        """
        photo = self._photo_at(index)
        with self._lock:
            before = self._photos[index][1]
            if len(faces) != len(before):
                raise InvalidInputError(f"{photo} has {len(before)} faces, not {len(faces)}")
            after = [_edited(old, new) for old, new in zip(before, faces, strict=True)]
            self._photos[index] = photo, after
            self._left_out[index] = {
                place for place, new in enumerate(faces) if new.get("left_out") is True
            }
            return self._write(index)

    def _photo_at(self, index: int) -> Path:
        if not 0 <= index < len(self._photos):
            raise InvalidInputError(f"there is no photo {index}; there are {len(self._photos)}")
        return self._photos[index][0]

    def _labels_of(self, index: int) -> list[AnnotatedFace]:
        left_out = self._left_out.get(index, ())
        faces = self._photos[index][1]
        return [face for place, face in enumerate(faces) if place not in left_out]

    def _write(self, index: int) -> list[Path]:
        sources = [face.source for face in self._photos[index][1] if face.source is not None]
        try:
            if sources:
                photo, faces = self._photos[index][0], self._labels_of(index)
                self._keep_copies([*sources, *label_files([photo], self.kind, sources[0].parent)])
                files = write_labels(faces, self.kind, sources[0].parent, self.layout)
                for file in {*sources} - {*files}:
                    file.unlink(missing_ok=True)
            else:
                photos = [photo for photo, _ in self._photos]
                self._keep_copies(label_files(photos, self.kind, self.path))
                faces = [face for i in range(len(photos)) for face in self._labels_of(i)]
                files = write_labels(faces, self.kind, self.path, self.layout)
        except OSError as exc:
            raise InvalidInputError(f"{exc.filename} cannot be written: {exc.strerror}") from exc
        self._written |= {file: _digest(file) for file in files}
        return files

    def _keep_copies(self, files: Sequence[Path]) -> None:
        for file in dict.fromkeys(files):
            if file.exists() and self._written.get(file) != _digest(file):
                self.copies.append(kept_copy(file))


def _layout_of(faces: Sequence[AnnotatedFace], stated: Layout | None) -> Layout:
    """Return the layout of all faces: the one stated, else one of as many points."""
    count, *others = sorted({len(face.landmarks) for face in faces})
    if others:
        counts = ", ".join(map(str, (count, *others)))
        raise InvalidInputError(f"faces of {counts} points; needed: all of one layout")
    layout = stated or layout_of_size(count) or plain_layout(count)
    if layout.point_count != count:
        raise InvalidInputError(
            f"the faces have {count} points, {layout.name} has {layout.point_count}: name the "
            "model that they are of"
        )
    return layout


def _face_record(face: AnnotatedFace) -> dict[str, Any]:
    count = len(face.landmarks)
    visible = np.ones(count) if face.landmark_visible is None else face.landmark_visible
    sigma = np.zeros(count) if face.landmark_sigma is None else face.landmark_sigma
    return {
        "landmarks": np.asarray(face.landmarks, np.float64).round(4).tolist(),
        "landmark_visible": np.asarray(visible, np.float64).round(4).tolist(),
        "landmark_sigma": np.asarray(sigma, np.float64).round(4).tolist(),
        "doubt_percent": round(doubt_percent(face), 2),
    }


def _edited(face: AnnotatedFace, record: Mapping[str, Any]) -> AnnotatedFace:
    """Return a face as the page has it."""
    try:
        points = np.array(record["landmarks"], np.float64)
        visible = record["landmark_visible"]
    except (KeyError, TypeError, ValueError) as exc:
        raise InvalidInputError(f"expected landmarks and landmark_visible ({exc!r})") from exc
    if points.shape != face.landmarks.shape:
        raise InvalidInputError(f"landmarks have shape {points.shape}, not {face.landmarks.shape}")
    landmarks = finite_points(points, where="landmarks")
    sigma = face.landmark_sigma
    if sigma is not None:
        moved = np.abs(landmarks - face.landmarks).max(axis=1) > 1e-3
        is_by_hand = moved | (record.get("confirmed") is True)
        sigma = np.where(is_by_hand, np.float32(0), sigma).astype(np.float32)
    return replace(
        face,
        landmarks=landmarks,
        landmark_visible=point_values(visible, len(landmarks), where="landmark_visible"),
        landmark_sigma=sigma,
    )


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()
