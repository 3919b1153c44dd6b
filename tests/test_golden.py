"""Numbers do not drift: every model in hub/ gives what it gave, with any supported version.

Values were written by ``python -m tests.golden`` with numpy 2.4.6, onnxruntime 1.32.0 and OpenCV
5.0.0. With the oldest versions (numpy 1.24.0, onnxruntime 1.17.0, OpenCV 4.8.0; 2026-11-24, AMD
EPYC) the worst landmark moved by 0.06 % of the face box and the worst angle by 0.02 degrees; of two
8-bit models by 0.26 and 0.85 %, by 0.06 and 0.14 degrees, and landmarks by 0.1 % on average: a crop
that differs in the last bit passes other steps of the quantised network. With onnxruntime 1.23 to
1.32 and Python 3.10 to 3.13 nothing moved by more than 0.001 px.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.golden import (
    BOXES,
    golden_file,
    published_models,
    read_golden,
    run_on_portraits,
)

# Shares of the longer side of the face box, and degrees.
FARTHEST_POINT = {"float": 0.002, "int8": 0.02}
MEAN_POINT = {"float": 0.0005, "int8": 0.003}
SIGMA = {"float": 0.002, "int8": 0.03}  # the spread of a map in 8 bits is coarse
ANGLE = {"float": 0.1, "int8": 0.7}  # head pose in 8 bits has steps of 0.64 degrees
BOX_EDGE = 0.002
SCORE = 0.005


def test_every_published_model_has_golden_values():
    assert published_models()
    missing = [name for name in published_models() if not golden_file(name).is_file()]
    assert missing == [], "write them: python -m tests.golden NAME"


@pytest.mark.parametrize("model", published_models())
def test_model_gives_its_golden_values(model: str):
    expected, found = read_golden(model), run_on_portraits(model)
    assert found.keys() == expected.keys() == BOXES.keys()
    number_format = "int8" if model.endswith("-int8") else "float"
    for portrait, values in found.items():
        if isinstance(values, list):
            assert_same_boxes(values, expected[portrait])
        else:
            assert_same_face(values, expected[portrait], number_format)


def assert_same_face(face: dict[str, Any], golden: dict[str, Any], number_format: str) -> None:
    side = longer_side(golden["box"])
    distance = np.linalg.norm(np.subtract(face["landmarks"], golden["landmarks"]), axis=1) / side
    assert distance.max() < FARTHEST_POINT[number_format]
    assert distance.mean() < MEAN_POINT[number_format]
    for angle, degrees in golden["head_pose"].items():
        assert face["head_pose"][angle] == pytest.approx(degrees, abs=ANGLE[number_format])
    for name, tolerance in (
        ("score", SCORE),
        ("landmark_sigma", SIGMA[number_format] * side),
    ):
        assert (face[name] is None) == (golden[name] is None)
        if golden[name] is not None:
            np.testing.assert_allclose(face[name], golden[name], rtol=0, atol=tolerance)


def assert_same_boxes(boxes: list[dict[str, Any]], golden: list[dict[str, Any]]) -> None:
    assert len(boxes) == len(golden)
    for box, wanted in zip(boxes, golden, strict=True):
        edges = np.subtract(box["box"], wanted["box"]) / longer_side(wanted["box"])
        assert np.abs(edges).max() < BOX_EDGE
        assert box["score"] == pytest.approx(wanted["score"], abs=SCORE)


def longer_side(box: list[float]) -> float:
    return max(box[2] - box[0], box[3] - box[1])
