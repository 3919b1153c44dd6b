"""Annotated face photos, read and written: pts (300-W), WFLW, COCO, labelme and CVAT."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asmnet_sdk.arguments import PathInput, as_path
from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.datasets.coco import read_coco, write_coco
from asmnet_sdk.datasets.cvat import read_cvat, write_cvat
from asmnet_sdk.datasets.labelme import read_labelme, write_labelme
from asmnet_sdk.datasets.w300 import (
    find_head_pose_file,
    read_300w,
    read_head_poses,
    read_pts,
    write_pts,
)
from asmnet_sdk.datasets.wflw import WFLW_ATTRIBUTES, read_wflw, write_wflw
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout

__all__ = [
    "WFLW_ATTRIBUTES",
    "AnnotatedFace",
    "find_head_pose_file",
    "read_300w",
    "read_annotations",
    "read_coco",
    "read_cvat",
    "read_head_poses",
    "read_labelme",
    "read_pts",
    "read_wflw",
    "write_coco",
    "write_cvat",
    "write_labelme",
    "write_pts",
    "write_wflw",
]


def read_annotations(path: PathInput, *, layouts: Iterable[Layout] = ()) -> list[AnnotatedFace]:
    """Read annotated photos in any format known.

    Args:
        path: A folder of .pts files in the layout of 300-W, with the head poses of its
            ``head_pose.csv`` if there is one, or of labelme's .json files; a .txt list of WFLW; a
            .json keypoint file of COCO or one of labelme; an .xml file of CVAT.
        layouts: Layouts whose point names labelme and CVAT may use, beside those of the package.

    Raises:
        InvalidInputError: It is none of these, or an annotation or photo is bad.
    """
    path = as_path("path", path)
    if path.is_dir():
        return _read_folder(path, layouts)
    if path.is_file() and path.suffix == ".txt":
        return read_wflw(path)
    if path.is_file() and path.suffix == ".json":
        return read_labelme(path, layouts=layouts) if _is_labelme(path) else read_coco(path)
    if path.is_file() and path.suffix == ".xml":
        return read_cvat(path, layouts=layouts)
    raise InvalidInputError(
        f"no annotations at {path}; needed: a folder in the layout of 300-W or of labelme's "
        "files, a .txt list of WFLW, a .json keypoint file of COCO or an .xml file of CVAT"
    )


def _read_folder(path: Path, layouts: Iterable[Layout]) -> list[AnnotatedFace]:
    if not any(path.rglob("*.pts")) and any(path.rglob("*.json")):
        return read_labelme(path, layouts=layouts)
    return read_300w(path, head_pose_file=find_head_pose_file(path))


def _is_labelme(path: Path) -> bool:
    """Say whether a .json file has labelme's key: files of COCO have no shapes."""
    try:
        return b'"shapes"' in path.read_bytes()
    except OSError as exc:
        raise InvalidInputError(f"{path} cannot be read: {exc.strerror}") from exc
