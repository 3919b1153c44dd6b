"""The dot model as one that knows an upright face from a turned one.

Red, green and blue dot are the right eye, the left eye and the mouth. Yaw and pitch are 0; roll is
that of the line from eye to eye, known in [-90, 90] only; the score falls from 1 to 0 where the
mouth lies 75 degrees off the way down.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from asmnet_sdk.geometry import transform_points
from tests.dot_model import picture_with_dots, write_dot_model

EYES_AND_MOUTH = np.array([[85.0, 88.0], [115.0, 88.0], [100.0, 114.0]])
MIDDLE = (100.0, 101.0)

# From eye to eye in x and y, from the middle of the eyes to the mouth in x and y.
_WAYS = [
    [-1, 0, -0.5, 0],
    [0, -1, 0, -0.5],
    [1, 0, -0.5, 0],
    [0, 1, 0, -0.5],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
]
_CONSTANTS = {
    "ways": np.array(_WAYS, np.float32),
    "flat": np.array([-1, 6], np.int64),
    "ones": np.array([1, 1, 1, 1], np.int64),
    "twos": np.array([2, 2], np.int64),
    "column": np.array([1], np.int64),
    "tiny": np.float32(1e-6),
    "to_degrees": np.float32(np.degrees(1)),
    "limit": np.float32(np.cos(np.radians(75))),
    "steep": np.float32(20),
}
_STEPS = [
    ("Reshape", ["dots", "flat"], ["dots_row"]),
    ("MatMul", ["dots_row", "ways"], ["way"]),
    ("Split", ["way", "ones"], ["eyes_x", "eyes_y", "mouth_x", "mouth_y"]),
    ("Add", ["eyes_x", "tiny"], ["eyes_across"]),
    ("Div", ["eyes_y", "eyes_across"], ["slope"]),
    ("Atan", ["slope"], ["roll_radians"]),
    ("Mul", ["roll_radians", "to_degrees"], ["roll"]),
    ("Mul", ["way", "zero"], ["no_way"]),
    ("Split", ["no_way", "twos"], ["yaw_pitch", "unused"]),
    ("Concat", ["yaw_pitch", "roll"], ["head_pose"]),
    ("Mul", ["mouth_x", "mouth_x"], ["xx"]),
    ("Mul", ["mouth_y", "mouth_y"], ["yy"]),
    ("Add", ["xx", "yy"], ["squared"]),
    ("Sqrt", ["squared"], ["length"]),
    ("Add", ["length", "tiny"], ["some_length"]),
    ("Div", ["mouth_y", "some_length"], ["cosine"]),
    ("Sub", ["cosine", "limit"], ["how_upright"]),
    ("Mul", ["how_upright", "steep"], ["logit"]),
    ("Sigmoid", ["logit"], ["score_column"]),
    ("Squeeze", ["score_column", "column"], ["face_score"]),
]
_WITH_AXIS = ("Split", "Concat")


def write_upright_model(path: Path, *, drop_output: str | None = None) -> Path:
    model = onnx.load(write_dot_model(path))
    graph = model.graph
    kept = [node for node in graph.node if not {"head_pose", "face_score"} & {*node.output}]
    steps = [
        helper.make_node(*step, **({"axis": 1} if step[0] in _WITH_AXIS else {})) for step in _STEPS
    ]
    del graph.node[:]
    graph.node.extend([*kept, *steps])
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in _CONSTANTS.items()
    )
    outputs = [output for output in graph.output if output.name != drop_output]
    del graph.output[:]
    graph.output.extend(outputs)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def turned_face(clockwise_degrees: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return an RGB picture of a face of three dots, turned about its middle, and the dots."""
    turn = cv2.getRotationMatrix2D(MIDDLE, -clockwise_degrees, 1.0)
    dots = transform_points(turn, EYES_AND_MOUTH).round()
    return picture_with_dots((200, 200), *dots.astype(int).tolist()), dots
