from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import InvalidInputError
from asmnet_sdk.datasets import (
    read_coco,
)
from tests.datasets.written_files import coco_file, write


def test_coco_reads_faces_whose_points_are_all_labelled(tmp_path):
    path = coco_file(
        tmp_path,
        {"image_id": 7, "keypoints": [1, 2, 2, 3.5, 4, 1]},
        {"image_id": 7, "keypoints": [1, 2, 2, 0, 0, 0]},
        {"image_id": 7},
    )
    [face] = read_coco(path)
    np.testing.assert_allclose(face.landmarks, [[1, 2], [3.5, 4]])
    assert (face.photo, face.subset) == (tmp_path / "a.jpg", "faces")


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"image_id": 7, "keypoints": [1, 2]}, r"annotations\[1\]: keypoints are no list of x, y"),
        ({"image_id": 7, "keypoints": [1, "b", 2]}, r"annotations\[1\]: keypoints are no list"),
        (
            {"image_id": 7, "keypoints": [1, float("nan"), 2]},
            r"\[1\]: keypoints: coordinates",
        ),
        ({"image_id": 9, "keypoints": [1, 2, 2]}, r"annotations\[1\]: no image has its image_id"),
        (
            {"image_id": 8, "keypoints": [1, 2, 2]},
            r"line 1, .*image 8: no photo .*gone",
        ),
        ("face", r"faces\.json: expected 'images' with id and file_name"),
    ],
)
def test_bad_coco_annotation_names_file_and_index(tmp_path, annotation, reason):
    path = coco_file(tmp_path, {"image_id": 7, "keypoints": [1, 2, 2]}, annotation)
    with pytest.raises(InvalidInputError, match=reason):
        read_coco(path)


def test_coco_file_without_labelled_faces_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="no annotation in it has all its points"):
        read_coco(coco_file(tmp_path, {"image_id": 7, "keypoints": [0, 0, 0]}))


def test_broken_json_names_file_and_line(tmp_path):
    with pytest.raises(InvalidInputError, match=r"faces\.json, line [12]: no JSON"):
        read_coco(write(tmp_path / "faces.json", '{"images": [],\n}'))
