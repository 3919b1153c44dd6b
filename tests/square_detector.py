"""A small model that obeys the detector contract and whose right answers are known.

It finds one upright bright square in each channel: the box has the channel's centre of brightness
and, as area, the sum of its brightness. Resampling keeps both, so a shift of half a pixel shows.
Scores are 0.9, 0.8 and 0.3 for red, green and blue, and 0 where a channel is black. It tells rolls
only if it is given them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from asmnet_sdk.detection.contract import DETECTOR_METADATA_KEY, DetectorMetadata

METADATA = DetectorMetadata(
    name="squares",
    stride=32,
    long_side=320,
    smallest_face=16.0,
    score_threshold=0.5,
    training_data="none",
    licence="Apache-2.0",
)
SCORES = (0.9, 0.8, 0.4)


def write_square_detector(
    path: Path,
    *,
    metadata: str | None = METADATA.to_json(),
    drop_output: str | None = None,
    rolls: tuple[float, float, float] | None = None,
    resolves: float = 0,
) -> Path:
    """Write the model; squares below ``resolves`` px of its input score 0."""
    model = helper.make_model(
        _graph(drop_output, rolls, resolves),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    if metadata is not None:
        helper.set_model_props(model, {DETECTOR_METADATA_KEY: metadata})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _graph(
    drop_output: str | None, rolls: tuple[float, float, float] | None, resolves: float
) -> onnx.GraphProto:
    nodes = [
        helper.make_node("Cast", ["image"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["levels", "white"], ["pixels"]),
        helper.make_node("ReduceSum", ["pixels", "batch_and_plane"], ["mass"], keepdims=0),
        helper.make_node("Max", ["mass", "tiny"], ["area"]),
        *_centre("x", plane_axis=2, other_axes="batch_and_rows"),
        *_centre("y", plane_axis=1, other_axes="batch_and_columns"),
        helper.make_node("Sqrt", ["area"], ["side"]),
        helper.make_node("Mul", ["side", "half"], ["reach"]),
        helper.make_node("Sub", ["center_x", "reach"], ["x_min"]),
        helper.make_node("Sub", ["center_y", "reach"], ["y_min"]),
        helper.make_node("Add", ["center_x", "reach"], ["x_max"]),
        helper.make_node("Add", ["center_y", "reach"], ["y_max"]),
        *[
            helper.make_node("Unsqueeze", [name, "last"], [f"{name}_column"])
            for name in ("x_min", "y_min", "x_max", "y_max")
        ],
        helper.make_node(
            "Concat",
            [f"{n}_column" for n in ("x_min", "y_min", "x_max", "y_max")],
            ["boxes"],
            axis=1,
        ),
        helper.make_node("Sub", ["mass", "too_small"], ["some_mass"]),
        helper.make_node("Clip", ["some_mass", "zero", "one"], ["is_there"]),
        helper.make_node("Mul", ["is_there", "channel_scores"], ["scores"]),
    ]
    constants = {
        "white": np.float32(255),
        "tiny": np.float32(1e-3),
        "half": np.float32(0.5),
        "zero": np.float32(0),
        "one": np.float32(1),
        "too_small": np.float32(resolves**2),
        "channel_scores": np.array(SCORES, np.float32),
        "last": np.array([1], np.int64),
        "batch_and_plane": np.array([0, 1, 2], np.int64),
        "batch_and_rows": np.array([0, 1], np.int64),
        "batch_and_columns": np.array([0, 2], np.int64),
        "first": np.int64(0),
        "step": np.int64(1),
    }
    shapes = {"boxes": ["M", 4], "scores": ["M"]}
    if rolls is not None:
        nodes.append(helper.make_node("Identity", ["channel_rolls"], ["rolls"]))
        constants["channel_rolls"] = np.array(rolls, np.float32)
        shapes["rolls"] = ["M"]
    return helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "H", "W", 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
            if name != drop_output
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )


def _centre(name: str, *, plane_axis: int, other_axes: str) -> list[onnx.NodeProto]:
    """Return nodes that compute the (3,) centre of brightness along one axis of the picture."""
    return [
        helper.make_node(
            "Shape", ["image"], [f"{name}_size_row"], start=plane_axis, end=plane_axis + 1
        ),
        helper.make_node("Squeeze", [f"{name}_size_row"], [f"{name}_size"]),
        helper.make_node("Range", ["first", f"{name}_size", "step"], [f"{name}_whole"]),
        helper.make_node("Cast", [f"{name}_whole"], [f"{name}_positions"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["pixels", other_axes], [f"{name}_profile"], keepdims=0),
        helper.make_node("MatMul", [f"{name}_positions", f"{name}_profile"], [f"{name}_moment"]),
        helper.make_node("Div", [f"{name}_moment", "area"], [f"center_{name}"]),
    ]


def picture_with_squares(
    size_wh: tuple[int, int], squares: dict[int, tuple[int, int, int]]
) -> NDArray[np.uint8]:
    """Return a black RGB picture with squares (left, top, side) by channel."""
    picture = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for channel, (left, top, side) in squares.items():
        picture[top : top + side, left : left + side, channel] = 255
    return picture


def edges_of(square: tuple[int, int, int]) -> tuple[float, float, float, float]:
    """Return the edges of a square; (0, 0) is the centre of the top-left pixel."""
    left, top, side = square
    return left - 0.5, top - 0.5, left + side - 0.5, top + side - 0.5
