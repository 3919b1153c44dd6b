"""Faces as data: what data classes, tables, JSON writers and services do with them."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose, InvalidInputError
from asmnet_sdk.layouts import FIVE_POINT, IBUG_68

LANDMARKS = np.random.default_rng(3).uniform(0, 100, (68, 2)).astype(np.float32)


@pytest.fixture
def face() -> Face:
    return Face(
        landmarks=LANDMARKS,
        head_pose=HeadPose(10.5, -3.25, 0.125),
        box=BoundingBox(1, 2, 30.5, 40),
        score=0.75,
        landmark_sigma=np.linspace(0.5, 2, 68),
        landmark_visible=np.linspace(0, 1, 68),
        track_id=7,
    )


def test_record_is_of_plain_python_values_whatever_the_face_holds(face):
    numbers = replace(
        face,
        score=np.float32(0.5),
        track_id=np.int64(3),
        head_pose=HeadPose(*np.float32([1, 2, 3])),
        box=BoundingBox(*np.float32([1, 2, 3, 4]), score=np.float32(0.25), roll=np.float32(90)),
    )
    record = json.loads(json.dumps(numbers.to_dict()))
    assert (record["score"], record["track_id"]) == (0.5, 3)
    assert record["head_pose"] == {"yaw": 1, "pitch": 2, "roll": 3}
    assert (record["box_score"], record["box_roll"]) == (0.25, 90)


def test_score_and_roll_of_the_box_come_back(face):
    face = replace(face, box=replace(face.box, score=0.9, roll=-90))
    assert Face.from_dict(face.to_dict()).box == face.box


def test_record_of_an_earlier_version_has_a_box_without_score(face):
    record = face.to_dict()
    del record["box_score"], record["box_roll"]
    assert Face.from_dict(record).box == face.box


@pytest.mark.parametrize("wrong", ["z", 1.5, True])
def test_track_id_is_a_whole_number(face, wrong):
    with pytest.raises(InvalidInputError, match=r"track_id is .*needed: a whole number, or None"):
        replace(face, track_id=wrong)


def test_asdict_gives_values_of_its_own(face):
    record = dataclasses.asdict(face)
    np.testing.assert_array_equal(record["landmarks"], LANDMARKS)
    assert record["head_pose"] == {"yaw": 10.5, "pitch": -3.25, "roll": 0.125}
    assert record["layout"]["name"] == "IBUG_68"
    assert record["layout"]["contours"]["right_eye"]["indices"] == (36, 37, 38, 39, 40, 41)
    assert record["score"] == 0.75


def test_copies_are_equal_and_share_the_layout(face):
    for twin in (copy.copy(face), copy.deepcopy(face), pickle.loads(pickle.dumps(face))):
        assert twin == face
        assert len({twin, face}) == 1
        assert twin.layout is IBUG_68


@pytest.mark.parametrize(
    "change",
    [{"landmarks": LANDMARKS + 1}, {"score": 0.7}, {"track_id": None}, {"landmark_sigma": None}],
)
def test_faces_with_other_values_are_others(face, change):
    assert dataclasses.replace(face, **change) != face
    assert face != face.to_dict()


def test_layout_stays_unchangeable():
    for change in (
        lambda contours: contours.update(jaw=None),
        lambda contours: contours.__setitem__("jaw", None),
        lambda contours: contours.pop("jaw"),
        lambda contours: contours.clear(),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change(IBUG_68.contours)
    assert copy.deepcopy(IBUG_68.contours) == IBUG_68.contours


@pytest.mark.parametrize("layout", [IBUG_68, FIVE_POINT])
def test_from_dict_reverses_to_dict_by_way_of_json(face, layout):
    record = json.loads(json.dumps(face.to_layout(layout).to_dict()))
    restored = Face.from_dict(record)
    assert restored.to_dict() == record
    assert restored.layout is layout
    assert not restored.landmarks.flags.writeable


@pytest.mark.parametrize(
    "change",
    [
        {"landmarks": [[1, 2]]},
        {"landmarks": "none"},
        {"layout": "IBUG_67"},
        {"head_pose": {"yaw": 1}},
        {"box": [1, 2, 3]},
        {"box": [5, 5, 1, 1]},
    ],
)
def test_from_dict_refuses_what_is_no_face(face, change):
    with pytest.raises(InvalidInputError):
        Face.from_dict({**face.to_dict(), **change})


def test_from_dict_says_what_a_record_lacks(face):
    for record, message in (
        ({}, "no record of a face: it has no 'landmarks'"),
        (None, "record is None; needed: what Face.to_dict gives"),
        ({**face.to_dict(), "layout": "IBUG_67"}, "layout is 'IBUG_67'; needed: 'IBUG_68' or"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            Face.from_dict(record)


def test_faces_become_a_table(face):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame([face, face])
    assert list(table["score"]) == [0.75, 0.75]
    np.testing.assert_array_equal(table["landmarks"][1], LANDMARKS)


def test_orjson_writes_faces(face):
    orjson = pytest.importorskip("orjson")
    record = json.loads(orjson.dumps(face, option=orjson.OPT_SERIALIZE_NUMPY))
    np.testing.assert_allclose(record["landmarks"], LANDMARKS, rtol=1e-6)
    assert record["head_pose"]["yaw"] == 10.5


def test_fastapi_gives_and_takes_faces(face):
    fastapi = pytest.importorskip("fastapi")
    client_of = pytest.importorskip("fastapi.testclient").TestClient
    app = fastapi.FastAPI()

    def give() -> list[Face]:
        return [face]

    def take(given: Face) -> str:
        return given.layout.name

    # Annotations are texts in this module, and FastAPI looks for their names here.
    app.get("/faces")(give)
    app.post("/face")(take)
    client = client_of(app)
    assert client.get("/faces").json() == [face.to_dict()]
    assert client.post("/face", json=face.to_dict()).json() == "IBUG_68"
    assert client.post("/face", json={"box": 3}).status_code == 422
    assert client.get("/openapi.json").status_code == 200
