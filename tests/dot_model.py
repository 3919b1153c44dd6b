"""A small model that obeys the contract and whose right answers are known: it finds dots.

Landmark i is the centre of brightness of channel i % 3 (red, green, blue); yaw, pitch and roll are
the mean brightness of the three channels. So a picture with one red, one green and one blue dot
has exactly known landmarks in any crop, and a swapped channel or a shift of half a pixel shows.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from asmnet_sdk import Face
from asmnet_sdk.landmarks.contract import METADATA_KEY, ModelMetadata

POINTS = 68
DOTS = ((40, 30), (60, 34), (52, 60))
"""A red, a green and a blue dot of a picture of 120 x 90 px."""
BOX = (30, 25, 70, 65)
"""A face box around them."""
METADATA = ModelMetadata(
    name="dots",
    layout="IBUG_68",
    input_size=64,
    crop_scale=1.5,
    training_data="none",
    licence="Apache-2.0",
)


def write_dot_model(
    path: Path,
    *,
    metadata: ModelMetadata | None = METADATA,
    size: int = METADATA.input_size,
    points: int = POINTS,
    drop_output: str | None = None,
    visible: tuple[float, float, float] = (1, 0.25, 0),
) -> Path:
    """Write the model; ``visible`` is how likely the points of each channel can be seen."""
    model = helper.make_model(
        _graph(size, points, drop_output, visible),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    if metadata is not None:
        helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _graph(
    size: int, points: int, drop_output: str | None, visible: tuple[float, float, float]
) -> onnx.GraphProto:
    positions = (np.arange(size, dtype=np.float32) + 0.5) / size
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["pixels", "plane"], ["sum"], keepdims=0),
        helper.make_node("Max", ["sum", "dark"], ["brightness"]),  # no dot: the corner, not nan
        helper.make_node("Einsum", ["pixels", "positions"], ["sum_x"], equation="nhwc,w->nc"),
        helper.make_node("Einsum", ["pixels", "positions"], ["sum_y"], equation="nhwc,h->nc"),
        helper.make_node("Div", ["sum_x", "brightness"], ["x"]),
        helper.make_node("Div", ["sum_y", "brightness"], ["y"]),
        helper.make_node("Unsqueeze", ["x", "last"], ["x_column"]),
        helper.make_node("Unsqueeze", ["y", "last"], ["y_column"]),
        helper.make_node("Concat", ["x_column", "y_column"], ["dots"], axis=2),
        helper.make_node("Gather", ["dots", "channels"], ["landmarks"], axis=1),
        helper.make_node("ReduceMean", ["pixels"], ["head_pose"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", ["landmarks"], ["zero_base"], axes=[2], keepdims=0),
        helper.make_node("Mul", ["zero_base", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "sigma"], ["landmark_sigma"]),
        helper.make_node("Add", ["zeros", "visible"], ["landmark_visible"]),
        helper.make_node("ReduceMean", ["zeros"], ["zero_score"], axes=[1], keepdims=0),
        helper.make_node("Add", ["zero_score", "score"], ["face_score"]),
    ]
    constants = {
        "plane": np.array([1, 2], np.int64),
        "positions": positions,
        "dark": np.float32(1),
        "last": np.array([2], np.int64),
        "channels": np.arange(points, dtype=np.int64) % 3,
        "zero": np.float32(0),
        "sigma": np.float32(0.01),
        "visible": np.tile(visible, points // 3 + 1)[:points].astype(np.float32),
        "score": np.float32(0.9),
    }
    shapes = {
        "landmarks": ["N", points, 2],
        "head_pose": ["N", 3],
        "landmark_sigma": ["N", points],
        "landmark_visible": ["N", points],
        "face_score": ["N"],
    }
    return helper.make_graph(
        nodes,
        "dots",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", size, size, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
            if name != drop_output
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )


def renamed(name: str) -> ModelMetadata:
    return replace(METADATA, name=name)


def picture_with_dots(
    size_wh: tuple[int, int], red: tuple[int, int], green: tuple[int, int], blue: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return an RGB picture with one bright 5x5 dot of each colour, centred on whole pixels."""
    picture = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for channel, (x, y) in enumerate((red, green, blue)):
        picture[y - 2 : y + 3, x - 2 : x + 3, channel] = 255
    return picture


def expect_dots(
    face: Face, dots: tuple[tuple[float, float], ...] = DOTS, tolerance: float = 0.1
) -> None:
    """Compare the first three landmarks with the dots, in pixels."""
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=tolerance)
