"""Readers of annotated face photos: folders of 300-W, lists of WFLW, keypoint files of COCO."""

from __future__ import annotations

from pathlib import Path

from asmnet_sdk.datasets.annotated import AnnotatedFace
from asmnet_sdk.datasets.coco import read_coco
from asmnet_sdk.datasets.w300 import find_head_pose_file, read_300w, read_head_poses, read_pts
from asmnet_sdk.datasets.wflw import WFLW_ATTRIBUTES, read_wflw
from asmnet_sdk.errors import InvalidInputError

__all__ = [
    "WFLW_ATTRIBUTES",
    "AnnotatedFace",
    "find_head_pose_file",
    "read_300w",
    "read_annotations",
    "read_coco",
    "read_head_poses",
    "read_pts",
    "read_wflw",
]


def read_annotations(path: Path) -> list[AnnotatedFace]:
    """Read annotated photos in any layout known.

    Args:
        path: A folder in the layout of 300-W, with the head poses of its ``head_pose.csv`` if
            there is one; a .txt list of WFLW; a .json keypoint file of COCO.

    Raises:
        InvalidInputError: It is none of these, or an annotation or photo is bad.
    """
    if path.is_dir():
        return read_300w(path, head_pose_file=find_head_pose_file(path))
    readers = {".txt": read_wflw, ".json": read_coco}
    if path.suffix not in readers or not path.is_file():
        raise InvalidInputError(
            f"no annotations at {path}; needed: a folder in the layout of 300-W, "
            "a .txt list of WFLW or a .json keypoint file of COCO"
        )
    return readers[path.suffix](path)
