from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import HeadPose, InvalidInputError
from asmnet_sdk.datasets import (
    find_head_pose_file,
    read_300w,
    read_annotations,
    read_pts,
)
from tests.datasets.written_files import write


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


def test_files_are_found_at_any_depth_and_after_a_byte_order_mark(tmp_path):
    for place in ("b", "a/c", "a/b/d/e"):
        write(tmp_path / f"{place}.pts")
        write(tmp_path / f"{place}.png", "")
    poses = "\ufeffsplit,subset,name,yaw,pitch,roll,spread\ntest,d,e,1,-2,3,0.5\n"
    faces = read_300w(tmp_path, split="test", head_pose_file=write(tmp_path / "poses.csv", poses))
    assert [face.name for face in faces] == ["b", "c", "e"]
    assert faces[2].head_pose == HeadPose(1, -2, 3)
    assert [face.name for face in read_annotations(tmp_path / "a" / "b")] == ["e"]


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
