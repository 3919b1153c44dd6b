"""Targets that take model files, what they say of themselves, and boxes in images."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from asmnet_sdk import BoundingBox, Face, FaceAligner, HeadPose, draw_faces, warp_face
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.detection.contract import DETECTOR_METADATA_KEY
from asmnet_sdk.detection.scales import LARGEST_SIDE
from asmnet_sdk.landmarks.contract import METADATA_KEY
from asmnet_sdk.runtime.model_files import read_model_file
from tests.dot_model import METADATA, write_dot_model
from tests.fuzz.mutation import (
    NOT_FINITE,
    NUMBERS,
    TEXTS,
    WHOLE_NUMBERS,
    any_value,
    mutate_bytes,
    mutate_json,
)
from tests.fuzz.watching import Case
from tests.square_detector import METADATA as SQUARES
from tests.square_detector import write_square_detector

_PHOTO = np.full((60, 80, 3), 128, np.uint8)
_BOX = (20.0, 10.0, 60.0, 50.0)


def model_files(folder: Path) -> Callable[[Random], Case]:
    """Load damaged model files and predict with those that load."""
    whole = write_dot_model(folder / "dots.onnx").read_bytes()
    path = folder / "model.onnx"

    def case_of(random: Random) -> Case:
        path.write_bytes(mutate_bytes(random, whole))
        return Case(run=lambda: _predict(path))

    return case_of


def model_bytes(folder: Path) -> Callable[[Random], Case]:
    """Search damaged model files for references to other files, without loading them."""
    files = [
        write_dot_model(folder / "dots.onnx").read_bytes(),
        write_square_detector(folder / "squares.onnx").read_bytes(),
    ]
    path = folder / "model.onnx"

    def case_of(random: Random) -> Case:
        path.write_bytes(mutate_bytes(random, random.choice(files), files))
        return Case(run=lambda: read_model_file(path))

    return case_of


def metadata(folder: Path) -> Callable[[Random], Case]:
    """Load a model whose shapes are open, with odd metadata, and predict with it."""
    whole = _open_dot_model(folder)
    path = folder / "model.onnx"

    def case_of(random: Random) -> Case:
        text = mutate_json(random, asdict(METADATA))
        path.write_bytes(whole + _property(METADATA_KEY, text))
        return Case(run=lambda: _predict(path))

    return case_of


def detector_metadata(folder: Path) -> Callable[[Random], Case]:
    """Load a detector with odd metadata and detect with it."""
    whole = write_square_detector(folder / "squares.onnx", metadata=None).read_bytes()
    path = folder / "detector.onnx"

    def case_of(random: Random) -> Case:
        text = mutate_json(random, asdict(SQUARES))
        path.write_bytes(whole + _property(DETECTOR_METADATA_KEY, text))
        return Case(
            run=lambda: AsmnetDetector(path, threads=1).detect(_PHOTO),
            more_bytes=LARGEST_SIDE**2 * 3 * 12,  # three copies as float32
        )

    return case_of


def model_outputs(folder: Path) -> Callable[[Random], Case]:
    """Predict with a model that gives odd shapes and values."""
    path = folder / "model.onnx"

    def case_of(random: Random) -> Case:
        path.write_bytes(_model_of_constants(_odd_outputs(random)))
        return Case(run=lambda: _predict(path))

    return case_of


def boxes(folder: Path) -> Callable[[Random], Case]:
    """Predict with odd boxes in images of odd sizes."""
    aligner = FaceAligner(write_dot_model(folder / "dots.onnx"), device="cpu", threads=1)

    def case_of(random: Random) -> Case:
        image = _odd_photo(random)
        given = any_boxes(random)
        return Case(run=lambda: _require_sense(aligner.predict(image, given)))

    return case_of


def faces(_: Path) -> Callable[[Random], Case]:
    """Warp, paste back, draw and convert faces with odd landmarks."""

    def case_of(random: Random) -> Case:
        face = _odd_face(random)
        photo = _odd_photo(random)
        template = random.choice((*["arcface", "ffhq"] * 4, "", [[random.random()] * 2] * 5))
        sizes = (*[1, 2, 7, 112, 300] * 3, 0, -1, 2**31, 1.5)
        size = 8192 if random.random() < 0.01 else random.choice(sizes)
        edited = None if random.random() < 0.5 else photo[:60, :60]
        return Case(
            run=lambda: _use_face(photo, face, template, size, edited),
            more_bytes=24 * 8192**2,
            more_seconds=2.0 if size == 8192 else 0.0,  # three calls with 67 megapixels each
        )

    return case_of


def _predict(path: Path) -> None:
    with FaceAligner(path, device="cpu", threads=1) as aligner:
        _require_sense(aligner.predict(_PHOTO, _BOX))


def _require_sense(found: list[Face]) -> None:
    for face in found:
        pose = face.head_pose
        assert np.isfinite(face.landmarks).all()
        assert np.isfinite([pose.yaw, pose.pitch, pose.roll]).all()
        json.dumps(face.to_dict(), allow_nan=False)


def _open_dot_model(folder: Path) -> bytes:
    """Return the dot model without metadata and without fixed shapes."""
    model = onnx.load(write_dot_model(folder / "dots.onnx", metadata=None))
    for node in (*model.graph.input, *model.graph.output):
        for number, side in enumerate(node.type.tensor_type.shape.dim):
            side.dim_param = f"{node.name}{number}"
    return bytes(model.SerializeToString())


def _property(key: str, value: bytes) -> bytes:
    """Return a ``metadata_props`` entry, which may be appended to a model file."""
    entry = b"".join(
        bytes([tag]) + _varint(len(text)) + text for tag, text in ((10, key.encode()), (18, value))
    )
    return b"\x72" + _varint(len(entry)) + entry


def _varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _odd_outputs(random: Random) -> dict[str, np.ndarray]:
    count = random.choice((1, 1, 1, 1, 0, 2))
    shapes: dict[str, tuple[int, ...]] = {
        "landmarks": (count, random.choice((68, 68, 68, 67, 0)), random.choice((2, 2, 2, 3, 1))),
        "head_pose": (count, random.choice((3, 3, 3, 2, 0))),
        "landmark_sigma": (count, random.choice((68, 68, 1))),
        "landmark_visible": (count, random.choice((68, 68, 1))),
        "face_score": (random.choice((count, count, 0)),),
    }
    kept = {name: shape for name, shape in shapes.items() if random.random() < 0.9}
    return {name: _odd_values(random, shape) for name, shape in kept.items()}


def _odd_values(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    values = np.full(shape, 0.5, np.float32)
    if values.size and random.random() < 0.4:
        with np.errstate(over="ignore"):
            number = np.float64(random.choice(NUMBERS + NOT_FINITE)).astype(np.float32)
        values.flat[random.randrange(values.size)] = number
        if random.random() < 0.3:
            values[:] = number
    return values


def _model_of_constants(outputs: dict[str, np.ndarray]) -> bytes:
    nodes = [helper.make_node("Identity", [f"{name}_is"], [name]) for name in outputs]
    graph = helper.make_graph(
        nodes,
        "constants",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 64, 64, 3])],
        [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, [f"{name}{axis}" for axis in range(values.ndim)]
            )
            for name, values in outputs.items()
        ],
        [numpy_helper.from_array(values, f"{name}_is") for name, values in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: METADATA.to_json()})
    return bytes(model.SerializeToString())


_SIDES = (1, 2, 3, 60, 60, 80, 80, 300)


def _odd_photo(random: Random) -> np.ndarray:
    sides = [random.choice(_SIDES), random.choice(_SIDES)]
    if random.random() < 0.05:
        sides = random.choice(([1, 33_000], [33_000, 2], [40, 70_000]))
    return np.full((*sides, 3), 128, np.uint8)


def any_boxes(random: Random) -> Any:
    """Return a box or several, right or wrong in value, shape or type."""
    rows = [[_near_or_odd(random) for _ in range(4)] for _ in range(random.choice((0, 1, 1, 2, 5)))]
    changes = (
        lambda: rows,
        lambda: rows[0] if rows else None,
        lambda: np.array(rows),
        lambda: np.array(rows, np.float32),
        lambda: np.array(rows, object),
        lambda: tuple(map(tuple, rows)),
        lambda: (row for row in rows),
        lambda: [BoundingBox(*row) for row in rows if _is_box(row)],
        lambda: [row[:3] for row in rows],
        lambda: [[row] for row in rows],
        lambda: [[Decimal(repr(number)) for number in row] for row in rows],
        lambda: [
            [int(number) if abs(number) < 1e300 else 10**400 for number in row] for row in rows
        ],
        lambda: any_value(random),
        lambda: random.choice(TEXTS),
        lambda: {1, 2, 3, 4},
        lambda: [1, 2, 3, "4"],
        lambda: [1, 2, 3, None],
        lambda: [1j, 2, 3, 4],
    )
    with np.errstate(all="ignore"):
        return random.choice((*changes[:2] * 4, *changes))()


def _near_or_odd(random: Random) -> float:
    if random.random() < 0.8:
        return random.uniform(-20, 100)
    return float(random.choice((*NUMBERS, *NOT_FINITE, *WHOLE_NUMBERS)))


def _is_box(row: list[float]) -> bool:
    return bool(np.isfinite(row).all() and row[0] < row[2] and row[1] < row[3])


def _odd_face(random: Random) -> Face:
    generator = np.random.default_rng(random.randrange(2**32))
    scale = random.choice((*[0.3, 1, 30, 200] * 3, 1e-30, 1e-3, 1e4, 1e12, 1e30))
    shift = random.choice((*[0, 40] * 4, -1e4, 1e6, 1e20))
    points = (generator.random((68, 2)) * scale + shift).astype(np.float32)
    if random.random() < 0.2:
        points[random.randrange(68)] = random.choice(NOT_FINITE)
    return Face(
        landmarks=points,
        head_pose=HeadPose(*(random.choice((*NUMBERS, *NOT_FINITE)) for _ in range(3))),
        box=BoundingBox(*_BOX),
    )


def _use_face(photo: Any, face: Face, template: Any, size: Any, edited: Any) -> None:
    assert draw_faces(photo, [face]).shape == photo.shape
    assert face.to_layout("FIVE_POINT").landmarks.shape == (5, 2)
    warped = warp_face(photo, face, template, size)
    assert warped.paste_back(photo).shape == photo.shape
    assert warped.paste_back(photo, edited).shape == photo.shape
