from __future__ import annotations

import pytest

from asmnet_sdk import InvalidInputError
from asmnet_sdk.datasets import (
    read_annotations,
)
from tests.datasets.written_files import coco_file, wflw_line, wflw_list, write


def test_annotations_are_read_by_what_the_path_is(tmp_path):
    write(tmp_path / "300w" / "afw" / "a.pts")
    write(tmp_path / "300w" / "afw" / "a.png", "")
    paths = {
        2: tmp_path / "300w",
        98: wflw_list(tmp_path, wflw_line()),
        1: coco_file(tmp_path, {"image_id": 7, "keypoints": [1, 2, 2]}),
    }
    for points, path in paths.items():
        assert [len(face.landmarks) for face in read_annotations(path)] == [points]


@pytest.mark.parametrize("name", ["none", "none.txt", "a.png"])
def test_path_without_annotations_is_refused(tmp_path, name):
    write(tmp_path / "a.png", "")
    with pytest.raises(InvalidInputError, match=r"no annotations at .*; needed: a folder"):
        read_annotations(tmp_path / name)
