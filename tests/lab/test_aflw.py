from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from lab.aflw import OFFSET, AflwFace, look_at, offset_seen, read_aflw, sigma_holds
from tests.dot_model import DOTS, picture_with_dots, write_dot_model


def write_aflw(folder: Path) -> None:
    """Write the table of one face whose last point its head hides."""
    folder.mkdir()
    header = ",".join(f"x{i},y{i}" for i in range(68))
    numbers = ",".join(["21.5,32.5"] * 67 + [","])
    row = f"face,left,1.5,{'v' * 60}{'c' * 7}s,{numbers}"
    table = f"name,pose_group,join_residual,visibility,{header}\n{row}\n"
    (folder / "landmarks.csv").write_text(table)


def test_points_are_moved_to_where_they_belong(tmp_path):
    write_aflw(tmp_path / "aflw")
    [face] = read_aflw(tmp_path / "aflw")
    assert face.photo == tmp_path / "aflw" / "face.jpg"
    np.testing.assert_allclose(face.landmarks[:67], np.tile([20.14, 31.53], (67, 1)), rtol=1e-6)
    assert np.isnan(face.landmarks[67]).all()
    assert face.visible.tolist() == [1] * 60 + [0] * 8
    assert face.residual == pytest.approx(1.5)


def test_offset_is_what_a_model_sees_whatever_was_taken_away(tmp_path):
    model = write_dot_model(tmp_path / "model.onnx")
    cv2.imwrite(str(tmp_path / "face.png"), picture_with_dots((120, 90), *DOTS)[..., ::-1])
    points = np.tile(DOTS, (23, 1))[:68] + np.subtract((2, 1), OFFSET)
    face = AflwFace(
        photo=tmp_path / "face.png",
        landmarks=points.astype(np.float32),
        visible=np.ones(68, np.float32),
        residual=1.0,
    )
    found = look_at(str(model), [face])
    np.testing.assert_allclose(offset_seen([face], found), [2, 1], atol=0.1)


def test_error_radius_holds_more_with_the_uncertainty_of_the_labels():
    """Errors of 0 to 3.35 px beside radii of 1 px, and labels that are good to 2 px."""
    landmarks = np.stack([np.arange(68) / 20, np.zeros(68)], axis=1).astype(np.float32)
    landmarks[-1] = np.nan  # hidden: not counted
    seen = Face(
        landmarks=np.zeros((68, 2), np.float32),
        head_pose=HeadPose(0, 0, 0),
        box=BoundingBox(0, 0, 9, 9),
        landmark_sigma=np.ones(68, np.float32),
    )
    face = AflwFace(
        photo=Path("face.png"), landmarks=landmarks, visible=np.ones(68, np.float32), residual=2.0
    )
    assert sigma_holds([face], [seen]) == pytest.approx(21 / 67)
    assert sigma_holds([face], [seen], label_errors=True) == pytest.approx(45 / 67)
