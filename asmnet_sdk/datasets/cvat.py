"""The XML files of CVAT ("CVAT for images 1.1"): a skeleton, or a list of points, a face.

CVAT counts pixels from the corner of the first one, this package from its centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import PathInput, as_path, check_kind
from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    point_values,
    read_annotation_text,
    visible_values,
)
from asmnet_sdk.datasets.photo_files import by_photo, name_from, photo_size_wh
from asmnet_sdk.datasets.point_order import order_of_names
from asmnet_sdk.datasets.xml_lines import Element, read_xml
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout
from asmnet_sdk.whole_files import write_text

__all__ = ["read_cvat", "write_cvat"]


def read_cvat(path: PathInput, *, layouts: Iterable[Layout] = ()) -> list[AnnotatedFace]:
    """Read an XML file of CVAT: its skeletons and lists of points, each one face.

    Faces with a point outside the picture's frame (``outside``) are left out, as CVAT keeps no
    place for it.

    Args:
        path: The .xml file; photos are named as seen from its folder.
        layouts: Layouts whose point names may occur, beside those of the package.

    Raises:
        InvalidInputError: The file or a face is bad, or a photo is missing; the message names the
            file and the line.
    """
    path = as_path("path", path)
    root = read_xml(read_annotation_text(path), where=str(path))
    if root.tag != "annotations":
        raise InvalidInputError(f"{path}, line {root.line}: <{root.tag}> is no <annotations>")
    faces = []
    for image in root.all("image"):
        where = f"{path}, line {image.line}"
        photo = existing_photo(path.parent / image.attributes.get("name", ""), where=where)
        for shape in image.all("skeleton", "points"):
            points = shape.all("points") if shape.tag == "skeleton" else [shape]
            if not any(point.attributes.get("outside") == "1" for point in points):
                where = f"{path}, line {shape.line}"
                faces.append(_parse_face(shape, photo, path.stem, list(layouts), where=where))
    if not faces:
        raise InvalidInputError(f"{path}: no skeleton or points of a face in it")
    return faces


def _parse_face(
    shape: Element, photo: Path, subset: str, layouts: Sequence[Layout], *, where: str
) -> AnnotatedFace:
    if shape.tag == "points":
        landmarks = np.concatenate([_places(shape, where)])
        seen = [shape.attributes.get("occluded") != "1"] * len(landmarks)
        points = [shape] * len(landmarks)
    else:
        points = shape.all("points")
        names = [point.attributes.get("label", "") for point in points]
        points = [points[index] for index in order_of_names(names, layouts, where=where)]
        landmarks = np.concatenate([_places(point, where, count=1) for point in points])
        seen = [point.attributes.get("occluded") != "1" for point in points]
    count = len(points)
    score = point_values(_attributes_of([shape], "score"), 1, where=f"{where}, score")
    visible = point_values(_attributes_of(points, "landmark_visible"), count, where=where)
    return AnnotatedFace(
        photo=photo,
        subset=subset,
        landmarks=finite_points(landmarks, where=where),
        landmark_visible=visible_values(seen, visible),
        landmark_sigma=point_values(_attributes_of(points, "landmark_sigma"), count, where=where),
        score=None if score is None else float(score[0]),
    )


def _places(points: Element, where: str, *, count: int | None = None) -> NDArray[np.float64]:
    """Return the (N, 2) places of one element: ``points="x,y;x,y"``."""
    text = points.attributes.get("points", "")
    try:
        places = np.array([[float(n) for n in pair.split(",")] for pair in text.split(";")])
        places = places.reshape(len(places), 2) - 0.5
    except ValueError:
        places = np.empty((0, 2))
    if len(places) == 0 or count not in (None, len(places)):
        raise InvalidInputError(f"{where}: expected points='x,y', got {text[:60]!r}")
    return places


def _attributes_of(elements: Sequence[Element], name: str) -> list[str] | None:
    """Return what each element says of itself under a name, or None where one does not."""
    found = [
        child.text.strip()
        for element in elements
        for child in element.all("attribute")
        if child.attributes.get("name") == name
    ]
    return found if len(found) == len(elements) else None


def write_cvat(faces: Sequence[AnnotatedFace], path: PathInput, layout: Layout) -> list[Path]:
    """Write an XML file of CVAT: a skeleton a face, whose hidden points are ``occluded``.

    Score, error radii and probabilities to be seen are attributes of the skeleton and its points.
    The labels that a CVAT task needs for them stand under ``meta``.

    Args:
        faces: What is written; coordinates to 0.0001 px.
        path: The .xml file; photos are named as seen from its folder.
        layout: The layout of the faces.

    Returns:
        The file, in a list.

    Raises:
        InvalidInputError: A photo cannot be read.
    """
    path = as_path("path", path)
    check_kind("layout", layout, Layout)
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>"]
    lines += _meta(layout)
    for image_id, (photo, group) in enumerate(by_photo(faces)):
        width, height = photo_size_wh(photo)
        name = name_from(path.parent, photo)
        lines.append(f"  <image {_written(id=image_id, name=name, width=width, height=height)}>")
        for face in group:
            lines += _skeleton(face, layout)
        lines.append("  </image>")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "\n".join([*lines, "</annotations>", ""]))
    return [path]


def _meta(layout: Layout) -> list[str]:
    """Return the labels: the skeleton, and under it each of its points."""
    details = ["landmark_sigma", "landmark_visible"]
    labels = [("face", "skeleton", "", ["score"])]
    labels += [(name, "points", "face", details) for name in layout.point_names]
    lines = ["  <meta><task><labels>"]
    for name, kind, parent, attributes in labels:
        inner = "".join(
            f"<attribute><name>{attribute}</name><mutable>False</mutable>"
            "<input_type>text</input_type><default_value></default_value><values></values>"
            "</attribute>"
            for attribute in attributes
        )
        of = f"<parent>{parent}</parent>" if parent else ""
        lines.append(
            f"    <label><name>{escape(name)}</name><type>{kind}</type>"
            f"<attributes>{inner}</attributes>{of}</label>"
        )
    return [*lines, "  </labels></task></meta>"]


def _skeleton(face: AnnotatedFace, layout: Layout) -> list[str]:
    lines = ['    <skeleton label="face" source="auto" z_order="0">']
    if face.score is not None:
        lines.append("      " + _attribute("score", face.score))
    places = face.landmarks.astype(np.float64) + 0.5
    for index, (name, (x, y)) in enumerate(zip(layout.point_names, places.tolist(), strict=True)):
        values = {key: getattr(face, key) for key in ("landmark_sigma", "landmark_visible")}
        more = {key: float(value[index]) for key, value in values.items() if value is not None}
        occluded = int(more.get("landmark_visible", 1) < 0.5)
        head = _written(
            label=name, source="auto", outside=0, occluded=occluded, points=f"{x:.4f},{y:.4f}"
        )
        inner = "".join(_attribute(key, value) for key, value in more.items())
        lines.append(f"      <points {head}>{inner}</points>")
    return [*lines, "    </skeleton>"]


def _attribute(name: str, value: float) -> str:
    return f'<attribute name="{name}">{value:.4f}</attribute>'


def _written(**attributes: object) -> str:
    values: Mapping[str, str] = {name: quoteattr(str(v)) for name, v in attributes.items()}
    return " ".join(f"{name}={value}" for name, value in values.items())
