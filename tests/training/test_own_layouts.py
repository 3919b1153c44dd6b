"""Layouts of one's own, from the configuration to all that reads the exported model's faces."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import (
    IBUG_68,
    BoundingBox,
    Face,
    FaceAligner,
    FaceTracker,
    HeadPose,
    draw_faces,
    warp_face,
)
from asmnet_sdk.cli import main
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.images.samples import PORTRAIT_BOX, sample_photo
from asmnet_sdk.labelling import Review, write_labels
from asmnet_sdk.layouts import layout_from_table
from asmnet_sdk.training.configuration import Recipe, RunConfig
from asmnet_sdk.training.run_faces import read_faces
from tests.dot_model import METADATA, write_dot_model
from tests.dotted_faces import write_dotted_photos
from tests.example_boxes import ASTRONAUT_BOX

# Fewer points than the photos have: those of the same names.
FEWER = {
    "name": "CORNERS_7",
    "points": [
        *(f"right_eye_{i}" for i in (0, 3)),
        *(f"left_eye_{i}" for i in (0, 3)),
        "nose_bridge_3",
        "outer_lip_0",
        "outer_lip_6",
    ],
    "mirror": [
        ["right_eye_0", "left_eye_3"],
        ["right_eye_3", "left_eye_0"],
        ["outer_lip_0", "outer_lip_6"],
    ],
    "normalise_by": ["right_eye_0", "left_eye_3"],
    "contours": {"mouth": ["outer_lip_0", "outer_lip_6"]},
    "shares_points_of": "IBUG_68",
}
# More points, and others: those of iBUG and the middle of each line between two of them.
MIDDLES = [f"middle_{i}" for i in range(len(IBUG_68.edges))]
MORE = {
    "name": f"IBUG_AND_{len(MIDDLES)}_MORE",
    "points": [*IBUG_68.point_names, *MIDDLES],
    "normalise_by": ["right_eye_0", "left_eye_3"],
    "contours": {"jaw": ["jaw_0", "middle_0", "jaw_1"]},
    "shares_points_of": "IBUG_68",
}


def toml_of(table: dict[str, object]) -> str:
    return (
        "".join(
            f"{'' if key != 'contours' else 'layout.'}{key} = {json.dumps(value)}\n"
            for key, value in table.items()
            if key != "contours"
        )
        + "[layout.contours]\n"
        + "".join(f"{name} = {json.dumps(points)}\n" for name, points in table["contours"].items())
    )


def with_middles(landmarks: np.ndarray) -> np.ndarray:
    first, second = np.array(IBUG_68.edges).T
    return np.concatenate([landmarks, (landmarks[first] + landmarks[second]) / 2])


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_dotted_photos(tmp_path_factory.mktemp("photos") / "test", 16)


@pytest.fixture(scope="module")
def dense_labels(photos, tmp_path_factory) -> Path:
    """The same photos, labelled with all points of MORE in a file of CVAT."""
    faces = [
        AnnotatedFace(photo=f.photo, subset="dots", landmarks=with_middles(f.landmarks))
        for f in read_annotations(photos)
    ]
    path = tmp_path_factory.mktemp("labels") / "dense.xml"
    write_labels(faces, "cvat", path, layout_from_table(MORE))
    return path


@pytest.fixture(scope="module")
def more(dense_labels, tmp_path_factory) -> Path:
    """A network of all points, trained a little from the default model, and exported."""
    folder = tmp_path_factory.mktemp("more")
    config, model = folder / "run.toml", folder / "mine.onnx"
    config.write_text(
        f"out = {json.dumps(str(folder / 'run'))}\nphotos = {json.dumps([str(dense_labels)])}\n"
        'start_from = "asmnet-68"\nepochs = 4\nsize = 64\nbatch_size = 4\nfrozen_blocks = 13\n'
        f"[layout]\n{toml_of(MORE)}"
    )
    assert main(["train", str(config)]) == 0
    assert main(["export", str(folder / "run"), str(model), "--licence", "MIT"]) == 0
    return model


@pytest.fixture(scope="module")
def fewer(tmp_path_factory) -> Path:
    """A model of the few points, as if it had been trained."""
    metadata = replace(METADATA, layout=FEWER["name"], layout_table=FEWER)
    return write_dot_model(
        tmp_path_factory.mktemp("fewer") / "few.onnx", metadata=metadata, points=7
    )


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return cv2.imread(str(sample_photo("portrait")))


@pytest.fixture(scope="module")
def faces(fewer, more, portrait) -> list[Face]:
    """A face in each layout, found in the portrait."""
    box = BoundingBox(*ASTRONAUT_BOX)
    return [FaceAligner(file, device="cpu").predict(portrait, box)[0] for file in (fewer, more)]


def test_exported_models_declare_their_layouts(faces):
    assert [face.layout for face in faces] == [layout_from_table(t) for t in (FEWER, MORE)]
    assert [face.landmarks.shape for face in faces] == [(7, 2), (68 + len(MIDDLES), 2)]


def test_photos_with_more_points_train_those_of_the_same_names(photos):
    layout = layout_from_table(FEWER)
    config = RunConfig(out=Path("none"), photos=(photos,), recipe=Recipe(epochs=1))
    training, validation = read_faces(config, layout)
    every = {face.name: face for face in read_annotations(photos)}
    for face in (*training, *validation):
        chosen = every[face.name].landmarks[[36, 39, 42, 45, 30, 48, 54]]
        np.testing.assert_array_equal(face.landmarks, chosen)


def test_points_of_the_same_names_are_those_of_the_package(faces):
    few, many = faces
    landmarks = many.to_layout("IBUG_68").landmarks
    np.testing.assert_array_equal(landmarks, many.landmarks[:68])
    assert many.five_points.shape == (5, 2)
    assert len(many.eye_openness) == 2
    assert few.to_dict()["eye_openness"] is None
    assert many.to_dict()["eye_openness"] is not None


def test_records_restore_their_layout(faces):
    for face in faces:
        again = Face.from_dict(json.loads(json.dumps(face.to_dict())))
        assert again.layout == face.layout
        np.testing.assert_allclose(again.landmarks, face.landmarks, atol=1e-3)


def test_warp_takes_five_points_by_name(faces, portrait):
    many = warp_face(portrait, faces[1])
    same = warp_face(portrait, faces[1].to_layout(IBUG_68))
    np.testing.assert_array_equal(many.image, same.image)


def test_drawing_shows_the_lines_declared(faces, portrait):
    bare = draw_faces(portrait, [faces[1]], contours=False)
    assert (draw_faces(portrait, [faces[1]]) != bare).any()
    for face in faces:
        assert face._repr_html_().count("<circle") == face.layout.point_count


def test_tracker_follows_faces_of_the_layout(fewer, portrait):
    aligner = FaceAligner(fewer, detector=lambda _: [PORTRAIT_BOX], device="cpu", min_score=0)
    tracker = FaceTracker(aligner)
    seen = [tracker.update(portrait) for _ in range(3)]
    for faces in seen[1:]:
        assert [face.layout.name for face in faces] == ["CORNERS_7"] * len(faces)
        assert [face.track_id for face in faces] == [face.track_id for face in seen[1]]


def test_annotations_with_more_points_judge_the_points_that_both_have(fewer, photos, capsys):
    assert main(["evaluate", str(photos), "--model", str(fewer), "--offline"]) == 0
    assert "judged at the 7 points of CORNERS_7; annotated: 68" in capsys.readouterr().out


def test_annotations_of_the_layout_and_of_the_package_judge_a_model_with_more(
    more, photos, dense_labels, tmp_path, capsys
):
    page = tmp_path / "worst.html"
    words = ["--model", str(more), "--offline", "--report", str(page)]
    assert main(["evaluate", str(dense_labels), *words]) == 0
    assert "judged at" not in capsys.readouterr().out
    assert page.read_text().count('<tr role="row">') == 17
    assert main(["evaluate", str(photos), "--model", str(more), "--offline"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("dots       16  ")


@pytest.mark.parametrize("kind", ["pts", "coco", "labelme", "cvat"])
def test_labels_are_proposed_and_reviewed_in_every_format(more, portrait, tmp_path, kind):
    cv2.imwrite(str(tmp_path / "a.png"), portrait)
    suffix = {"coco": "l.json", "cvat": "l.xml"}.get(kind, "labels")
    out, layout = tmp_path / suffix, layout_from_table(MORE)
    words = ["--format", kind, "--out", str(out), "--model", str(more), "--min-score", "0"]
    assert main(["label", str(tmp_path / "a.png"), *words, "--offline"]) == 0
    [face, *_] = read_annotations(out, layouts=[layout])
    assert face.landmarks.shape == (layout.point_count, 2)
    named = Review(out, layout=layout).to_dict()
    assert named["names"] == list(layout.point_names)
    alone = Review(out)  # without the model
    if kind != "pts":
        assert alone.to_dict()["names"] == named["names"]
    record = alone.to_dict()["photos"][0]["faces"]
    record[0]["landmarks"][3] = [12.5, 34.25]
    alone.save(0, record)
    after = read_annotations(out, layouts=[layout])[0].landmarks
    assert after[3].tolist() == [12.5, 34.25]
    np.testing.assert_allclose(np.delete(after, 3, 0), np.delete(face.landmarks, 3, 0), atol=0.01)


def test_wflw_lists_refuse_other_than_98_points(more, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), cv2.imread(str(sample_photo("portrait"))))
    words = ["--format", "wflw", "--out", str(tmp_path / "l.txt"), "--model", str(more)]
    assert main(["label", str(tmp_path), *words, "--min-score", "0", "--offline"]) == 1
    assert "lists of WFLW hold 98" in capsys.readouterr().err


def test_predict_writes_csv_json_and_report(fewer, tmp_path):
    table, page, record = (tmp_path / name for name in ("f.csv", "r.html", "f.json"))
    words = ["--csv", str(table), "--report", str(page), "--json", str(record)]
    words += ["--model", str(fewer), "--min-score", "0", "--max-faces", "1", "--offline"]
    assert main(["predict", str(sample_photo("portrait")), *words]) == 0
    [row] = csv.DictReader(table.read_text().splitlines())
    assert (row["layout"], row["mouth_openness"]) == ("CORNERS_7", "")
    assert "x6" in row
    assert "x7" not in row
    [photo] = json.loads(record.read_text())
    assert Face.from_dict(photo["faces"][0]).layout == layout_from_table(FEWER)
    assert "/ 7" in page.read_text()


def test_published_card_names_the_points(fewer, photos, tmp_path, capsys):
    figures, model = tmp_path / "figures.json", tmp_path / "mine.onnx"
    model.write_bytes(fewer.read_bytes())
    words = ["--model", str(fewer), "--json", str(figures), "--offline"]
    assert main(["evaluate", str(photos), *words]) == 0
    words = ["--figures", str(figures), "--measured-on", "dots", "--repo", "me/mine", "--tag", "v1"]
    assert main(["publish", str(model), *words, "--dry-run"]) == 0
    card = (tmp_path / "mine-hub" / "README.md").read_text()
    assert "CORNERS_7" in card
    assert "`right_eye_0`, `right_eye_3`, `left_eye_0`" in card
    assert "right_eye_0 and left_eye_3" in card


def test_photos_of_other_points_are_refused(photos, tmp_path, capsys):
    unrelated = {"name": "P_7", "points": [f"p{i}" for i in range(7)]}
    unrelated |= {"normalise_by": ["p0", "p1"], "contours": {}}
    config = tmp_path / "run.toml"
    config.write_text(
        f"out = {json.dumps(str(tmp_path / 'run'))}\nphotos = {json.dumps([str(photos)])}\n"
        f"epochs = 1\n[layout]\n{toml_of(unrelated)}"
    )
    assert main(["train", str(config)]) == 1
    assert "has 68 annotated points, P_7 has 7" in capsys.readouterr().err


def test_labels_as_a_face_draw_in_the_layout_declared(dense_labels):
    layout = layout_from_table(MORE)
    annotated = read_annotations(dense_labels, layouts=[layout])[0]
    face = Face(
        landmarks=annotated.landmarks,
        box=BoundingBox.around(annotated.landmarks),
        head_pose=HeadPose(0, 0, 0),
        layout=layout,
    )
    assert draw_faces(annotated.photo, [face]).shape == (384, 384, 3)
