from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from asmnet_sdk import IBUG_68, InvalidInputError
from asmnet_sdk.datasets import read_annotations, write_pts
from asmnet_sdk.labelling import Review, doubt_percent, kept_copy, label_files, write_labels
from asmnet_sdk.layouts import layout_from_table
from tests.labelling.faces import POINTS, face_at, write_label_files


def moved(record: dict, point: int, by: float) -> dict:
    """Return a face as the page sends it, with one point moved to the right."""
    points = [list(place) for place in record["landmarks"]]
    points[point][0] += by
    return {"landmarks": points, "landmark_visible": record["landmark_visible"]}


def test_least_certain_photo_comes_first(tmp_path):
    review = Review(write_label_files(tmp_path, "coco"))
    page = review.to_dict()
    assert [photo["name"] for photo in page["photos"]] == ["b.png", "a.png"]
    assert page["photos"][0]["faces"][0]["doubt_percent"] == pytest.approx(100 * 5 / 60, abs=0.01)
    assert page["names"][0] == "right_eye"
    assert page["edges"] == [[3, 4]]


@pytest.mark.parametrize("kind", ["pts", "coco", "labelme", "cvat"])
def test_save_writes_the_photo_and_keeps_one_copy(tmp_path, kind):
    path = write_label_files(tmp_path, kind)
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.suffix != ".png"}
    review = Review(path)
    faces = review.to_dict()["photos"][0]["faces"]
    review.save(0, [moved(faces[0], 2, 7.5), faces[1]])
    faces[1]["landmark_visible"][0] = 0
    files = review.save(0, [moved(faces[0], 2, 7.5), faces[1]])
    for copy in review.copies:
        assert copy.read_bytes() == before[copy.with_suffix("")]
    copied = [copy.with_suffix("") for copy in review.copies]
    assert sorted(copied) == sorted(file for file in files if file in before)
    again = {f.photo.name: f for f in reversed(read_annotations(path))}
    np.testing.assert_allclose(again["b.png"].landmarks[2], POINTS[2] + [7.5, 0], atol=0.01)
    np.testing.assert_allclose(again["b.png"].landmark_sigma, [5, 5, 0, 5, 5], atol=0.01)
    np.testing.assert_allclose(again["a.png"].landmarks, POINTS, atol=0.01)
    second = read_annotations(path)[-1] if kind in ("pts", "labelme") else read_annotations(path)[1]
    assert second.landmark_visible[0] == 0


def test_a_confirmed_face_is_by_hand_and_keeps_its_points(tmp_path):
    path = write_label_files(tmp_path, "coco")
    review = Review(path)
    faces = review.to_dict()["photos"][0]["faces"]
    review.save(0, [{**faces[0], "confirmed": True}, faces[1]])
    first, second, other = read_annotations(path)
    assert first.is_by_hand.all()
    assert not second.is_by_hand.any()
    assert not other.is_by_hand.any()
    np.testing.assert_allclose(first.landmarks, POINTS, atol=1e-3)


@pytest.mark.parametrize("kind", ["pts", "coco", "labelme", "cvat"])
def test_a_face_left_out_is_no_label_until_it_is_taken_back(tmp_path, kind):
    path = write_label_files(tmp_path, kind)
    before = {file.name for file in tmp_path.iterdir()}
    review = Review(path)
    faces = review.to_dict()["photos"][0]["faces"]
    assert [face["left_out"] for face in faces] == [False, False]
    review.save(0, [{**faces[0], "left_out": True}, faces[1]])
    assert [face["left_out"] for face in review.to_dict()["photos"][0]["faces"]] == [True, False]
    (left,) = (face for face in read_annotations(path) if face.photo.name == "b.png")
    np.testing.assert_allclose(left.landmarks, POINTS + 40, atol=0.01)
    review.save(0, faces)
    assert len(read_annotations(path)) == 3
    assert {f.name for f in tmp_path.iterdir() if ".bak" not in f.name} == before


@pytest.mark.parametrize("kind", ["pts", "labelme"])
def test_a_photo_whose_faces_are_all_left_out_keeps_no_label_file_but_the_copy(tmp_path, kind):
    path = write_label_files(tmp_path, kind)
    review = Review(path)
    faces = review.to_dict()["photos"][0]["faces"]
    assert review.save(0, [{**face, "left_out": True} for face in faces]) == []
    assert [face.photo.name for face in read_annotations(path)] == ["a.png"]
    assert all(copy.exists() for copy in review.copies)
    assert len(review.copies) == (2 if kind == "pts" else 1)


def test_what_another_program_wrote_meanwhile_is_copied_too(tmp_path):
    path = write_label_files(tmp_path, "coco")
    review = Review(path)
    faces = review.to_dict()["photos"][0]["faces"]
    review.save(0, faces)
    path.write_text("someone else's")
    review.save(0, faces)
    assert [copy.name for copy in review.copies] == ["labels.json.bak", "labels.json.bak2"]
    assert review.copies[1].read_text() == "someone else's"


@pytest.mark.parametrize(
    ("index", "faces", "reason"),
    [
        (2, [], "there is no photo 2; there are 2"),
        (1, [], r"a\.png has 1 faces, not 0"),
        (1, [{"landmarks": [[1, 2]], "landmark_visible": [1]}], r"shape \(1, 2\), not \(5, 2\)"),
        (1, [{"landmarks": "many"}], "expected landmarks and landmark_visible"),
        (
            1,
            [{"landmarks": [[float("nan"), 2]] * 5, "landmark_visible": [1] * 5}],
            "coordinates are not finite",
        ),
        (1, [{"landmarks": [[1, 2]] * 5, "landmark_visible": [1]}], "expected 5 finite numbers"),
    ],
)
def test_faces_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path, index, faces, reason):
    path = write_label_files(tmp_path, "coco")
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match=reason):
        Review(path).save(index, faces)
    assert path.read_bytes() == before


def test_pictures_that_browsers_lack_are_shown_as_png(tmp_path):
    path = write_label_files(tmp_path, "coco")
    review = Review(path)
    assert review.picture(0) == ("image/png", (tmp_path / "b.png").read_bytes())
    cv2.imwrite(str(tmp_path / "c.bmp"), np.full((240, 320, 3), 7, np.uint8))
    (tmp_path / "c.bmp").replace(tmp_path / "b.png")
    kind, data = review.picture(0)
    assert kind == "image/png"
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (240, 320, 3)


def test_faces_of_several_layouts_are_refused(tmp_path):
    write_label_files(tmp_path, "pts")
    (tmp_path / "a.pts").write_text("photo: a.png\n{\n1 1\n}\n")
    with pytest.raises(InvalidInputError, match="faces of 1, 5 points"):
        Review(tmp_path)


def test_doubt_is_the_error_radius_over_the_size_of_the_face(tmp_path):
    face = face_at(tmp_path / "a.png", sigma=3)
    assert doubt_percent(face) == pytest.approx(100 * 3 / 60)


def test_copies_never_take_a_name_that_is_taken(tmp_path):
    (tmp_path / "a.pts").write_text("1")
    assert kept_copy(tmp_path / "a.pts").name == "a.pts.bak"
    (tmp_path / "a.pts").write_text("2")
    assert kept_copy(tmp_path / "a.pts").name == "a.pts.bak2"
    assert (tmp_path / "a.pts.bak").read_text() == "1"


def test_label_files_of_a_photo_hold_all_its_faces(tmp_path):
    photo = tmp_path / "a.png"
    cv2.imwrite(str(photo), np.zeros((9, 9, 3), np.uint8))
    write_pts([face_at(photo), face_at(photo)])
    files = label_files([photo], "pts", None)
    assert [file.name for file in files] == ["a.pts", "a_face2.pts"]
    with pytest.raises(InvalidInputError, match=r"coco labels go into one \.json file"):
        label_files([photo], "coco", tmp_path)


def test_label_files_of_another_photo_are_left_alone(tmp_path):
    photos = [tmp_path / name for name in ("anna.png", "anna_facemask.png")]
    for photo in photos:
        cv2.imwrite(str(photo), np.zeros((9, 9, 3), np.uint8))
        write_pts([face_at(photo)])
    assert [file.name for file in label_files(photos[:1], "pts", None)] == ["anna.pts"]


def test_a_file_that_a_save_writes_over_is_copied_too(tmp_path):
    """a_1.json is of a.png; what the save writes is a.json, which is of b.png."""
    write_label_files(tmp_path, "labelme")
    (tmp_path / "a.json").rename(tmp_path / "a_1.json")
    (tmp_path / "b.json").rename(tmp_path / "a.json")
    before = (tmp_path / "a.json").read_bytes()
    review = Review(tmp_path)
    photos = review.to_dict()["photos"]
    [index] = [i for i, photo in enumerate(photos) if photo["name"] == "a.png"]
    review.save(index, photos[index]["faces"])
    assert (tmp_path / "a.json.bak").read_bytes() == before


OWN_NAMES = ["right_ear", "left_ear", "nose", "chin_right", "chin_left"]
OWN = {"name": "MUZZLE_5", "points": OWN_NAMES, "normalise_by": OWN_NAMES[:2]}
OWN |= {"contours": {"chin": ["chin_right", "nose", "chin_left"]}}


@pytest.mark.parametrize("kind", ["coco", "labelme", "cvat"])
def test_names_that_labels_state_are_shown_and_kept(tmp_path, kind):
    """Five points are not taken for the package's five where they have names of their own."""
    path = write_label_files(tmp_path, kind)
    layout = layout_from_table(OWN)
    faces = read_annotations(path)
    write_labels(faces, kind, path, layout)
    review = Review(path)
    page = review.to_dict()
    assert page["names"] == OWN_NAMES
    assert page["edges"] == ([[3, 2], [2, 4]] if kind == "coco" else [])
    record = page["photos"][0]["faces"]
    review.save(0, [moved(record[0], 2, 7.5), *record[1:]])
    again = read_annotations(path, layouts=[layout])
    assert len(again) == 3
    assert Review(path).to_dict()["names"] == OWN_NAMES


def test_points_that_nothing_names_are_numbered(tmp_path):
    photo = tmp_path / "a.png"
    cv2.imwrite(str(photo), np.full((240, 320, 3), 128, np.uint8))
    write_pts([replace(face_at(photo), landmarks=POINTS[:4], landmark_visible=None,
                       landmark_sigma=None)])  # fmt: skip
    assert Review(tmp_path).to_dict()["names"] == [f"point_{i}" for i in range(4)]
    with pytest.raises(InvalidInputError, match="the faces have 4 points, IBUG_68 has 68"):
        Review(tmp_path, layout=IBUG_68)
