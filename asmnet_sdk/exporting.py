"""Faces as JSON and CSV text."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from asmnet_sdk.arguments import check_kind, is_whole, list_of, require
from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.layouts import IBUG_68, is_convertible
from asmnet_sdk.results import Face

__all__ = [
    "OPENNESS_COLUMNS",
    "csv_columns",
    "csv_values",
    "faces_to_csv",
    "faces_to_json",
    "openness_of",
]

FacesByImage: TypeAlias = Mapping[str, Sequence[Face]] | Mapping[Path, Sequence[Face]]

OPENNESS_COLUMNS = ("right_eye_openness", "left_eye_openness", "mouth_openness")
"""The names of what ``openness_of`` gives, in tables."""

_MOST_SPACES = 64
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def faces_to_json(faces_by_image: FacesByImage, *, indent: int | None = 2) -> str:
    """Return JSON: a list of ``{"image": name, "faces": [...]}``; names may be texts or paths.

    Each face is what ``Face.to_dict`` gives: pixels and degrees.

    Raises:
        InvalidInputError: They are no faces by image name, have a number that is not finite, or
            ``indent`` is no number of spaces.
    """
    is_indent = indent is None or (is_whole(indent) and 0 <= indent <= _MOST_SPACES)
    require("indent", indent, is_indent, f"0 to {_MOST_SPACES} spaces, or None")
    records = [
        {"image": image, "faces": [face.to_dict() for face in faces]}
        for image, faces in _checked(faces_by_image).items()
    ]
    try:
        return _encode(records) if indent is None else _lay_out(records, indent)
    except ValueError as exc:
        raise InvalidInputError("a face has a number that is not finite; JSON has none") from exc


def _checked(faces_by_image: FacesByImage) -> dict[str, list[Face]]:
    """Return the faces by the text of the image's name; refuse what are none."""
    check_kind("faces_by_image", faces_by_image, Mapping, "faces by image name: {name: faces}")
    for image in faces_by_image:
        is_name = isinstance(image, (str, os.PathLike))
        require("the name of an image", image, is_name, "a text or a path")
    return {
        os.fsdecode(image): list_of(Face, f"the faces of {in_brief(repr(image))}", faces)
        for image, faces in faces_by_image.items()
    }


def _lay_out(value: Any, indent: int, level: int = 0) -> str:
    """Return indented JSON with lists of numbers on one line; much faster than ``json``'s own."""
    if isinstance(value, dict) and value:
        parts = [f"{_encode(key)}: {_lay_out(v, indent, level + 1)}" for key, v in value.items()]
    elif _are_numbers(value):
        return f"[ {_encode(value)[1:-1]} ]"
    elif isinstance(value, list) and value:
        if all(map(_are_numbers, value)):
            parts = [f"[ {numbers} ]" for numbers in _encode(value)[2:-2].split("], [")]
        else:
            parts = [_lay_out(item, indent, level + 1) for item in value]
    else:
        return _encode(value)
    start, end = "{}" if isinstance(value, dict) else "[]"
    margin = "\n" + " " * (indent * level)
    inner = margin + " " * indent
    return f"{start}{inner}{f',{inner}'.join(parts)}{margin}{end}"


def _are_numbers(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, (int, float)) for item in value)
    )


def faces_to_csv(faces_by_image: FacesByImage) -> str:
    """Return CSV: one row a face, with its landmarks as columns x0, y0, x1, y1, ... and then the
    visibility of each as v0, v1, ..., empty where the model tells none.

    Names of images may be texts or paths.

    Raises:
        InvalidInputError: They are no faces by image name, or have landmarks of different layouts.
    """
    checked = _checked(faces_by_image)
    layouts = {face.layout.name: face.layout for faces in checked.values() for face in faces}
    if len(layouts) > 1:
        raise InvalidInputError(f"one CSV cannot hold different layouts: {', '.join(layouts)}")
    point_count = next((layout.point_count for layout in layouts.values()), 0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "face", *csv_columns(point_count)])
    for image, faces in checked.items():
        for index, face in enumerate(faces):
            writer.writerow([image, index, *csv_values(face)])
    return text.getvalue()


def csv_columns(point_count: int) -> list[str]:
    """Return the names of the columns that ``csv_values`` fills."""
    points = [f"{axis}{i}" for i in range(point_count) for axis in "xy"]
    box = ["x_min", "y_min", "x_max", "y_max"]
    visible = [f"v{i}" for i in range(point_count)]
    figures = ["yaw", "pitch", "roll", *OPENNESS_COLUMNS]
    return ["score", *box, *figures, "layout", *points, *visible]


def openness_of(face: Face) -> tuple[float, float, float] | None:
    """Return how far right eye, left eye and mouth are open; None without lids and lips."""
    if not is_convertible(face.layout, IBUG_68):
        return None
    return (*face.eye_openness, face.mouth_openness)


def csv_values(face: Face) -> Iterator[str]:
    """Yield what a row says of a face: pixels, degrees, visibility to 0.01, openness to 0.001."""
    yield "" if face.score is None else f"{face.score:.4f}"
    yield from (f"{value:.2f}" for value in face.box)
    pose = face.head_pose
    yield from (f"{angle:.2f}" for angle in pose)
    openness = openness_of(face)
    if openness is None:
        yield from [""] * len(OPENNESS_COLUMNS)
    else:
        yield from (f"{value:.3f}" for value in openness)
    yield face.layout.name
    yield from (f"{value:.2f}" for value in face.landmarks.ravel().tolist())
    visible = face.landmark_visible
    if visible is None:
        yield from [""] * face.layout.point_count
    else:
        yield from (f"{value:.2f}" for value in visible.tolist())
