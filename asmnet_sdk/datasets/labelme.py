"""The files of labelme: a JSON file a photo, a shape a point.

Points of one face share a ``group_id``; their labels are the point names of the layout, or numbers
from 0. labelme counts pixels from the corner of the first one, this package from its centre.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from asmnet_sdk.arguments import PathInput, as_path, check_kind
from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    point_values,
    read_annotation_text,
    visible_values,
)
from asmnet_sdk.datasets.json_lines import line_of_item
from asmnet_sdk.datasets.photo_files import by_photo, file_of_photo, name_from, photo_size_wh
from asmnet_sdk.datasets.point_order import order_of_names
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.whole_files import write_text

__all__ = ["read_labelme", "write_labelme"]

HIDDEN = "hidden"
"""The flag of a point that cannot be seen."""


def read_labelme(path: PathInput, *, layouts: Iterable[Layout] = ()) -> list[AnnotatedFace]:
    """Read a file of labelme, or all those of a folder and the folders below it.

    Shapes other than points are left out.

    Args:
        path: A .json file, or a folder of them.
        layouts: Layouts whose point names may occur, beside those of the package.

    Raises:
        InvalidInputError: A file or shape is bad, or a photo is missing; the message names the
            file and the line.
    """
    path = as_path("path", path)
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    faces = [face for file in files for face in _read_file(file, list(layouts))]
    if not faces:
        raise InvalidInputError(f"{path}: no points of a face in it")
    return faces


def _read_file(path: Path, layouts: Sequence[Layout]) -> list[AnnotatedFace]:
    text = read_annotation_text(path)
    try:
        content = json.loads(text)
        photo, shapes = str(content["imagePath"]), [dict(shape) for shape in content["shapes"]]
    except json.JSONDecodeError as exc:
        raise InvalidInputError(f"{path}, line {exc.lineno}: no JSON ({exc.msg})") from exc
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise InvalidInputError(
            f"{path}, line 1: expected 'imagePath' and 'shapes', a list of objects ({exc!r})"
        ) from exc
    picture = existing_photo(path.parent / photo.replace("\\", "/"), where=str(path))
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, shape in enumerate(shapes):
        if shape.get("shape_type") == "point":
            groups[str(shape.get("group_id"))].append(index)
    faces = []
    for indices in groups.values():
        line = line_of_item(text, "shapes", indices[0])
        where = f"{path}, line {line}, shapes[{indices[0]}]"
        face = _parse_face([shapes[i] for i in indices], picture, layouts, where=where)
        faces.append(replace(face, source=path))
    return faces


def _parse_face(
    shapes: Sequence[Mapping[str, Any]], photo: Path, layouts: Sequence[Layout], *, where: str
) -> AnnotatedFace:
    order = order_of_names([str(shape.get("label")) for shape in shapes], layouts, where=where)
    ordered = [shapes[index] for index in order]
    count = len(ordered)
    sigmas = _all_or_none([shape.get("landmark_sigma") for shape in ordered])
    probabilities = _all_or_none([shape.get("landmark_visible") for shape in ordered])
    score = ordered[0].get("score")
    scores = point_values(None if score is None else [score], 1, where=f"{where}, score")
    seen = [not _is_hidden(shape) for shape in ordered]
    return AnnotatedFace(
        photo=photo,
        subset=photo.parent.name,
        landmarks=finite_points([_place(shape, where) for shape in ordered], where=where),
        landmark_visible=visible_values(seen, point_values(probabilities, count, where=where)),
        landmark_sigma=point_values(sigmas, count, where=where),
        score=None if scores is None else float(scores[0]),
    )


def _place(shape: Mapping[str, Any], where: str) -> tuple[float, float]:
    try:
        [[x, y]] = shape["points"]
        return float(x) - 0.5, float(y) - 0.5
    except (KeyError, TypeError, ValueError, OverflowError):
        label = str(shape.get("label"))[:40]
        raise InvalidInputError(f"{where}: point {label!r} has no one x, y") from None


def _is_hidden(shape: Mapping[str, Any]) -> bool:
    flags = shape.get("flags")
    return isinstance(flags, dict) and flags.get(HIDDEN) is True


def _all_or_none(values: Sequence[Any]) -> Sequence[Any] | None:
    return None if any(value is None for value in values) else values


def write_labelme(
    faces: Sequence[AnnotatedFace], folder: PathInput | None, layout: Layout
) -> list[Path]:
    """Write a file a photo: ``NAME.json``.

    A point that is more likely hidden than seen has the flag ``hidden``. Error radius, probability
    to be seen and the score of its face stand beside each point, where labelme keeps them.

    Args:
        faces: What is written; coordinates to 0.0001 px.
        folder: Where to; by default beside each photo.
        layout: The layout of the faces.

    Returns:
        The files.

    Raises:
        InvalidInputError: Two photos have one name, or one cannot be read.
    """
    folder = None if folder is None else as_path("folder", folder)
    check_kind("layout", layout, Layout)
    contents: dict[Path, dict[str, Any]] = {}
    for photo, group in by_photo(faces):
        file = file_of_photo(photo, folder, ".json", tuple(contents))
        width, height = photo_size_wh(photo)
        contents[file] = {
            "version": "5.5.0",
            "flags": {},
            "shapes": [s for place, face in enumerate(group) for s in _shapes(face, place, layout)],
            "imagePath": name_from(file.parent, photo),
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
    for file, content in contents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, ensure_ascii=False, indent=2)
        write_text(file, text + "\n")
    return list(contents)


def _shapes(face: AnnotatedFace, group: int, layout: Layout) -> list[dict[str, Any]]:
    places = (face.landmarks.astype(np.float64) + 0.5).round(4).tolist()
    shapes: list[dict[str, Any]] = [
        {
            "label": name,
            "points": [place],
            "group_id": group,
            "description": "",
            "shape_type": "point",
            "flags": {},
            "mask": None,
        }
        for name, place in zip(layout.point_names, places, strict=True)
    ]
    for index, shape in enumerate(shapes):
        if face.landmark_visible is not None:
            visible = float(face.landmark_visible[index])
            shape["flags"] = {HIDDEN: visible < 0.5}
            shape["landmark_visible"] = round(visible, 4)
        if face.landmark_sigma is not None:
            shape["landmark_sigma"] = round(float(face.landmark_sigma[index]), 4)
        if face.score is not None:
            shape["score"] = round(face.score, 4)
    return shapes
