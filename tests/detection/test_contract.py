"""What a detector must hold and give; the same checks as for a landmark model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from asmnet_sdk import AsmnetDetector, ModelFileError
from asmnet_sdk.detection.contract import DETECTOR_METADATA_KEY, read_detector_contract
from asmnet_sdk.runtime.session import OnnxSession
from tests.square_detector import METADATA, write_square_detector

PHOTO = np.zeros((320, 320, 3), np.uint8)
BOX = [10, 10, 50, 60]


def write_detector_that_gives(path: Path, boxes: object, scores: object, **more: object) -> Path:
    """Write a detector whose outputs are constant, and of whatever shape."""
    outputs = {"boxes": boxes, "scores": scores, **more}
    values = {name: np.array(output, np.float32) for name, output in outputs.items()}
    constants = [numpy_helper.from_array(array, f"its_{name}") for name, array in values.items()]
    graph = helper.make_graph(
        [helper.make_node("Reshape", [f"its_{name}", f"{name}_shape"], [name]) for name in values],
        "constant",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3])],
        [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, [f"{name}_{axis}" for axis in range(array.ndim)]
            )
            for name, array in values.items()
        ],
        [
            *constants,
            *(
                numpy_helper.from_array(np.array(array.shape, np.int64), f"{name}_shape")
                for name, array in values.items()
            ),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {DETECTOR_METADATA_KEY: METADATA.to_json()})
    onnx.save(model, path)
    return path


def test_contract_of_a_good_detector(tmp_path):
    path = write_square_detector(tmp_path / "d.onnx")
    assert read_detector_contract(OnnxSession(path)) == METADATA


def test_sound_outputs_are_boxes(tmp_path):
    path = write_detector_that_gives(tmp_path / "d.onnx", [BOX], [0.9])
    [box] = AsmnetDetector(path).detect(PHOTO)
    assert list(box) == BOX


def test_rolls_come_with_their_boxes(tmp_path):
    other = [200, 200, 240, 240]
    path = write_detector_that_gives(
        tmp_path / "d.onnx", [other, BOX, other], [0.1, 0.7, 0.9], rolls=[10, -90, 180]
    )
    boxes = {box.roll: list(box) for box in AsmnetDetector(path).detect(PHOTO)}
    assert boxes == {-90: BOX, 180: other}


@pytest.mark.parametrize(
    ("rolls", "reason"),
    [
        ([[1]], "'rolls' is tensor(float) [1, 1], needed tensor(float) (N)"),
        ([1, 2], "'rolls' of shape (2,), needed (1,)"),
        ([np.nan], "'rolls' of shape (1,), needed (1,) and numbers that make sense"),
    ],
)
def test_rolls_that_break_the_contract_are_refused(tmp_path, rolls, reason):
    path = write_detector_that_gives(tmp_path / "d.onnx", [BOX], [0.9], rolls=rolls)
    with pytest.raises(ModelFileError) as caught:
        AsmnetDetector(path).detect(PHOTO)
    assert reason in str(caught.value)


def test_inverted_boxes_of_no_score_do_no_harm(tmp_path):
    path = write_detector_that_gives(tmp_path / "d.onnx", [BOX, [5, 5, 1, 1]], [0.9, 0.1])
    assert len(AsmnetDetector(path).detect(PHOTO)) == 1


@pytest.mark.parametrize(
    ("boxes", "scores", "reason"),
    [
        ([BOX], [0.9, 0.8], "'boxes' of shape (1, 4), needed (2, 4)"),
        ([BOX, BOX], [0.9], "'boxes' of shape (2, 4), needed (1, 4)"),
        ([[10, 10, np.nan, 60]], [0.9], "numbers that make sense"),
        ([[10, 10, np.inf, 60]], [0.9], "numbers that make sense"),
        ([BOX], [np.nan], "'scores' of shape (1,), needed (1,) and numbers that make sense"),
        ([[50, 10, 10, 60]], [0.9], "empty or inverted"),
        ([[10, 10, 10, 60]], [0.9], "empty or inverted"),
    ],
)
def test_outputs_that_break_the_contract_are_refused(tmp_path, boxes, scores, reason):
    detector = AsmnetDetector(write_detector_that_gives(tmp_path / "d.onnx", boxes, scores))
    with pytest.raises(ModelFileError) as caught:
        detector.detect(PHOTO)
    assert str(caught.value).startswith(f"{tmp_path / 'd.onnx'} does not fit the model contract")
    assert reason in str(caught.value)
