from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from asmnet_sdk import FIVE_POINT, BoundingBox, Face, HeadPose, InvalidInputError
from asmnet_sdk.errors import MissingExtraError
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.interop import faces_to_frame, faces_to_supervision, normalized_landmarks
from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX

POINTS = np.random.default_rng(0).uniform(10, 90, (2, 68, 2)).astype(np.float32)


def face(index: int = 0, **fields: object) -> Face:
    return Face(
        landmarks=POINTS[index],
        head_pose=HeadPose(10, -5, 2.5),
        box=BoundingBox(10, 12, 90, 80, score=0.75),
        landmark_sigma=np.full(68, 1.5),
        landmark_visible=np.full(68, 0.25),
        score=0.9,
        **fields,
    )


def test_supervision_gets_points_boxes_and_angles():
    sv = pytest.importorskip("supervision")
    key_points, detections = faces_to_supervision([face(0), face(1)])
    assert isinstance(key_points, sv.KeyPoints)
    assert isinstance(detections, sv.Detections)
    np.testing.assert_array_equal(key_points.xy, POINTS)
    np.testing.assert_allclose(key_points.data["yaw"], [10, 10])
    np.testing.assert_allclose(key_points.data["landmark_sigma"], np.full((2, 68), 1.5))
    np.testing.assert_allclose(detections.xyxy[0], [10, 12, 90, 80])
    np.testing.assert_allclose(detections.confidence, [0.75, 0.75])
    assert detections.tracker_id is None
    assert faces_to_supervision([face(track_id=7)])[1].tracker_id.tolist() == [7]


def test_supervision_draws_the_skeleton_and_takes_no_face():
    sv = pytest.importorskip("supervision")
    key_points, _ = faces_to_supervision([face()])
    edges = [(a + 1, b + 1) for a, b in face().layout.edges]
    picture = sv.EdgeAnnotator(edges=edges).annotate(np.zeros((100, 100, 3), np.uint8), key_points)
    x, y = POINTS[0, 36].round().astype(int)
    assert picture[y - 1 : y + 2, x - 1 : x + 2].any()
    key_points, detections = faces_to_supervision([])
    assert (len(key_points), len(detections)) == (0, 0)


def test_frame_has_a_row_a_face():
    pytest.importorskip("pandas")
    frame = faces_to_frame({"a.jpg": [face(0), face(1)], "b.jpg": [face(1)], "c.jpg": []})
    assert frame["image"].tolist() == ["a.jpg", "a.jpg", "b.jpg"]
    assert frame["face"].tolist() == [0, 1, 0]
    assert frame["pitch"].tolist() == [-5, -5, -5]
    np.testing.assert_allclose(frame["x67"], POINTS[[0, 1, 1], 67, 0])
    assert faces_to_frame([face()]).columns[:2].tolist() == ["score", "layout"]
    assert frame["sigma3"].tolist() == [1.5, 1.5, 1.5]
    eyes = frame[["right_eye_openness", "left_eye_openness"]]
    np.testing.assert_allclose(eyes, [face(i).eye_openness for i in (0, 1, 1)])
    assert frame["mouth_openness"][1] == face(1).mouth_openness
    assert "mouth_openness" not in faces_to_frame([face().to_layout(FIVE_POINT)])
    assert len(faces_to_frame([])) == 0


def test_faces_of_different_layouts_are_refused():
    pytest.importorskip("pandas")
    with pytest.raises(InvalidInputError, match="FIVE_POINT, IBUG_68"):
        faces_to_frame([face(), face().to_layout(FIVE_POINT)])


@pytest.mark.parametrize(
    ("convert", "package"), [(faces_to_frame, "pandas"), (faces_to_supervision, "supervision")]
)
def test_what_is_not_installed_is_named(monkeypatch, convert, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=f"pip install {package}"):
        convert([face()])


def test_normalized_points_count_from_the_corner_of_the_picture():
    points = normalized_landmarks(face(), (200, 100))
    np.testing.assert_allclose(points, (POINTS[0] + 0.5) / [200, 100], rtol=1e-6)
    with pytest.raises(InvalidInputError, match="width and height"):
        normalized_landmarks(face(), (0, 100))


def answer(**fields: object) -> SimpleNamespace:
    return SimpleNamespace(**fields)


# What the detectors answered for examples/astronaut.jpg, whose face box is (179, 87, 272, 179); of
# Ultralytics and InsightFace, whose weights were not at hand, only the kinds of the values are
# theirs. The fields of each object are those that the libraries' own classes have.
ANSWERS: dict[str, object] = {
    # dlib 20.0.1, get_frontal_face_detector()
    "rectangle": answer(
        left=lambda: 175, top=lambda: 76, right=lambda: 265, bottom=lambda: 166
    ),
    # MediaPipe 0.10.21, tasks.vision.FaceDetector with face_detection_short_range.tflite
    "detection": answer(
        bounding_box=answer(origin_x=176, origin_y=82, width=95, height=95),
        categories=[answer(index=0, score=0.9166602, display_name=None, category_name=None)],
    ),
    # OpenCV 5.0.0, FaceDetectorYN with face_detection_yunet_2023mar.onnx
    "row": [178.025, 62.6234, 90.0639, 113.599, 200.177, 101.837, 247.218, 102.655, 220.464,
            124.592, 198.678, 142.879, 239.698, 143.697, 0.932069],
    # InsightFace 2.1, app.common.Face
    "found": answer(
        bbox=np.array([177.2, 60.9, 270.4, 178.6], np.float32), det_score=np.float32(0.9)
    ),
    # Ultralytics 8.4.190, engine.results.Boxes: x, y, x, y, confidence, class
    "result": answer(boxes=answer(data=np.array([[175, 70, 270, 180, 0.9, 0]], np.float32))),
    # supervision 0.31.2, Detections
    "detections": answer(
        xyxy=np.array([[176, 82, 271, 177]], np.float32), confidence=np.array([0.9], np.float32)
    ),
    # facenet-pytorch 2.6.0, MTCNN(keep_all=True).detect: arrays of objects
    "boxes": np.array([[180.98218, 62.00182, 267.81479, 172.08069]], object),
    "probabilities": np.array([0.9999977], object),
}  # fmt: skip


def documented_adapters() -> list[str]:
    page = (REPOSITORY / "docs" / "guides" / "detectors.md").read_text("utf-8")
    block = re.search(r"## Answers of popular detectors\n.*?```py\n(.*?)```", page, re.DOTALL)[1]
    return [line.split("  #")[0] for line in block.splitlines() if line and line[0] != "#"]


def test_documented_adapters_are_of_all_answers():
    lines = "\n".join(documented_adapters())
    assert [name for name in ANSWERS if not re.search(rf"\b{name}\b", lines)] == []


@pytest.mark.parametrize("line", documented_adapters())
def test_documented_adapters_give_the_box_of_the_face(line):
    value = eval(line, {"BoundingBox": BoundingBox, **ANSWERS})
    [box] = value if isinstance(value, list) else [value]
    assert intersection_over_union([list(box)], list(ASTRONAUT_BOX))[0, 0] > 0.6
    assert box.score is None or 0.89 < box.score < 1


def test_documented_adapter_takes_what_opencv_answers(yunet_file):
    picture = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    detector = cv2.FaceDetectorYN.create(str(yunet_file), "", picture.shape[1::-1], 0.6)
    [row] = detector.detect(picture)[1].tolist()
    [line] = [line for line in documented_adapters() if "row[" in line]
    box = eval(line, {"BoundingBox": BoundingBox, "row": row})
    assert intersection_over_union([list(box)], list(ASTRONAUT_BOX))[0, 0] > 0.8


@pytest.mark.parametrize("none", [[], {"a.jpg": []}, {}])
def test_table_of_no_faces_has_its_columns(none):
    pytest.importorskip("pandas")
    frame = faces_to_frame(none)
    assert len(frame) == 0
    assert {"score", "layout", "x_min", "y_max", "yaw", "pitch", "roll"} <= set(frame.columns)
    assert ("image" in frame.columns) == isinstance(none, dict)
