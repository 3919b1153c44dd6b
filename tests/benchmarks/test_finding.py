"""The measurement of finding faces: its bars, its pictures without faces, what counts as false."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from asmnet_sdk.landmarks.face_crop import FaceCrop
from lab.detection.damages import Scene
from tests.conftest import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"
POINTS = np.random.default_rng(0).uniform(20, 60, (68, 2)).astype(np.float32)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Import a module of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


class OneFace:
    """An aligner that sees one face in every bright picture."""

    def predict(self, image, *, color):
        box = BoundingBox.around(POINTS)
        face = Face(landmarks=POINTS, head_pose=HeadPose(0, 0, 0), box=box, score=0.9)
        return [face] if image.mean() > 99 else []


@pytest.fixture
def folder(tmp_path):
    for name, level in (("bright", 200), ("dark", 20)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((80, 100, 3), level, np.uint8))
    return tmp_path


@pytest.mark.parametrize(
    ("value", "needed", "verdict"),
    [(98, ">=", "met"), (97.9, ">=", "MISSED"), (98, "<=", "met"), (98.1, "<=", "MISSED")],
)
def test_the_bar_itself_is_enough(load, value, needed, verdict):
    bars = load("bars").Bars()
    bars.add("found", value, needed, 98)
    assert bars.rows == [["found", f"{value:g}", f"{needed} 98", verdict]]


def test_two_hundred_different_pictures_are_listed(load):
    packages = load("faceless").listed()
    hashes = [sha256 for files in packages.values() for sha256 in files.values()]
    assert len(hashes) == len(set(hashes)) == 200
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in hashes)


def test_faces_that_somebody_knows_are_not_false(load, folder):
    count = load("false_faces").faces_nobody_else_sees
    known, elsewhere = BoundingBox.around(POINTS), BoundingBox(70, 0, 99, 30)
    photos = [(folder / "bright.png", [elsewhere]), (folder / "dark.png", [])]
    assert count(OneFace(), photos, [lambda image: []]) == 50
    assert count(OneFace(), photos, [lambda image: [elsewhere, known]]) == 0
    assert count(OneFace(), [(folder / "bright.png", [known])], []) == 0


def test_pictures_that_show_a_face_are_named_and_drawn(load, folder, tmp_path):
    show = tmp_path / "show"
    assert load("false_faces").false_faces_in(OneFace(), folder, show=show) == ["bright.png"]
    assert [path.name for path in show.iterdir()] == ["bright.jpg"]


class Doubtful(OneFace):
    """One whose detector doubts the face of a bright picture, so that its tracker waits."""

    def detect(self, image, *, color):
        return [replace(face.box, score=0.5) for face in super().predict(image, color=color)]

    def predict(self, image, boxes=(), *, color):
        faces = super().predict(image, color=color)
        return [replace(face, box=box) for face, box in zip(faces, boxes, strict=True)]

    def cut(self, image, boxes, *, color):
        return [FaceCrop(pixels=image, matrix=np.eye(2, 3), clockwise_degrees=0, box=boxes[0])]

    def align(self, crops):
        looks = [self.predict(crop.pixels, [crop.box], color="rgb") for crop in crops]
        return [face for [face] in looks]


@pytest.mark.parametrize(("level", "expected"), [(200, 3), (20, np.inf)])
def test_the_frame_is_told_that_shows_a_face_first(load, monkeypatch, level, expected):
    appearing = load("appearing")
    picture = np.full((480, 640, 3), level, np.uint8)
    monkeypatch.setattr(appearing, "_LARGER_EACH_FRAME", 0.0)
    scene = Scene(picture=picture, landmarks=POINTS)
    assert appearing.frames_until_shown(Doubtful(), [scene]) == [expected]


def test_a_face_comes_nearer_and_stays_in_the_frame(load):
    scene = Scene(picture=np.full((400, 500, 3), 9, np.uint8), landmarks=POINTS + 150)
    frames, boxes = zip(*load("appearing")._nearing(scene), strict=True)
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert boxes[-1].width / boxes[0].width == pytest.approx(1.45)
    assert all(min(box) > 0 and box.x_max < 640 and box.y_max < 480 for box in boxes)


def test_the_video_shows_every_picture_in_frames_of_one_size(load):
    frames = list(load("false_faces")._panned(np.full((400, 500, 3), 9, np.uint8)))
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert all((frame == 9).mean() > 0.99 for frame in frames)
