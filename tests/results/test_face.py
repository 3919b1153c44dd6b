from __future__ import annotations

import json

import numpy as np
import pytest

from asmnet_sdk import (
    BoundingBox,
    Face,
    HeadPose,
    InvalidBoundingBoxError,
    InvalidInputError,
)
from asmnet_sdk.layouts import FIVE_POINT, WFLW_98

BOX = BoundingBox(0, 0, 100, 100)
FRONTAL = HeadPose(0, 0, 0)


def face_of(landmarks: np.ndarray, **fields: object) -> Face:
    return Face(landmarks=landmarks, head_pose=FRONTAL, box=BOX, **fields)


def numbered_face() -> Face:
    return face_of(np.arange(136, dtype=np.float32).reshape(68, 2))


@pytest.mark.parametrize(
    "corners", [(0, 0, 0, 5), (5, 0, 1, 5), (0, 5, 5, 1), (0, 0, np.nan, 5), (0, 0, np.inf, 5)]
)
def test_box_refuses_empty_inverted_and_not_finite(corners):
    with pytest.raises(InvalidBoundingBoxError):
        BoundingBox(*corners)


@pytest.mark.parametrize("roll", [np.nan, np.inf])
def test_box_refuses_a_roll_that_is_not_finite(roll):
    with pytest.raises(InvalidBoundingBoxError, match="roll that is not finite"):
        BoundingBox(0, 0, 5, 5, roll=roll)


def test_box_measures():
    box = BoundingBox(10, 20, 40, 100, score=0.5)
    assert (box.width, box.height, box.area, box.center) == (30, 80, 2400, (25, 60))
    assert (box.longer_side, BoundingBox(0, 0, 9, 2).longer_side) == (80, 9)
    assert tuple(box) == (10, 20, 40, 100)


def test_box_around_points_is_tight():
    assert BoundingBox.around([[3, 9], [7, 4], [5, 5]]) == BoundingBox(3, 4, 7, 9)


def test_positive_yaw_points_the_nose_to_the_image_left():
    nose = HeadPose(yaw=30, pitch=0, roll=0).rotation_matrix[:, 2]
    np.testing.assert_allclose(nose, [-0.5, 0, np.sqrt(3) / 2], atol=1e-12)


def test_positive_pitch_points_the_nose_up():
    nose = HeadPose(yaw=0, pitch=30, roll=0).rotation_matrix[:, 2]
    np.testing.assert_allclose(nose, [0, 0.5, np.sqrt(3) / 2], atol=1e-12)


def test_positive_roll_tilts_the_crown_to_the_image_right():
    crown = HeadPose(yaw=0, pitch=0, roll=30).rotation_matrix[:, 1]
    np.testing.assert_allclose(crown, [0.5, np.sqrt(3) / 2, 0], atol=1e-12)


def test_landmarks_are_read_only_float32_copies():
    source = np.zeros((68, 2))
    face = face_of(source)
    source[:] = 7
    assert face.landmarks.dtype == np.float32
    assert face.landmarks.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        face.landmarks[0] = 1


def test_face_refuses_a_wrong_number_of_points():
    with pytest.raises(InvalidInputError, match=r"\(5, 2\); IBUG_68 needs \(68, 2\)"):
        face_of(np.zeros((5, 2)))


def test_five_points_order_is_right_eye_first():
    face = numbered_face()
    np.testing.assert_allclose(face.five_points[2:], face.landmarks[[30, 48, 54]])
    np.testing.assert_allclose(face.five_points[0], face.landmarks[36:42].mean(axis=0))


def test_to_layout_converts_landmarks_and_sigma():
    face = face_of(np.zeros((68, 2)), landmark_sigma=np.arange(68, dtype=np.float32))
    five = face.to_layout("FIVE_POINT")
    assert five.layout is FIVE_POINT
    assert five.landmarks.shape == (5, 2)
    np.testing.assert_allclose(five.landmark_sigma, [38.5, 44.5, 30, 48, 54])


def test_to_layout_converts_visibility_like_landmarks():
    visible = np.linspace(0, 1, 98, dtype=np.float32)
    face = face_of(np.zeros((98, 2)), layout=WFLW_98, landmark_visible=visible)
    as_68 = face.to_layout("IBUG_68").landmark_visible
    np.testing.assert_array_equal(as_68[:17], visible[:33:2])  # every second point of the jaw
    np.testing.assert_array_equal(face.to_layout("FIVE_POINT").landmark_visible[:2], visible[96:])
    with pytest.raises(ValueError, match="read-only"):
        as_68[0] = 1


def test_repr_of_a_face_is_short_and_says_what_there_is():
    assert repr(numbered_face()) == (
        "Face(IBUG_68, box=(0.0, 0.0, 100.0, 100.0), yaw=+0.0, pitch=+0.0, roll=+0.0)"
    )
    full = face_of(
        np.zeros((68, 2)),
        score=0.987,
        landmark_sigma=np.full(68, 1.25),
        landmark_visible=np.repeat([0.9, 0.1], 34),
        track_id=3,
    )
    assert repr(full).endswith("score=0.99, sigma=1.2 px, visible=34/68, track_id=3)")


def test_parts_have_names_of_the_subjects_sides():
    face = numbered_face()
    np.testing.assert_array_equal(face.part("right_eye"), face.landmarks[36:42])
    np.testing.assert_array_equal(face.part("nose"), face.landmarks[27:36])
    np.testing.assert_array_equal(face.part("mouth"), face.landmarks[48:68])
    with pytest.raises(InvalidInputError, match="no part 'eye'; there are jaw, right_eyebrow"):
        face.part("eye")
    with pytest.raises(InvalidInputError, match="FIVE_POINT has no part 'mouth'"):
        face.to_layout("FIVE_POINT").part("mouth")


def test_to_layout_names_the_layouts_there_are():
    with pytest.raises(InvalidInputError, match="IBUG_68, WFLW_98, FIVE_POINT"):
        numbered_face().to_layout("IBUG_99")


def test_eye_openness_is_height_over_width_subjects_right_first():
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[36:42] = [[0, 0], [3, -2], [7, -2], [10, 0], [7, 2], [3, 2]]
    landmarks[42:48] = [[20, 0], [23, -1], [27, -1], [30, 0], [27, 0], [23, 0]]
    assert face_of(landmarks).eye_openness == pytest.approx((0.4, 0.4 / 3))


def test_mouth_openness_uses_inner_lips():
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[60:68] = [[0, 0], [3, -3], [5, -3], [7, -3], [10, 0], [7, 3], [5, 3], [3, 3]]
    assert face_of(landmarks).mouth_openness == pytest.approx(0.6)


def test_openness_of_98_points_agrees_with_68():
    landmarks = np.random.default_rng(0).normal(size=(98, 2))
    face = face_of(landmarks, layout=WFLW_98)
    assert face.eye_openness == face.to_layout("IBUG_68").eye_openness


def test_openness_of_five_points_is_refused():
    with pytest.raises(InvalidInputError, match="cannot be converted"):
        _ = numbered_face().to_layout("FIVE_POINT").mouth_openness


def test_to_dict_survives_json():
    record = json.loads(json.dumps(numbered_face().to_dict()))
    assert record["box"] == [0, 0, 100, 100]
    assert record["landmarks"][67] == [134, 135]
    assert record["head_pose"] == {"yaw": 0, "pitch": 0, "roll": 0}
    assert record["landmark_sigma"] is None
    assert record["landmark_visible"] is None
    assert len(record["eye_openness"]) == 2
    assert record["mouth_openness"] == round(numbered_face().mouth_openness, 3)
    five = numbered_face().to_layout("FIVE_POINT").to_dict()
    assert (five["eye_openness"], five["mouth_openness"]) == (None, None)
    seen = face_of(np.zeros((68, 2)), landmark_visible=np.full(68, 0.12345))
    assert seen.to_dict()["landmark_visible"] == [0.123] * 68


@pytest.mark.parametrize("name", ["landmark_sigma", "landmark_visible"])
@pytest.mark.parametrize("shape", [(67,), (68, 2), (1,), ()])
def test_values_of_landmarks_need_one_for_each(name, shape):
    with pytest.raises(InvalidInputError, match=rf"{name} has shape .*needs \(68,\)"):
        Face(
            landmarks=np.zeros((68, 2)),
            head_pose=HeadPose(0, 0, 0),
            box=BoundingBox(0, 0, 1, 1),
            **{name: np.zeros(shape)},
        )
