from __future__ import annotations

import json
import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest

from asmnet_sdk import IBUG_68, WFLW_98, FaceAligner, InvalidInputError, draw_faces
from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.layouts import layout_from_table, layout_to_table
from tests.dot_model import BOX, METADATA, picture_with_dots, write_dot_model

MUZZLE = {
    "name": "MUZZLE_5",
    "points": ["right_ear", "left_ear", "nose", "chin_right", "chin_left"],
    "mirror": [["right_ear", "left_ear"], ["chin_right", "chin_left"]],
    "normalise_by": ["right_ear", "left_ear"],
    "contours": {"muzzle": ["nose", "chin_right", "chin_left", "nose"], "ears": ["right_ear"]},
}
SIXTY_EIGHT = {
    "name": "DOTS_68",
    "points": [f"dot_{i}" for i in range(68)],
    "normalise_by": ["dot_0", "dot_1"],
    "contours": {"line": ["dot_0", "dot_1", "dot_2"]},
}


def test_a_table_declares_a_layout():
    layout = layout_from_table(MUZZLE)
    assert (layout.name, layout.point_count) == ("MUZZLE_5", 5)
    assert layout.mirror == (1, 0, 2, 4, 3)
    assert layout.eye_corners == (0, 1)
    assert layout.edges == ((2, 3), (3, 4), (4, 2))
    assert layout.point_names[2] == "nose"
    assert pickle.loads(pickle.dumps(layout)) == layout


def test_tables_and_layouts_turn_into_each_other():
    assert layout_to_table(layout_from_table(MUZZLE)) == MUZZLE
    for layout in (IBUG_68, WFLW_98):
        again = layout_from_table(layout_to_table(layout) | {"name": "OTHER"})
        assert (again.mirror, again.eye_corners) == (layout.mirror, layout.eye_corners)
        assert again.edges == layout.edges
        assert again.point_names == layout.point_names


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "IBUG_68"}, "name is 'IBUG_68'; needed: one that is not taken"),
        ({"points": ["a"]}, "2 to 2000 points"),
        ({"points": ["a", "a"]}, "named once"),
        ({"points": "many"}, "points is 'many'; needed: a list of names"),
        ({"normalise_by": ["nose"]}, "normalise_by is .* needed: two points"),
        ({"normalise_by": ["nose", "tail"]}, "names 'tail', which is none of the points"),
        ({"mirror": [["nose", "left_ear"], ["nose", "right_ear"]]}, "twice"),
        ({"mirror": 3}, "mirror is no list"),
        ({"contours": ["nose"]}, "contours are no table"),
        ({"mirrors": []}, "unknown key mirrors"),
        ({"shares_points_of": "IBUG_68"}, "shares_points_of is 'IBUG_68'; needed: one of"),
        ({"shares_points_of": ["IBUG_68"]}, "shares_points_of is"),
    ],
)
def test_tables_that_declare_none_are_refused(changes, reason):
    with pytest.raises(InvalidInputError, match=reason):
        layout_from_table(MUZZLE | changes)


def test_a_model_file_with_a_layout_of_its_own_is_used_as_any_other(tmp_path):
    metadata = replace(METADATA, layout="DOTS_68", layout_table=SIXTY_EIGHT)
    path = write_dot_model(tmp_path / "own.onnx", metadata=metadata)
    aligner = FaceAligner(path, device="cpu")
    assert aligner.layout == layout_from_table(SIXTY_EIGHT)
    picture = picture_with_dots((120, 90), (40, 30), (60, 34), (52, 60))
    [face] = aligner.predict(picture, BOX, color="rgb")
    np.testing.assert_allclose(face.landmarks[1], (60, 34), atol=0.2)
    assert face.layout.point_names[1] == "dot_1"
    drawn = draw_faces(picture, [face], color="rgb", boxes=False, head_pose=False)
    assert drawn[32, 50].max() > 100  # on the line from the first to the second dot
    assert face.to_dict()["layout"] == "DOTS_68"


def test_a_model_file_whose_layout_is_broken_is_refused(tmp_path):
    broken = SIXTY_EIGHT | {"points": ["one", "two"]}
    metadata = replace(METADATA, layout="DOTS_68", layout_table=broken)
    path = write_dot_model(tmp_path / "own.onnx", metadata=metadata)
    with pytest.raises(ModelFileError, match="its layout is broken"):
        FaceAligner(path, device="cpu")


def test_annotations_are_judged_in_the_layout_of_the_model(tmp_path, capsys):
    from asmnet_sdk.cli.program import main

    metadata = replace(METADATA, layout="DOTS_68", layout_table=SIXTY_EIGHT)
    path = write_dot_model(tmp_path / "own.onnx", metadata=metadata)
    dots = ((40, 30), (60, 34), (52, 60))
    folder = tmp_path / "test" / "dots"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), picture_with_dots((120, 90), *dots)[:, :, ::-1])
    lines = "".join(f"{x + 2} {y + 1}\n" for x, y in (dots[i % 3] for i in range(68)))
    (folder / "a.pts").write_text(f"{{\n{lines}}}\n")
    figures = tmp_path / "f.json"
    words = ["--model", str(path), "--json", str(figures), "--offline"]
    assert main(["evaluate", str(tmp_path / "test"), *words]) == 0
    [record] = json.loads(figures.read_text())
    assert record["nme_percent"] == pytest.approx(100 / np.hypot(20, 4), abs=0.3)
