"""The keypoint files of COCO."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
from asmnet_sdk.datasets.photo_files import by_photo, name_from, photo_size_wh
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.whole_files import write_text

__all__ = ["read_coco", "write_coco"]


def read_coco(path: PathInput, *, photos: PathInput | None = None) -> list[AnnotatedFace]:
    """Read a keypoint file of COCO: ``images`` and ``annotations`` with x, y, visibility triples.

    Annotations without points or with an unlabelled point (visibility 0) are left out. What
    ``attributes`` of an annotation says is true is an attribute of the face.

    Args:
        path: The JSON file.
        photos: Folder that the file names start from; by default that of the file.

    Raises:
        InvalidInputError: The file or an annotation is bad, or a photo is missing; the message
            names the file and the line or the annotation's index.
    """
    path = as_path("path", path)
    photos = path.parent if photos is None else as_path("photos", photos)
    text = read_annotation_text(path)
    images, annotations = _load_coco(text, path)
    faces = []
    for index, annotation in enumerate(annotations):
        try:
            face = _parse_annotation(annotation, images, photos, path.stem)
        except InvalidInputError as exc:
            line = line_of_item(text, "annotations", index)
            where = f"{path}, line {line}, annotations[{index}]"
            raise InvalidInputError(f"{where}: {exc}") from exc
        if face is not None:
            faces.append(face)
    if not faces:
        raise InvalidInputError(f"{path}: no annotation in it has all its points labelled")
    return faces


def _load_coco(text: str, path: Path) -> tuple[dict[object, str], list[dict[str, Any]]]:
    """Return the file names by image id, and the annotations."""
    try:
        content = json.loads(text)
        names = {image["id"]: str(image["file_name"]) for image in content["images"]}
        annotations = [dict(annotation) for annotation in content["annotations"]]
    except json.JSONDecodeError as exc:
        raise InvalidInputError(f"{path}, line {exc.lineno}: no JSON ({exc.msg})") from exc
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise InvalidInputError(
            f"{path}: expected 'images' with id and file_name, and 'annotations' ({exc!r})"
        ) from exc
    return names, annotations


def _name_of(image_id: object, images: Mapping[object, str]) -> str | None:
    return images.get(image_id) if isinstance(image_id, Hashable) else None


def _parse_annotation(
    annotation: Mapping[str, Any], images: Mapping[object, str], photos: Path, subset: str
) -> AnnotatedFace | None:
    """Return one annotated face, or None where not all its points are labelled."""
    triples = _parse_keypoints(annotation)
    if triples is None:
        return None
    name = _name_of(annotation.get("image_id"), images)
    if name is None:
        raise InvalidInputError("no image has its image_id")
    more = annotation.get("attributes")
    more = more if isinstance(more, dict) else {}
    count = len(triples)
    score = point_values(_listed(annotation.get("score")), 1, where="score")
    probabilities = point_values(more.get("landmark_visible"), count, where="landmark_visible")
    return AnnotatedFace(
        photo=existing_photo(photos / name, where=f"image {annotation.get('image_id')!r}"),
        subset=subset,
        landmarks=finite_points(triples[:, :2], where="keypoints"),
        attributes=frozenset(str(name) for name, value in more.items() if value is True),
        landmark_visible=visible_values((triples[:, 2] > 1).tolist(), probabilities),
        landmark_sigma=point_values(more.get("landmark_sigma"), count, where="landmark_sigma"),
        score=None if score is None else float(score[0]),
    )


def _listed(value: object) -> list[Any] | None:
    return None if value is None else [value]


def _parse_keypoints(annotation: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return (K, 3) x, y, visibility, or None where not all are labelled."""
    try:
        triples = np.asarray(annotation.get("keypoints", []), np.float64).reshape(-1, 3)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInputError("keypoints are no list of x, y, visibility") from None
    return None if len(triples) == 0 or not triples[:, 2].all() else triples


def write_coco(faces: Sequence[AnnotatedFace], path: PathInput, layout: Layout) -> list[Path]:
    """Write a keypoint file of COCO: all faces, in one category with names and skeleton.

    Visibility is 2 for a point that can be seen, 1 for a hidden one. ``attributes`` of an
    annotation hold ``landmark_visible`` and ``landmark_sigma`` as they are, where faces have them.

    Args:
        faces: What is written; coordinates to 0.0001 px.
        path: The .json file; photos are named as seen from its folder.
        layout: The layout of the faces.

    Returns:
        The file, in a list.

    Raises:
        InvalidInputError: A photo cannot be read.
    """
    path = as_path("path", path)
    check_kind("layout", layout, Layout)
    images, annotations = [], []
    for image_id, (photo, group) in enumerate(by_photo(faces), 1):
        width, height = photo_size_wh(photo)
        name = name_from(path.parent, photo)
        images.append({"id": image_id, "file_name": name, "width": width, "height": height})
        annotations += [_annotation(face, image_id) for face in group]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    content = {"images": images, "annotations": annotations, "categories": [_category(layout)]}
    rows = (
        f"  {json.dumps(key)}: [\n    "
        + ",\n    ".join(json.dumps(item, ensure_ascii=False) for item in items)
        + "\n  ]"
        for key, items in content.items()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "{\n" + ",\n".join(rows) + "\n}\n")
    return [path]


def _annotation(face: AnnotatedFace, image_id: int) -> dict[str, Any]:
    points = face.landmarks.astype(np.float64)
    visible = np.ones(len(points)) if face.landmark_visible is None else face.landmark_visible
    box = BoundingBox.around(points)
    annotation: dict[str, Any] = {
        "id": 0,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": _rounded([box.x_min, box.y_min, box.width, box.height]),
        "area": round(box.area, 4),
        "num_keypoints": len(points),
        "keypoints": _rounded(np.column_stack([points, 1 + (visible >= 0.5)]).ravel()),
    }
    if face.score is not None:
        annotation["score"] = round(face.score, 4)
    values = {name: getattr(face, name) for name in ("landmark_visible", "landmark_sigma")}
    more: dict[str, Any] = dict.fromkeys(sorted(face.attributes), True)
    more |= {name: _rounded(found) for name, found in values.items() if found is not None}
    return annotation | ({"attributes": more} if more else {})


def _rounded(values: ArrayLike) -> list[float]:
    """Return numbers to 0.0001, whole ones as such."""
    rounded: list[float] = np.asarray(values, np.float64).round(4).tolist()
    return [int(value) if value == int(value) else value for value in rounded]


def _category(layout: Layout) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "face",
        "supercategory": "person",
        "keypoints": list(layout.point_names),
        "skeleton": [[first + 1, second + 1] for first, second in layout.edges],
    }
