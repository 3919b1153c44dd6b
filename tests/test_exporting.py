from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import (
    BoundingBox,
    Face,
    HeadPose,
    InvalidInputError,
    faces_to_csv,
    faces_to_json,
)

LANDMARKS = np.arange(136, dtype=np.float32).reshape(68, 2)


@pytest.fixture
def face() -> Face:
    return Face(
        landmarks=LANDMARKS,
        head_pose=HeadPose(1.5, -2.25, 3),
        box=BoundingBox(1, 2, 3, 4),
        score=0.875,
    )


def test_json_lists_images_in_order(face):
    records = json.loads(faces_to_json({"b.jpg": [face, face], "ä.jpg": []}))
    assert [(r["image"], len(r["faces"])) for r in records] == [("b.jpg", 2), ("ä.jpg", 0)]
    assert records[0]["faces"][0]["head_pose"] == {"yaw": 1.5, "pitch": -2.25, "roll": 3}


def test_names_may_be_paths_but_nothing_else(face):
    path = Path("photos", "b.jpg")
    assert json.loads(faces_to_json({path: [face]}))[0]["image"] == str(path)
    assert faces_to_csv({path: [face]}) == faces_to_csv({str(path): [face]})
    with pytest.raises(InvalidInputError, match="name of an image is 3; needed: a text or a path"):
        faces_to_csv({3: [face]})


@pytest.mark.parametrize("indent", [None, 2])
def test_json_of_a_number_that_is_not_finite_is_refused(face, indent):
    broken = replace(face, landmark_sigma=np.full(68, np.nan))
    with pytest.raises(InvalidInputError, match="not finite"):
        faces_to_json({"a.jpg": [broken]}, indent=indent)


def test_json_keeps_a_point_on_one_line(face):
    lines = faces_to_json({"a.jpg": [face]}).splitlines()
    assert "          [ 134.0, 135.0 ]" in lines
    assert (
        json.loads(faces_to_json({"[ 1,\n 2 ]": [face]}, indent=None))[0]["image"] == "[ 1,\n 2 ]"
    )


@pytest.mark.parametrize("indent", [1, 2, 4])
def test_json_is_laid_out_as_the_standard_library_does_it_but_for_numbers(face, indent):
    faces = {'a "], [" b.jpg': [face, face], "empty.jpg": []}
    records = [{"image": n, "faces": [f.to_dict() for f in found]} for n, found in faces.items()]
    expected = json.dumps(records, indent=indent, ensure_ascii=False)
    text = faces_to_json(faces, indent=indent)
    assert json.loads(text) == records
    assert "".join(text.split()) == "".join(expected.split())
    assert faces_to_json({}, indent=indent) == "[]"
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("[ ")]
    assert all(line in expected.splitlines() for line in lines if not line.endswith(("],", "]")))


def test_csv_has_a_row_a_face(face):
    rows = list(csv.DictReader(io.StringIO(faces_to_csv({"a, b.jpg": [face, face]}))))
    assert [(row["image"], row["face"]) for row in rows] == [("a, b.jpg", "0"), ("a, b.jpg", "1")]
    assert rows[0]["score"] == "0.8750"
    assert (rows[0]["yaw"], rows[0]["pitch"], rows[0]["roll"]) == ("1.50", "-2.25", "3.00")
    assert (rows[0]["x0"], rows[0]["y0"], rows[0]["x67"], rows[0]["y67"]) == (
        "0.00",
        "1.00",
        "134.00",
        "135.00",
    )


def test_csv_ends_with_the_visibility_of_each_point(face):
    seen = replace(face, landmark_visible=np.linspace(1, 0, 68))
    rows = list(csv.DictReader(io.StringIO(faces_to_csv({"a.jpg": [face, seen]}))))
    assert [(row["v0"], row["v67"]) for row in rows] == [("", ""), ("1.00", "0.00")]
    assert list(rows[0])[-1] == "v67"


def test_csv_without_faces_is_its_header():
    assert faces_to_csv({"a.jpg": []}).startswith("image,face,score,x_min")


def test_csv_refuses_mixed_layouts(face):
    with pytest.raises(InvalidInputError, match="IBUG_68, FIVE_POINT"):
        faces_to_csv({"a.jpg": [face, face.to_layout("FIVE_POINT")]})
