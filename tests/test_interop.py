from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from asmnet_sdk import FIVE_POINT, BoundingBox, Face, HeadPose, InvalidInputError
from asmnet_sdk.errors import MissingExtraError
from asmnet_sdk.interop import faces_to_frame, faces_to_supervision, normalized_landmarks
from tests.conftest import REPOSITORY

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


def listed(*rows: list[float]) -> SimpleNamespace:
    return SimpleNamespace(tolist=lambda: list(rows) if len(rows) != 1 else rows[0])


def answer(**fields: object) -> SimpleNamespace:
    return SimpleNamespace(**fields)


# What each library gives for a box from (10, 20) to (110, 120).
ANSWERS = {
    "rectangle": answer(
        left=lambda: 10, top=lambda: 20, right=lambda: 110, bottom=lambda: 120
    ),
    "detection": answer(
        bounding_box=answer(origin_x=10, origin_y=20, width=100, height=100),
        categories=[answer(score=0.5)],
    ),
    "row": [10, 20 - 0.245 / 0.755 * 100, 100, 100 / 0.755, *range(10), 0.5],
    "found": answer(bbox=listed([10, 20, 110, 120]), det_score=0.5),
    "result": answer(boxes=answer(data=np.array([[10, 20, 110, 120, 0.5, 0]]))),
    "detections": answer(
        xyxy=np.array([[10, 20, 110, 120]]), confidence=np.array([0.5])
    ),
    "boxes": np.array([[10, 20, 110, 120]]),
    "probabilities": np.array([0.5]),
}  # fmt: skip


def documented_adapters() -> list[str]:
    page = (REPOSITORY / "docs" / "guides" / "detectors.md").read_text("utf-8")
    block = re.search(r"## Answers of popular detectors\n.*?```py\n(.*?)```", page, re.DOTALL)[1]
    return [line.split("  #")[0] for line in block.splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("line", documented_adapters())
def test_documented_adapters_give_the_box(line):
    value = eval(line, {"BoundingBox": BoundingBox, **ANSWERS})
    box = value[0] if isinstance(value, list) else value
    assert list(box) == pytest.approx([10, 20, 110, 120])
    assert box.score in (None, 0.5)
