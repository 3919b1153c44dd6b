from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import HeadPose, InvalidInputError
from asmnet_sdk.datasets import (
    find_head_pose_file,
    read_300w,
    read_annotations,
    read_coco,
    read_pts,
    read_wflw,
)

PTS = "version: 1\nn_points: 2\n{\n1 1\n10.5 20\n}\n"


def write(path: Path, text: str = PTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_pts_counts_from_one_and_landmarks_from_zero(tmp_path):
    np.testing.assert_allclose(read_pts(write(tmp_path / "a.pts")), [[0, 0], [9.5, 19]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"a\.pts: no line '\{'"),
        ("{\n1 1\n", r"no line '\}'"),
        ("{\n1 1\n2\n}", r"a\.pts, line 3: expected two numbers, got '2'"),
        ("{\n1 one\n}", r"line 2: expected"),
        ("{\n1 nan\n}", r"line 2: coordinates are not finite"),
    ],
)
def test_bad_pts_names_file_and_line(tmp_path, text, reason):
    with pytest.raises(InvalidInputError, match=reason):
        read_pts(write(tmp_path / "a.pts", text))


def test_reads_subsets_with_photos_and_poses(tmp_path):
    for subset in ("afw", "helen"):
        write(tmp_path / "test" / subset / "a.pts")
        write(tmp_path / "test" / subset / "a.png", "")
    write(
        tmp_path / "head_pose.csv",
        "split,subset,name,yaw,pitch,roll,spread\ntrain,afw,a,9,9,9,9\ntest,afw,a,1,-2,3,0.5\n",
    )
    root = tmp_path / "test"
    faces = read_300w(root, head_pose_file=find_head_pose_file(root))
    assert [(face.subset, face.name) for face in faces] == [("afw", "a"), ("helen", "a")]
    assert faces[0].head_pose == HeadPose(1, -2, 3)
    assert faces[0].head_pose_spread == 0.5
    assert faces[1].head_pose is None


def test_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"no \.pts files"):
        read_300w(tmp_path)


def test_annotation_without_photo_is_refused(tmp_path):
    write(tmp_path / "a.pts")
    with pytest.raises(InvalidInputError, match="no photo of that name"):
        read_300w(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,yaw\na,1\n", "line 2: no column pitch, roll, split, spread, subset"),
        ("split,subset,name,yaw,pitch,roll,spread\na,b,c,1,x,3,4\n", "line 2: an angle is not"),
    ],
)
def test_bad_head_pose_row_names_file_and_line(tmp_path, text, reason):
    write(tmp_path / "a.pts")
    write(tmp_path / "a.png", "")
    with pytest.raises(InvalidInputError, match=reason):
        read_300w(tmp_path, head_pose_file=write(tmp_path / "poses.csv", text))


def wflw_line(**replaced: str) -> str:
    """Points (0, 0.5), (1, 1.5), ...; pose and blur set; ``replaced`` by position: ``at3="x"``."""
    words = [word for i in range(98) for word in (str(i), f"{i}.5")]
    words += ["10", "20", "30", "40", *"100001", "0--Parade/a b.jpg"]
    for position, word in replaced.items():
        words[int(position[2:])] = word
    return " ".join(words) + "\n"


def wflw_list(folder: Path, text: str) -> Path:
    write(folder / "WFLW_images" / "0--Parade" / "a b.jpg", "")
    return write(folder / "WFLW_annotations" / "lists" / "test.txt", text)


def test_wflw_line_is_one_face(tmp_path):
    [face] = read_wflw(wflw_list(tmp_path, wflw_line()))
    np.testing.assert_allclose(face.landmarks, [[i, i + 0.5] for i in range(98)])
    assert face.photo == tmp_path / "WFLW_images" / "0--Parade" / "a b.jpg"
    assert (face.subset, face.attributes) == ("test", {"pose", "blur"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (wflw_line() + "1 2 3\n", r"test\.txt, line 2: expected 206 numbers and the path"),
        (wflw_line(at3="x"), "line 1: expected 206 numbers"),
        (wflw_line(at3="nan"), "line 1: coordinates are not finite"),
        (wflw_line() + "\n" + wflw_line(at206="no.jpg"), r"line 3: no photo .*no\.jpg"),
        ("", r"test\.txt: no lines in it"),
    ],
)
def test_bad_wflw_line_names_file_and_line(tmp_path, text, reason):
    with pytest.raises(InvalidInputError, match=reason):
        read_wflw(wflw_list(tmp_path, text))


def test_wflw_without_its_photos_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"test\.txt, line 1: no photo .*a b\.jpg"):
        read_wflw(write(tmp_path / "test.txt", wflw_line()))


def coco_file(folder: Path, *annotations: object) -> Path:
    write(folder / "a.jpg", "")
    images = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "gone.jpg"}]
    content = {"images": images, "annotations": annotations}
    return write(folder / "faces.json", json.dumps(content))


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
