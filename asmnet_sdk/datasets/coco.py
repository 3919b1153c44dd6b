"""The keypoint files of COCO."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    read_annotation_text,
)
from asmnet_sdk.errors import InvalidInputError

__all__ = ["read_coco"]


def read_coco(path: Path, *, photos: Path | None = None) -> list[AnnotatedFace]:
    """Read a keypoint file of COCO: ``images`` and ``annotations`` with x, y, visibility triples.

    Annotations without points or with an unlabelled point (visibility 0) are left out.

    Args:
        path: The JSON file.
        photos: Folder that the file names start from; by default that of the file.

    Raises:
        InvalidInputError: The file or an annotation is bad, or a photo is missing; the message
            names the file and the line or the annotation's index.
    """
    images, annotations = _load_coco(path)
    faces = []
    for index, annotation in enumerate(annotations):
        where = f"{path}, annotations[{index}]"
        points = _parse_keypoints(annotation, where=where)
        if points is not None:
            name = _name_of(annotation.get("image_id"), images)
            if name is None:
                raise InvalidInputError(f"{where}: no image has its image_id")
            photo = existing_photo((photos or path.parent) / name, where=where)
            faces.append(AnnotatedFace(photo=photo, subset=path.stem, landmarks=points))
    if not faces:
        raise InvalidInputError(f"{path}: no annotation in it has all its points labelled")
    return faces


def _load_coco(path: Path) -> tuple[dict[object, str], list[dict[str, Any]]]:
    """Return the file names by image id, and the annotations."""
    try:
        content = json.loads(read_annotation_text(path))
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


def _parse_keypoints(annotation: Mapping[str, Any], *, where: str) -> NDArray[np.float32] | None:
    """Return (K, 2) points, or None where not all are labelled."""
    try:
        triples = np.asarray(annotation.get("keypoints", []), np.float64).reshape(-1, 3)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInputError(f"{where}: keypoints are no list of x, y, visibility") from None
    if len(triples) == 0 or not triples[:, 2].all():
        return None
    return finite_points(triples[:, :2], where=where)
