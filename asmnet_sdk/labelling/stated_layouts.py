"""The layout that label files state themselves, by the names of their points and the lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asmnet_sdk.datasets.annotated import read_annotation_text
from asmnet_sdk.datasets.xml_lines import read_xml
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.labelling.files import LabelFormat
from asmnet_sdk.layouts import LAYOUTS, Contour, Layout

__all__ = ["plain_layout", "stated_layout"]

_Edges = Sequence[tuple[int, int]]


def stated_layout(path: Path, kind: LabelFormat) -> Layout | None:
    """Return the layout that labels name, or None where they name none, or cannot be read.

    Args:
        path: Annotations as ``read_annotations`` takes them.
        kind: Their format. Files of ``coco`` state names and lines, those of ``labelme`` and
            ``cvat`` names; the others nothing.

    Returns:
        One of the package's layouts where the names are its; else one for showing and writing
        alone, which says nothing of mirror pairs.
    """
    try:
        names, edges = _read(path, kind)
    except (InvalidInputError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return None  # whoever reads the labels says what is wrong with them
    known = next((each for each in LAYOUTS.values() if set(each.point_names) == set(names)), None)
    is_named = len(set(names)) == len(names) >= 2 and not all(name.isdecimal() for name in names)
    return known or (plain_layout(len(names), names, edges) if is_named else None)


def plain_layout(count: int, names: Sequence[str] = (), edges: _Edges = ()) -> Layout:
    """Return a layout of so many points for showing and writing labels."""
    lines = [edge for edge in edges if all(0 <= index < count for index in edge)]
    return Layout(
        name=f"POINTS_{count}",
        point_count=count,
        contours={f"line_{i}": Contour(indices=edge) for i, edge in enumerate(lines)},
        mirror=tuple(range(count)),
        eye_corners=(0, count - 1),
        names=tuple(names),
    )


def _read(path: Path, kind: LabelFormat) -> tuple[list[str], _Edges]:
    """Return the names of the points of a face and the lines between them."""
    if kind == "coco":
        category = json.loads(read_annotation_text(path))["categories"][0]
        edges = [(int(a) - 1, int(b) - 1) for a, b in category.get("skeleton", [])]
        return [str(name) for name in category["keypoints"]], edges
    if kind == "cvat":
        root = read_xml(read_annotation_text(path), where=str(path))
        skeletons = [each for image in root.all("image") for each in image.all("skeleton")]
        return [point.attributes["label"] for point in skeletons[0].all("points")], ()
    if kind == "labelme":
        file = min(path.rglob("*.json")) if path.is_dir() else path
        return _first_group(json.loads(read_annotation_text(file))["shapes"]), ()
    return [], ()


def _first_group(shapes: Sequence[dict[str, Any]]) -> list[str]:
    """Return the labels of the first face's points."""
    points = [shape for shape in shapes if shape.get("shape_type") == "point"]
    return [str(s["label"]) for s in points if s.get("group_id") == points[0].get("group_id")]
