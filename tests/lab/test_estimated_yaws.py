"""Tests of faces whose yaw was estimated by eye."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [train]")

from asmnet_sdk.training.losses import euler_to_rotation
from asmnet_sdk.training.samples import FaceSamples, sure_samples
from lab.estimated_yaws import divide, nose_loss, read_estimated_yaws, yaw_summary


def faces(count: int) -> FaceSamples:
    canvases = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((4, 4, 3), np.uint8)
    return sure_samples(
        canvases, np.zeros((count, 68, 2), np.float32), np.full((count, 3), np.nan, np.float32)
    )


def test_rows_name_faces_and_their_yaws(tmp_path):
    faces(5).save(tmp_path / "faces.npz")
    (tmp_path / "yaws.csv").write_text("face,yaw\n3,-80\n0,65.5\n")
    read = read_estimated_yaws(tmp_path / "faces.npz", tmp_path / "yaws.csv")
    assert read.canvases[:, 0, 0, 0].tolist() == [3, 0]
    assert read.head_poses.tolist() == [[-80, 0, 0], [65.5, 0, 0]]


def test_true_profiles_teach_and_every_fourth_face_is_kept_back():
    yaws = np.array([85, -82, 60, 78, -90, 50, 77, 88], np.float32)
    poses = np.column_stack([yaws, np.zeros((8, 2), np.float32)])
    teaching, held = divide(replace(faces(8), head_poses=poses))
    assert teaching.head_poses[:, 0].tolist() == [-82, 78, 88]
    assert held.head_poses[:, 0].tolist() == [85, -90]


def test_only_the_way_the_nose_points_counts():
    truth = torch.tensor([[80.0, 0, 0]])
    rolled = euler_to_rotation(torch.tensor([[80.0, 0, 0]])) @ euler_to_rotation(
        torch.tensor([[0.0, 0, 25]])
    )
    assert nose_loss(rolled, truth).item() == 0
    assert nose_loss(euler_to_rotation(torch.tensor([[77.0, 0, 0]])), truth).item() == 0
    beside = nose_loss(euler_to_rotation(torch.tensor([[70.0, 0, 0]])), truth).item()
    assert beside == pytest.approx(10 - np.degrees(0.06), abs=0.1)


def test_summary_tells_error_and_shortfall_on_both_sides():
    summary = yaw_summary([70, -84, 52], [80, -80, 50])
    assert summary == (
        "all (3): yaw error 5.3, too small by 1.3; from 75 on (2): yaw error 7.0, too small by 3.0"
    )
