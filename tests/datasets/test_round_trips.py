"""Every format gives back what was written into it, to 0.01 px and better."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import FIVE_POINT, IBUG_68, WFLW_98, InvalidInputError
from asmnet_sdk.datasets import (
    AnnotatedFace,
    read_annotations,
    read_cvat,
    read_labelme,
    write_coco,
    write_cvat,
    write_labelme,
    write_pts,
    write_wflw,
)
from asmnet_sdk.layouts import Layout

SIZE_WH = (300, 200)


def photo(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((SIZE_WH[1], SIZE_WH[0], 3), 90, np.uint8))
    return path


def faces_of(layout: Layout, folder: Path) -> list[AnnotatedFace]:
    """Two faces of one photo, whose name needs care, and one of another, at odd coordinates."""
    generator = np.random.default_rng(5)
    one, other = photo(folder, "a & ü.png"), photo(folder, "b.png")
    count = layout.point_count
    return [
        AnnotatedFace(
            photo=path,
            subset="",
            landmarks=generator.uniform(-20, 320, (count, 2)).astype(np.float32),
            landmark_visible=generator.uniform(0, 1, count).astype(np.float32),
            landmark_sigma=generator.uniform(0, 9, count).astype(np.float32),
            score=0.75 + 0.05 * place,
        )
        for place, path in enumerate((one, one, other))
    ]


def write(faces: list[AnnotatedFace], kind: str, folder: Path, layout: Layout) -> Path:
    """Write the faces; return what ``read_annotations`` takes."""
    if kind == "pts":
        write_pts(faces, folder)
        return folder
    if kind == "labelme":
        write_labelme(faces, folder, layout)
        return folder
    path = folder / f"labels{ {'coco': '.json', 'wflw': '.txt', 'cvat': '.xml'}[kind] }"
    if kind == "wflw":
        write_wflw(faces, path)
    else:
        {"coco": write_coco, "cvat": write_cvat}[kind](faces, path, layout)
    return path


KINDS = [
    (kind, layout)
    for kind in ("pts", "coco", "wflw", "labelme", "cvat")
    for layout in (IBUG_68, WFLW_98, FIVE_POINT)
    if kind != "wflw" or layout is WFLW_98
]


@pytest.mark.parametrize(("kind", "layout"), KINDS, ids=lambda value: getattr(value, "name", value))
def test_what_is_written_is_read_again(tmp_path, kind, layout):
    faces = faces_of(layout, tmp_path / "photos")
    read = read_annotations(write(faces, kind, tmp_path / "labels", layout))
    assert len(read) == 3
    for face, again in zip(faces, read, strict=True):
        assert again.photo.resolve() == face.photo
        np.testing.assert_allclose(again.landmarks, face.landmarks, rtol=0, atol=1e-3)
        np.testing.assert_allclose(again.landmark_visible, face.landmark_visible, atol=1e-3)
        np.testing.assert_allclose(again.landmark_sigma, face.landmark_sigma, atol=1e-3)
        assert again.score == pytest.approx(face.score, abs=1e-3)


@pytest.mark.parametrize("kind", ["pts", "coco", "wflw", "labelme", "cvat"])
def test_points_alone_are_written_and_read(tmp_path, kind):
    faces = [
        replace(face, landmark_visible=None, landmark_sigma=None, score=None)
        for face in faces_of(WFLW_98, tmp_path / "photos")
    ]
    read = read_annotations(write(faces, kind, tmp_path / "labels", WFLW_98))
    np.testing.assert_allclose(read[2].landmarks, faces[2].landmarks, rtol=0, atol=1e-3)
    assert read[0].landmark_sigma is None
    assert read[0].score is None


def test_points_beside_their_photos_are_read_as_300w(tmp_path):
    faces = faces_of(IBUG_68, tmp_path)
    files = write_pts(faces)
    assert [file.name for file in files] == ["a & ü.pts", "a & ü_face2.pts", "b.pts"]
    assert files[0].read_text("utf-8").splitlines()[:3] == [
        "version: 1", "n_points: 68", "photo: a & ü.png",
    ]  # fmt: skip
    assert len(read_annotations(tmp_path)) == 3


def test_labelme_and_cvat_count_from_the_corner_of_the_first_pixel(tmp_path):
    face = replace(faces_of(FIVE_POINT, tmp_path)[2], landmarks=np.zeros((5, 2), np.float32))
    [file] = write_labelme([face], tmp_path, FIVE_POINT)
    shape = json.loads(file.read_text())["shapes"][0]
    assert (shape["label"], shape["points"]) == ("right_eye", [[0.5, 0.5]])
    [file] = write_cvat([face], tmp_path / "a.xml", FIVE_POINT)
    assert 'points="0.5000,0.5000"' in file.read_text()


def test_coco_file_says_names_skeleton_and_size(tmp_path):
    [file] = write_coco(faces_of(FIVE_POINT, tmp_path), tmp_path / "a.json", FIVE_POINT)
    content = json.loads(file.read_text("utf-8"))
    assert content["images"][0] == {
        "id": 1, "file_name": "a & ü.png", "width": 300, "height": 200,
    }  # fmt: skip
    [category] = content["categories"]
    assert category["keypoints"] == [
        "right_eye", "left_eye", "nose_tip", "mouth_corners_0", "mouth_corners_1",
    ]  # fmt: skip
    assert category["skeleton"] == [[4, 5]]
    visible = content["annotations"][0]["attributes"]["landmark_visible"]
    assert content["annotations"][0]["keypoints"][2::3] == [2 if v >= 0.5 else 1 for v in visible]


def test_a_point_hidden_by_hand_is_hidden_whatever_the_model_said(tmp_path):
    face = replace(faces_of(FIVE_POINT, tmp_path)[2], landmark_visible=np.full(5, 0.9, np.float32))
    [file] = write_labelme([face], tmp_path, FIVE_POINT)
    content = json.loads(file.read_text())
    content["shapes"][1]["flags"]["hidden"] = True
    content["shapes"].reverse()
    file.write_text(json.dumps(content))
    [read] = read_labelme(file)
    np.testing.assert_allclose(read.landmark_visible, [0.9, 0, 0.9, 0.9, 0.9])
    np.testing.assert_allclose(read.landmarks, face.landmarks, atol=1e-3)


def test_cvat_lists_of_points_are_faces_and_points_outside_drop_one(tmp_path):
    photo(tmp_path, "b.png")
    path = tmp_path / "a.xml"
    path.write_text(
        '<annotations>\n<image name="b.png">\n<points occluded="0" points="1,2;3.5,4"/>\n'
        '<points outside="1" points="1,2"/><box/></image></annotations>'
    )
    [face] = read_cvat(path)
    np.testing.assert_allclose(face.landmarks, [[0.5, 1.5], [3, 3.5]])
    assert face.subset == "a"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.xml", "<annotations>\n<image>", r"a\.xml, line 2: no XML \(no element found\)"),
        ("a.xml", "\n<a/>", r"a\.xml, line 2: <a> is no <annotations>"),
        ("a.xml", "<annotations/>", r"a\.xml: no skeleton or points"),
        ("a.xml", '<annotations>\n<image name="c.png"/></annotations>', r"line 2: no photo"),
        (
            "a.xml",
            '<annotations><image name="b.png">\n\n<points points="1;2"/></image></annotations>',
            r"a\.xml, line 3: expected points='x,y', got '1;2'",
        ),
        (
            "a.xml",
            '<annotations><image name="b.png">\n<skeleton><points label="nose" points="1,2"/>'
            "</skeleton></image></annotations>",
            r"a\.xml, line 2: its 1 points \(nose, \.\.\.\) are those of none of IBUG_68",
        ),
        ("a.xml", '<!DOCTYPE a [\n<!ENTITY b "c">]><a/>', r"a\.xml, line 2: entities are refused"),
        ("a.json", '{"shapes":\n{]', r"a\.json, line 2: no JSON"),
        ("a.json", '{"shapes": []}', r"a\.json, line 1: expected 'imagePath' and 'shapes'"),
        ("a.json", '{"imagePath": "b.png", "shapes": []}', "no points of a face in it"),
        (
            "a.json",
            '{"imagePath": "b.png", "shapes": [{"shape_type": "circle"},\n'
            '{"shape_type": "point", "label": "0", "points": [[1]]}]}',
            r"a\.json, line 2, shapes\[1\]: point '0' has no one x, y",
        ),
        (
            "a.json",
            '{"imagePath": "b.png", "shapes": [\n{"shape_type": "point", "label": "0"}, '
            '{"shape_type": "point", "label": "0"}]}',
            r"a\.json, line 2, shapes\[0\]: point '0' occurs twice",
        ),
        ("a.pts", "photo: b.png\nscore: high\n{\n1 1\n}", r"a\.pts, line 2, score: expected one"),
        (
            "a.pts",
            "photo: b.png\nlandmark_sigma: 1 2\n{\n1 1\n}",
            r"a\.pts, line 2, landmark_sigma: expected 1 finite numbers",
        ),
    ],
)
def test_broken_files_name_file_and_line(tmp_path, name, text, reason):
    photo(tmp_path, "b.png")
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInputError, match=reason):
        read_annotations(tmp_path if name.endswith(".pts") else tmp_path / name)


def test_broken_coco_annotation_and_wflw_attributes_name_the_line(tmp_path):
    faces = faces_of(WFLW_98, tmp_path)
    [path] = write_coco(faces, tmp_path / "a.json", WFLW_98)
    path.write_text(path.read_text("utf-8").replace('"score": 0.8,', '"score": "high",'))
    with pytest.raises(InvalidInputError, match=r"a\.json, line 8, annotations\[1\]: score: exp"):
        read_annotations(path)
    path, more = write_wflw(faces, tmp_path / "a.txt")
    more.write_text(more.read_text().replace('"score": 0.8,', '"score": "high",'))
    with pytest.raises(InvalidInputError, match=r"a\.attributes\.json, line 3, score: expected"):
        read_annotations(path)


def test_lists_of_wflw_hold_98_points(tmp_path):
    with pytest.raises(InvalidInputError, match=r"a & ü\.png has 68 points; lists of WFLW hold 98"):
        write_wflw(faces_of(IBUG_68, tmp_path), tmp_path / "a.txt")


def test_two_photos_of_one_name_are_refused(tmp_path):
    face = faces_of(FIVE_POINT, tmp_path)[2]
    twin = replace(face, photo=photo(tmp_path / "more", "b.png"))
    with pytest.raises(InvalidInputError, match="another photo's annotations go to"):
        write_labelme([face, twin], tmp_path, FIVE_POINT)
    with pytest.raises(InvalidInputError, match="another photo's points go to"):
        write_pts([face, twin], tmp_path)


def test_pts_that_names_its_photo_is_read_through_a_relative_path(tmp_path, monkeypatch):
    folder = tmp_path / "labels"
    faces = [replace(face, photo=photo(folder, "b.png")) for face in faces_of(FIVE_POINT, folder)]
    write_pts(faces[2:], folder)
    monkeypatch.chdir(tmp_path)
    [read] = read_annotations(Path("labels"))
    assert read.photo.is_file()
