from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("ai_edge_litert", reason="ai-edge-litert runs one of the teachers")

from asmnet_sdk.geometry import compose, transform_points
from lab.detection.deciding import BoxFit, decide
from lab.detection.labels import (
    LabelledFace,
    PhotoLabels,
    oval,
    read_labels,
    write_labels,
)
from lab.detection.looks import Look, best_candidates
from lab.detection.sources import SOURCES
from lab.detection.teachers import Candidate, quarter_turn
from lab.detection.tilt import HeadModel
from tests.lab.test_aflw import write_aflw

FIVE = np.array([(100.0, 110), (156, 110), (128, 140), (106, 165), (150, 165)])
BOX = np.array([75.0, 50, 181, 200])


class StubHead:
    """A flat head: the tilt is that of the line from the mouth to the eyes."""

    five = inner = np.zeros(0)

    def roll_of(self, points: np.ndarray, model: np.ndarray) -> float:
        up = points[:2].mean(axis=0) - points[3:5].mean(axis=0)
        return float(np.degrees(np.arctan2(up[0], -up[1])))


class StubLooker:
    head = StubHead()

    def roll_of_landmarks(self, look: Look) -> float:
        return 12.0


def look(
    *,
    center: tuple[float, float] = (300, 300),
    turn: float = 0.0,
    yunet: float = 0.9,
    mediapipe: float = 0.9,
    face_score: float = 0.9,
    sigma: float = 0.2,
) -> Look:
    to_photo = np.array([[1.0, 0, center[0] - 127.5], [0, 1, center[1] - 127.5]])
    return Look(
        to_photo=to_photo,
        turn=turn,
        first_score=0.8,
        yunet=Candidate(box=BOX, five=FIVE, score=yunet),
        mediapipe=mediapipe,
        landmarks=np.tile(FIVE, (14, 1))[:68].astype(np.float32),
        face_score=face_score,
        sigma=sigma,
        yaw=0.0,
    )


def fit() -> BoxFit:
    """Learn that the face box is YuNet's without its upper quarter."""
    box = np.array([75.0, 87.5, 181, 200])
    looks = [look() for _ in range(40)]
    return BoxFit(looks, [transform_points(looks[0].to_photo, box.reshape(2, 2))] * 40)


def test_labels_survive_their_file(tmp_path):
    face = LabelledFace(points=np.array([(1.5, 2), (3, 4.25)], np.float32), roll=-170.0)
    unknown = LabelledFace(points=np.ones((5, 2), np.float32), roll=math.nan)
    doubtful = np.array([(0, 0, 9, 9.5)], np.float32)
    labels = PhotoLabels(photo="a/b.jpg", faces=(face, unknown), doubtful=doubtful)
    write_labels([labels], tmp_path / "a.jsonl")
    [read] = read_labels(tmp_path / "a.jsonl")
    assert read.photo == "a/b.jpg"
    np.testing.assert_array_equal(read.faces[0].points, face.points)
    assert read.faces[0].roll == -170
    assert math.isnan(read.faces[1].roll)
    np.testing.assert_array_equal(read.doubtful, doubtful)


def test_an_oval_touches_its_box_and_turns_better_than_corners():
    points = oval(np.array([10.0, 20, 30, 60]))
    assert [*points.min(axis=0), *points.max(axis=0)] == pytest.approx([10, 20, 30, 60])
    assert np.linalg.norm((points - (20, 40)) / (10, 20), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_keep_pixels_on_pixels(quarters):
    picture = np.arange(6).reshape(2, 3)
    matrix, (width, height) = quarter_turn(3, 2, quarters)
    turned = np.rot90(picture, -quarters)
    assert turned.shape == (height, width)
    for y in range(2):
        for x in range(3):
            column, row = transform_points(matrix, (x, y)).round().astype(int)
            assert turned[row, column] == picture[y, x]


@pytest.mark.parametrize("turn", [-150, -40, 0, 25, 90, 180])
@pytest.mark.parametrize("yaw", [0, 50])
def test_tilt_of_a_head_follows_the_picture_at_any_yaw(turn, yaw, tmp_path):
    generator = np.random.default_rng(0)
    vertices = generator.normal(size=(470, 3))
    lines = "".join(f"v {x} {y} {z}\n" for x, y, z in vertices)
    (tmp_path / "head.obj").write_text(lines)
    head = HeadModel(tmp_path / "head.obj")
    angle = np.radians(yaw)
    right = np.array([np.cos(angle), 0, -np.sin(angle)])
    seen = np.column_stack([head.inner @ right, -head.inner[:, 1]])
    angle = np.radians(turn)
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = seen @ clockwise.T * 30 + 100
    apart = (head.roll_of(points, head.inner) - turn + 180) % 360 - 180
    assert apart == pytest.approx(0, abs=1e-6)
    points[10:] = np.nan
    apart = (head.roll_of(points, head.inner) - turn + 180) % 360 - 180
    assert apart == pytest.approx(0, abs=1e-6)
    points[3:] = np.nan
    assert math.isnan(head.roll_of(points, head.inner))


def test_candidates_of_one_place_and_tilt_become_one():
    turned = np.array([[-1.0, 0, 256], [0, -1, 256]])
    same = Candidate(box=BOX + 3, five=FIVE + 3, score=0.7)
    upside_down = Candidate(box=BOX, five=transform_points(turned, FIVE), score=0.8)
    best = Candidate(box=BOX, five=FIVE, score=0.9)
    kept = best_candidates([same, upside_down, best], StubHead())
    assert [candidate.score for candidate in kept] == [0.9, 0.8]


def test_a_candidate_is_mapped_with_its_points():
    moved = Candidate(box=BOX, five=FIVE, score=0.5).mapped(
        compose([[0, -1, 0], [1, 0, 0]], [[2, 0, 0], [0, 2, 0]])
    )
    assert moved.box.tolist() == [-400, 150, -100, 362]
    assert moved.five[0].tolist() == [-220, 200]


def test_two_of_three_judges_make_a_face():
    faces, doubtful = decide([look(mediapipe=0.1)], fit(), StubLooker())
    assert len(doubtful) == 0
    box = [*faces[0].points.min(axis=0), *faces[0].points.max(axis=0)]
    assert box == pytest.approx([247.5, 260, 353.5, 372.5], abs=1)
    assert faces[0].roll == pytest.approx(0, abs=1)
    faces, doubtful = decide([look(mediapipe=0.1, face_score=0.1)], fit(), StubLooker())
    assert faces == []
    assert doubtful.shape == (1, 4)


def test_places_turned_far_stay_open():
    faces, doubtful = decide([look(turn=80)], fit(), StubLooker())
    assert faces == []
    assert len(doubtful) == 1


def test_annotated_faces_stay_and_their_places_are_not_found_again():
    known = LabelledFace(points=np.array([(247, 250), (353, 360)], np.float32), roll=3.0)
    faces, doubtful = decide([look(), look(center=(900, 300))], fit(), StubLooker(), [known])
    assert faces[0] is known
    assert len(faces) == 2
    assert len(doubtful) == 0


def test_a_box_around_a_face_is_no_second_face():
    small = LabelledFace(points=np.array([(290, 290), (310, 310)], np.float32), roll=0.0)
    faces, doubtful = decide([look()], fit(), StubLooker(), [small])
    assert faces == [small]
    assert len(doubtful) == 1


def test_sources_read_no_test_folder(tmp_path):
    for folder in ("300w/train/helen", "300w/test/helen", "wflw/test", "faces/masks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.jpg").touch()
    read = [p.photo for s in ("masks", "wflw") for p in SOURCES[s].read(tmp_path)]
    assert read == [tmp_path / "faces/masks/a.jpg"]


def test_faces_of_aflw_are_annotated(tmp_path):
    write_aflw(tmp_path / "aflw")
    [photo] = SOURCES["aflw"].read(tmp_path)
    assert photo.photo == tmp_path / "aflw" / "face.jpg"
    assert photo.annotated[0].shape == (68, 2)
