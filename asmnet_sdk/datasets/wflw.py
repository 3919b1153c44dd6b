"""The lists of WFLW: 98 points and six attributes a face.

The format has no room for more, so what ``write_wflw`` knows of scores, error radii and hidden
points goes into a file of its own beside the list, ``NAME.attributes.json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from asmnet_sdk.arguments import PathInput, as_path, list_of
from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    point_values,
    read_annotation_text,
)
from asmnet_sdk.datasets.json_lines import line_of_item
from asmnet_sdk.datasets.photo_files import name_from
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.whole_files import write_text

__all__ = ["WFLW_ATTRIBUTES", "read_wflw", "write_wflw"]

WFLW_ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")


def read_wflw(path: PathInput, *, photos: PathInput | None = None) -> list[AnnotatedFace]:
    """Read a list of WFLW, such as ``list_98pt_rect_attr_test.txt``: a line a face.

    A line holds x and y of 98 points, the four numbers of a rectangle, which is not used, six
    attributes (0 or 1, in the order of ``WFLW_ATTRIBUTES``) and the path of the photo. Its pixel
    coordinates are taken to count from 0.

    Args:
        path: The list.
        photos: Folder that the photo paths start from; by default the nearest ``WFLW_images``
            beside the list or above it, else that of the list.

    Raises:
        InvalidInputError: A line is bad or its photo is missing; the message names file and line.
    """
    path = as_path("path", path)
    photos = _find_wflw_images(path) if photos is None else as_path("photos", photos)
    lines = read_annotation_text(path).splitlines()
    faces = [
        _parse_wflw(line, photos, path.stem, where=f"{path}, line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not faces:
        raise InvalidInputError(f"{path}: no lines in it")
    more = _attributes_file(path)
    return _with_attributes(faces, more) if more.is_file() else faces


def _find_wflw_images(path: Path) -> Path:
    folders = [parent / "WFLW_images" for parent in path.resolve().parents]
    return next((folder for folder in folders if folder.is_dir()), path.parent)


def _attributes_file(path: Path) -> Path:
    return path.with_name(f"{path.stem}.attributes.json")


def _with_attributes(faces: Sequence[AnnotatedFace], path: Path) -> list[AnnotatedFace]:
    """Return the faces with what the file beside the list says of each."""
    text = read_annotation_text(path)
    try:
        records = [dict(record) for record in json.loads(text)["faces"]]
    except json.JSONDecodeError as exc:
        raise InvalidInputError(f"{path}, line {exc.lineno}: no JSON ({exc.msg})") from exc
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise InvalidInputError(f"{path}: expected a list 'faces' of objects ({exc!r})") from exc
    if len(records) != len(faces):
        raise InvalidInputError(f"{path}: {len(records)} faces, its list has {len(faces)}")
    return [
        _with_record(face, record, where=f"{path}, line {line_of_item(text, 'faces', index)}")
        for index, (face, record) in enumerate(zip(faces, records, strict=True))
    ]


def _with_record(face: AnnotatedFace, record: dict[str, Any], *, where: str) -> AnnotatedFace:
    count, score = len(face.landmarks), record.get("score")
    scores = point_values(None if score is None else [score], 1, where=f"{where}, score")
    return replace(
        face,
        score=None if scores is None else float(scores[0]),
        landmark_visible=point_values(record.get("landmark_visible"), count, where=where),
        landmark_sigma=point_values(record.get("landmark_sigma"), count, where=where),
    )


def write_wflw(faces: Sequence[AnnotatedFace], path: PathInput) -> list[Path]:
    """Write a list of WFLW, photos named as seen from its folder; rectangles are the tight boxes.

    Args:
        faces: What is written; coordinates to 0.0001 px.
        path: The .txt file.

    Returns:
        The list, and the file of attributes where a face has a score, radii or visibility.

    Raises:
        InvalidInputError: A face has other than 98 points.
    """
    path = as_path("path", path)
    faces = list_of(AnnotatedFace, "faces", faces)
    for face in faces:
        if len(face.landmarks) != 98:
            raise InvalidInputError(
                f"{face.photo} has {len(face.landmarks)} points; lists of WFLW hold 98: take "
                "asmnet-98, or another format"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, (_line(face, path.parent) for face in faces))
    records = [_record(face) for face in faces]
    more = _attributes_file(path)
    if not any(records):
        more.unlink(missing_ok=True)  # of another list of this name
        return [path]
    rows = ",\n  ".join(json.dumps(record) for record in records)
    write_text(more, f'{{"faces": [\n  {rows}\n]}}\n')
    return [path, more]


def _line(face: AnnotatedFace, folder: Path) -> str:
    points = [f"{value:.4f}" for value in face.landmarks.ravel().tolist()]
    box = [f"{round(edge)}" for edge in BoundingBox.around(face.landmarks)]
    flags = [str(int(name in face.attributes)) for name in WFLW_ATTRIBUTES]
    return " ".join([*points, *box, *flags, name_from(folder, face.photo)]) + "\n"


def _record(face: AnnotatedFace) -> dict[str, Any]:
    record: dict[str, Any] = {} if face.score is None else {"score": round(face.score, 4)}
    for name in ("landmark_visible", "landmark_sigma"):
        values = getattr(face, name)
        if values is not None:
            record[name] = np.asarray(values, np.float64).round(4).tolist()
    return record


def _parse_wflw(line: str, photos: Path, subset: str, *, where: str) -> AnnotatedFace:
    words = line.split(maxsplit=206)
    try:
        numbers, name = [float(word) for word in words[:206]], words[206].strip()
    except (ValueError, IndexError):
        raise InvalidInputError(
            f"{where}: expected 206 numbers and the path of a photo, got {line.strip()[:60]!r}"
        ) from None
    flags = zip(WFLW_ATTRIBUTES, numbers[200:], strict=True)
    return AnnotatedFace(
        photo=existing_photo(photos / name, where=where),
        subset=subset,
        landmarks=finite_points(numbers[:196], where=where),
        attributes=frozenset(attribute for attribute, is_set in flags if is_set),
    )
