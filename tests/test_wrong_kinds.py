"""What is given to a public call may be of any kind: it works, or an error of the package says why.

Each argument of each call in turn is replaced by values of other kinds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asmnet_sdk
from asmnet_sdk import (
    AsmnetDetector,
    AsmnetError,
    BoundingBox,
    DrawingStyle,
    Face,
    FaceAligner,
    FaceTracker,
    HeadPose,
    InvalidInputError,
    YuNetDetector,
    draw_faces,
    faces_to_csv,
    faces_to_json,
    load_image,
    sample_photo,
    warp_face,
)
from asmnet_sdk.datasets import (
    AnnotatedFace,
    find_head_pose_file,
    read_300w,
    read_annotations,
    read_coco,
    read_cvat,
    read_head_poses,
    read_labelme,
    read_pts,
    read_wflw,
    write_coco,
    write_cvat,
    write_labelme,
    write_pts,
    write_wflw,
)
from asmnet_sdk.images import read_image_header
from asmnet_sdk.interop import normalized_landmarks
from asmnet_sdk.labelling import doubt_percent, least_certain_first, write_labels
from asmnet_sdk.layouts import IBUG_68
from tests.dot_model import write_dot_model
from tests.square_detector import write_square_detector

PHOTO = np.zeros((60, 80, 3), np.uint8)
BOX = (20.0, 10.0, 60.0, 50.0)
FACE = Face(
    landmarks=np.random.default_rng(0).uniform(20, 50, (68, 2)),
    head_pose=HeadPose(1, 2, 3),
    box=BoundingBox(*BOX),
    score=0.9,
    landmark_sigma=np.ones(68),
    landmark_visible=np.ones(68),
)
ODD: tuple[Any, ...] = (
    None, 1, -1, 1.5, math.nan, 2**70, 1j, "x", b"x", "a\0b", [], [1], [None], (1, 2), {}, {"a": 1},
    object(), lambda *_: 1, range(3), np.zeros(3), np.array(None), np.zeros((2, 2), object),
    [[1, 2], [3]], FACE, [FACE], [FACE, 1], PHOTO,
)  # fmt: skip

Call = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]


def defaults(function: Callable[..., object]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {
        p.name: p.default
        for p in parameters
        if p.default is not p.empty and p.kind == p.KEYWORD_ONLY
    }


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> dict[str, Call]:
    """Return each public call by name, with arguments that it takes."""
    folder = tmp_path_factory.mktemp("models")
    detector = AsmnetDetector(write_square_detector(folder / "squares.onnx"), threads=1)
    model = write_dot_model(folder / "dots.onnx")
    aligner = FaceAligner(model, detector=detector, device="cpu", threads=1)
    crops = aligner.cut(PHOTO, BOX)
    warped = warp_face(PHOTO, FACE)
    tracker = FaceTracker(aligner)
    annotated = AnnotatedFace(photo=sample_photo(), subset="a", landmarks=FACE.landmarks)
    box, color = FACE.box, {"color": "bgr"}
    out = folder / "out"

    def update(*args: Any, **options: Any) -> object:
        tracker.reset()
        return tracker.update(*args, **options)

    return {
        "FaceAligner": (FaceAligner, (model,), defaults(FaceAligner)),
        "predict": (aligner.predict, (PHOTO, BOX), color),
        "predict_crop": (aligner.predict_crop, (PHOTO,), color),
        "predict_batch": (
            aligner.predict_batch, ([PHOTO], [BOX]), {**color, "return_errors": False}
        ),
        "predict_stream": (
            lambda *a, **o: list(aligner.predict_stream(*a, **o)), ([PHOTO],), color
        ),
        "detect": (aligner.detect, (PHOTO,), color),
        "cut": (aligner.cut, (PHOTO, BOX), color),
        "align": (aligner.align, (crops,), {}),
        "AsmnetDetector": (AsmnetDetector, (model,), {}),
        "AsmnetDetector.detect": (detector.detect, (PHOTO,), {}),
        "YuNetDetector": (YuNetDetector, (model,), {}),
        "FaceTracker": (FaceTracker, (aligner,), defaults(FaceTracker)),
        "update": (update, (PHOTO,), {"timestamp": 1.0, **color}),
        "load_image": (load_image, (PHOTO,), defaults(load_image)),
        "read_image_header": (read_image_header, (b"",), {}),
        "sample_photo": (sample_photo, ("group",), {}),
        "draw_faces": (draw_faces, (PHOTO, [FACE]), defaults(draw_faces)),
        "DrawingStyle": (
            lambda **o: draw_faces(PHOTO, [FACE], style=DrawingStyle(**o), sigma=True),
            (), {f.name: getattr(DrawingStyle(), f.name) for f in dataclasses.fields(DrawingStyle)},
        ),
        "warp_face": (warp_face, (PHOTO, FACE, "arcface", 112), color),
        "paste_back": (warped.paste_back, (PHOTO, warped.image), {"feather": 0.1}),
        "faces_to_json": (faces_to_json, ({"a": [FACE]},), {"indent": 2}),
        "faces_to_csv": (faces_to_csv, ({"a": [FACE]},), {}),
        "normalized_landmarks": (normalized_landmarks, (FACE, (80, 60)), {}),
        "BoundingBox": (
            lambda *a, **o: repr(BoundingBox(*a, **o)), BOX, {"score": None, "roll": None}
        ),
        "from_xywh": (BoundingBox.from_xywh, BOX, {"score": None, "roll": None}),
        "around": (BoundingBox.around, (FACE.landmarks,), {}),
        "iou": (box.iou, (box,), {}),
        "scaled": (box.scaled, (2,), {}),
        "clipped": (box.clipped, (80, 60), {}),
        "HeadPose": (lambda *a: repr(HeadPose(*a)), (1, 2, 3), {}),
        "from_matrix": (HeadPose.from_matrix, (FACE.head_pose.rotation_matrix,), {}),
        "angle_between": (FACE.head_pose.angle_between, (FACE.head_pose,), {}),
        "Face": (
            lambda **o: repr(Face(**o)), (), {name: getattr(FACE, name) for name in Face.__slots__}
        ),
        "part": (FACE.part, ("jaw",), {}),
        "to_layout": (FACE.to_layout, ("FIVE_POINT",), {}),
        "from_dict": (Face.from_dict, (FACE.to_dict(),), {}),
        **{
            read.__name__: (read, (folder,), {})
            for read in (
                find_head_pose_file, read_300w, read_annotations, read_coco, read_cvat,
                read_head_poses, read_labelme, read_pts, read_wflw,
            )
        },
        "write_coco": (write_coco, ([annotated], out / "a.json", IBUG_68), {}),
        "write_cvat": (write_cvat, ([annotated], out / "a.xml", IBUG_68), {}),
        "write_labelme": (write_labelme, ([annotated], out, IBUG_68), {}),
        "write_pts": (write_pts, ([annotated], out), {}),
        "write_wflw": (write_wflw, ([annotated], out / "a.txt"), {}),
        "write_labels": (write_labels, ([annotated], "pts", out, IBUG_68), {}),
        "doubt_percent": (doubt_percent, (annotated,), {}),
        "least_certain_first": (least_certain_first, ([annotated],), {}),
    }  # fmt: skip


NAMES = (
    "FaceAligner", "predict", "predict_crop", "predict_batch", "predict_stream", "detect", "cut",
    "align", "AsmnetDetector", "AsmnetDetector.detect", "YuNetDetector", "FaceTracker", "update",
    "load_image", "read_image_header", "sample_photo", "draw_faces", "DrawingStyle", "warp_face",
    "paste_back", "faces_to_json", "faces_to_csv", "normalized_landmarks", "BoundingBox",
    "from_xywh", "around", "iou", "scaled", "clipped", "HeadPose", "from_matrix", "angle_between",
    "Face", "part", "to_layout", "from_dict", "find_head_pose_file", "read_300w",
    "read_annotations", "read_coco", "read_cvat", "read_head_poses", "read_labelme", "read_pts",
    "read_wflw", "write_coco", "write_cvat", "write_labelme", "write_pts", "write_wflw",
    "write_labels", "doubt_percent", "least_certain_first",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("error")
def test_wrong_kind_works_or_is_refused(name, calls, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # writers may take a text for a file name
    call, given, options = calls[name]
    for odd in ODD:
        for place in range(len(given)):
            expect_no_other_error(call, (*given[:place], odd, *given[place + 1 :]), options)
        for key in options:
            expect_no_other_error(call, given, {**options, key: odd})


def expect_no_other_error(
    call: Callable[..., object], given: tuple[Any, ...], options: dict[str, Any]
) -> None:
    with contextlib.suppress(AsmnetError):
        call(*given, **options)


def test_every_call_is_tried(calls):
    assert set(NAMES) == set(calls)
    public = {name for name in asmnet_sdk.__all__ if inspect.isfunction(getattr(asmnet_sdk, name))}
    assert public - {"available_models"} <= set(NAMES)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_faces(PHOTO, [1]), r"faces\[0\] is 1; needed: a Face"),
        (lambda: draw_faces(PHOTO, None), "faces is None; needed: a list of Face objects"),
        (lambda: draw_faces(PHOTO, [FACE], style="red"), "style is 'red'; needed: a DrawingStyle"),
        (
            lambda: DrawingStyle(box_color="red"),
            r"box_color is 'red'; needed: \(red, ",
        ),
        (lambda: warp_face(PHOTO, None), "face is None; needed: a Face"),
        (lambda: faces_to_csv([FACE]), r"faces_by_image is .*; needed: faces by image name"),
        (lambda: FaceTracker(FaceAligner), "aligner is .*; needed: a FaceAligner, or None"),
        (lambda: BoundingBox(1, 2, 3, "4"), "a box has '4'; needed: numbers"),
        (lambda: HeadPose(1, None, 2), "pitch is None; needed: a number of degrees"),
        (lambda: read_annotations(None), "path is None; needed: a path"),
        (lambda: load_image(PHOTO, color="BGR"), "color is 'BGR'; needed: 'bgr' or 'rgb'"),
    ],
)
def test_error_says_what_came_and_what_is_needed(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_crops_of_another_kind_are_named(calls):
    align = calls["align"][0]
    with pytest.raises(InvalidInputError, match="crops is None; needed: a list of FaceCrop"):
        align(None)
    with pytest.raises(InvalidInputError, match=r"crops\[0\] is array"):
        align([PHOTO])


def test_annotations_may_be_named_by_a_text(tmp_path):
    face = AnnotatedFace(photo=sample_photo(), subset="a", landmarks=FACE.landmarks)
    [file] = write_pts([face], str(tmp_path))
    assert read_pts(str(file)) == pytest.approx(FACE.landmarks, abs=1e-3)
    assert Path(file).parent == tmp_path
