"""The .pts files and folders of 300-W, and the head pose labels beside them.

Files that ``write_pts`` wrote say more above their list of points, where other readers skip it:
the photo, the score, and of each point the error radius and whether it can be seen.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import PathInput, as_path
from asmnet_sdk.datasets.annotated import (
    AnnotatedFace,
    existing_photo,
    finite_points,
    point_values,
    read_annotation_text,
)
from asmnet_sdk.datasets.photo_files import by_photo, name_from
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import HeadPose
from asmnet_sdk.whole_files import write_text

__all__ = ["find_head_pose_file", "read_300w", "read_head_poses", "read_pts", "write_pts"]

_PHOTO_SUFFIXES = (".jpg", ".png", ".jpeg", ".JPG", ".PNG")
_HEAD_POSE_COLUMNS = {"split", "subset", "name", "yaw", "pitch", "roll", "spread"}


def read_pts(path: PathInput) -> NDArray[np.float32]:
    """Read a .pts file, whose pixel coordinates count from 1, into (K, 2) that count from 0.

    Raises:
        InvalidInputError: The file is no .pts file; the message names file and line.
    """
    path = as_path("path", path)
    lines = read_annotation_text(path).splitlines()
    opening = next((i for i, line in enumerate(lines) if line.strip() == "{"), None)
    if opening is None:
        raise InvalidInputError(f"{path}: no line '{{' that opens the list of points")
    points: list[tuple[float, float]] = []
    for number, line in enumerate(lines[opening + 1 :], opening + 2):
        if line.strip() == "}":
            return finite_points(points, where=str(path)) - 1
        points.append(_parse_point(line, where=f"{path}, line {number}"))
    raise InvalidInputError(f"{path}: no line '}}' that closes the list of points")


def _parse_point(line: str, *, where: str) -> tuple[float, float]:
    try:
        x, y = (float(word) for word in line.split())
    except ValueError:
        raise InvalidInputError(f"{where}: expected two numbers, got {line.strip()!r}") from None
    if not np.isfinite([x, y]).all():
        raise InvalidInputError(f"{where}: coordinates are not finite: {line.strip()!r}")
    return x, y


def read_300w(
    root: PathInput, *, split: str | None = None, head_pose_file: PathInput | None = None
) -> list[AnnotatedFace]:
    """Read a folder in the layout of 300-W: ``root/SUBSET/NAME.pts`` beside ``NAME.jpg|png``.

    Args:
        root: The folder; ``.pts`` files may also lie in it directly, or deeper.
        split: Which rows of the head pose file belong to it; by default the name of ``root``.
        head_pose_file: CSV with columns split, subset, name, yaw, pitch, roll, spread.

    Returns:
        The faces in order of subset and name.

    Raises:
        InvalidInputError: The folder holds no .pts file, a photo is missing, or a file is bad.
    """
    root = as_path("root", root)
    files = sorted(root.rglob("*.pts"), key=lambda file: (len(file.parts), file))
    if not files:
        raise InvalidInputError(f"{root}: no .pts files in it or in the folders below it")
    poses = {} if head_pose_file is None else read_head_poses(head_pose_file)
    split = split or root.resolve().name
    faces = []
    for file in files:
        pose, spread = poses.get((split, file.parent.name, file.stem), (None, 0.0))
        face = _read_face(file)
        faces.append(replace(face, head_pose=pose, head_pose_spread=spread))
    return faces


def _read_face(file: Path) -> AnnotatedFace:
    """Return the points of a .pts file, and what stands above them."""
    landmarks = read_pts(file)
    facts = _read_facts(file)
    name = facts.get("photo")
    photo = existing_photo(file.parent / name, where=str(file)) if name else _photo_beside(file)
    score = _numbers(file, facts, "score", 1)
    return AnnotatedFace(
        photo=photo,
        subset=file.parent.name,
        landmarks=landmarks,
        landmark_visible=_numbers(file, facts, "landmark_visible", len(landmarks)),
        landmark_sigma=_numbers(file, facts, "landmark_sigma", len(landmarks)),
        score=None if score is None else float(score[0]),
        source=file,
    )


def _read_facts(file: Path) -> dict[str, str]:
    """Return what stands above the list of points: key -> value."""
    head = read_annotation_text(file).partition("{")[0]
    lines = (line.partition(":") for line in head.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _numbers(
    file: Path, facts: Mapping[str, str], key: str, count: int
) -> NDArray[np.float32] | None:
    if key not in facts:
        return None
    line = list(facts).index(key) + 1
    return point_values(facts[key].split(), count, where=f"{file}, line {line}, {key}")


def write_pts(faces: Sequence[AnnotatedFace], folder: PathInput | None = None) -> list[Path]:
    """Write a .pts file a face: ``NAME.pts``, or ``NAME_face2.pts`` for the second of a photo.

    Args:
        faces: What is written; coordinates to 0.0001 px.
        folder: Where to; by default beside each photo.

    Returns:
        The files.

    Raises:
        InvalidInputError: Two faces have one file.
    """
    folder = None if folder is None else as_path("folder", folder)
    texts: dict[Path, str] = {}
    for photo, group in by_photo(faces):
        for place, face in enumerate(group):
            name = photo.stem if place == 0 else f"{photo.stem}_face{place + 1}"
            file = (folder or photo.parent) / f"{name}.pts"
            if file in texts:
                raise InvalidInputError(f"{photo}: another photo's points go to {file} too")
            texts[file] = _pts_text(face, name_from(file.parent, photo))
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    return list(texts)


def _pts_text(face: AnnotatedFace, photo: str) -> str:
    lines = ["version: 1", f"n_points: {len(face.landmarks)}", f"photo: {photo}"]
    if face.score is not None:
        lines.append(f"score: {face.score:.4f}")
    for key in ("landmark_visible", "landmark_sigma"):
        values = getattr(face, key)
        if values is not None:
            lines.append(f"{key}: " + " ".join(f"{value:.4f}" for value in values.tolist()))
    points = [f"{x + 1:.4f} {y + 1:.4f}" for x, y in face.landmarks.tolist()]
    return "\n".join([*lines, "{", *points, "}", ""])


def find_head_pose_file(root: PathInput) -> Path | None:
    """Return ``head_pose.csv`` of a data folder or of its parent, if there is one."""
    root = as_path("root", root)
    candidates = (root / "head_pose.csv", root.resolve().parent / "head_pose.csv")
    return next((path for path in candidates if path.is_file()), None)


def read_head_poses(path: PathInput) -> Mapping[tuple[str, str, str], tuple[HeadPose, float]]:
    """Read head pose labels: (split, subset, name) -> pose and spread, in degrees.

    Raises:
        InvalidInputError: A column is missing or a row is bad; the message names file and line.
    """
    path = as_path("path", path)
    poses: dict[tuple[str, str, str], tuple[HeadPose, float]] = {}
    rows = csv.DictReader(read_annotation_text(path).splitlines())
    try:
        for row in rows:
            pose = _parse_head_pose(row, where=f"{path}, line {rows.line_num}")
            poses[row["split"], row["subset"], row["name"]] = pose
    except csv.Error as exc:
        raise InvalidInputError(f"{path}, line {rows.line_num}: no CSV ({exc})") from exc
    return poses


def _parse_head_pose(row: Mapping[str, str], *, where: str) -> tuple[HeadPose, float]:
    missing = _HEAD_POSE_COLUMNS - row.keys()
    if missing:
        raise InvalidInputError(f"{where}: no column {', '.join(sorted(missing))}")
    try:
        yaw, pitch, roll, spread = (float(row[n]) for n in ("yaw", "pitch", "roll", "spread"))
    except (TypeError, ValueError) as exc:
        raise InvalidInputError(f"{where}: an angle is not a number ({exc})") from exc
    if not np.isfinite([yaw, pitch, roll, spread]).all():
        raise InvalidInputError(f"{where}: an angle is not finite")
    return HeadPose(yaw, pitch, roll), spread


def _photo_beside(annotation: Path) -> Path:
    for suffix in _PHOTO_SUFFIXES:
        photo = annotation.with_suffix(suffix)
        if photo.is_file():
            return photo
    raise InvalidInputError(f"{annotation}: no photo of that name beside it (jpg, jpeg or png)")
