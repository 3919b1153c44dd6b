"""What the fuzz run, and thought about what it cannot reach, once found."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from asmnet_sdk import (
    BoundingBox,
    Face,
    FaceAligner,
    HeadPose,
    InvalidBoundingBoxError,
    InvalidImageError,
    InvalidInputError,
    ModelFileError,
    warp_face,
)
from asmnet_sdk.boxes import as_found_boxes
from asmnet_sdk.datasets import read_coco, read_head_poses, read_pts, read_wflw
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.images import decoding, loading
from asmnet_sdk.images.loading import MAX_IMAGE_BYTES, load_image
from asmnet_sdk.runtime.model_files import read_model_file
from tests.dot_model import METADATA, write_dot_model
from tests.fuzz.pictures import CORPUS
from tests.square_detector import METADATA as SQUARES
from tests.square_detector import write_square_detector

PHOTO = np.full((60, 80, 3), 128, np.uint8)
BOX = (20.0, 10.0, 60.0, 50.0)
DEEP = "[" * 100_000
PROGRESSIVE = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]


# Pictures


@pytest.mark.parametrize(
    ("name", "message"),
    [("tile-of-256-megapixels.tif", "has a tile of 256000000"), ("width-twice.tif", "damaged")],
)
def test_tiff_made_to_take_memory_is_refused_before_decoding(name, message):
    with pytest.raises(InvalidImageError, match=message):
        load_image(CORPUS / "images" / name)


def jpeg_of_scans(side: int, count: int) -> bytes:
    """Return a progressive JPEG whose last scan is there ``count`` more times."""
    data = cv2.imencode(".jpg", np.zeros((side, side, 3), np.uint8), PROGRESSIVE)[1].tobytes()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def test_jpeg_whose_many_scans_would_take_minutes_is_refused():
    assert load_image(jpeg_of_scans(512, 100)).shape == (512, 512, 3)
    with pytest.raises(InvalidImageError, match="9010 scans of 512 x 512 pixels would take too lo"):
        load_image(jpeg_of_scans(512, 9000))


@pytest.mark.parametrize(
    "start_and_block",
    [
        (b"\x89PNG\r\n\x1a\n", struct.pack(">I4sI", 0, b"teXt", 0)),
        (b"GIF89a\1\0\1\0\0\0\0", b"\x21\xf9\0"),
        (b"\xff\xd8", b"\xff\xe2\0\2"),
        (b"RIFF\xff\xff\xff\0WEBP", b"XXXX\0\0\0\0"),
    ],
    ids=["PNG", "GIF", "JPEG", "WebP"],
)
def test_file_of_millions_of_blocks_is_refused_in_time(start_and_block):
    start, block = start_and_block
    data = start + block * 4_000_000
    began = time.process_time()
    with pytest.raises(InvalidImageError, match="more than 1048576 blocks"):
        load_image(data)
    assert time.process_time() - began < 2


def test_giant_file_is_refused_by_its_size(tmp_path, monkeypatch):
    assert MAX_IMAGE_BYTES == 2**30
    for module in (decoding, loading):
        monkeypatch.setattr(module, "MAX_IMAGE_BYTES", 1000)
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(993))
    for image in (path, path.read_bytes()):
        with pytest.raises(InvalidImageError, match="more than 1000 bytes"):
            load_image(image)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_file_without_end_is_refused(monkeypatch):
    for module in (decoding, loading):
        monkeypatch.setattr(module, "MAX_IMAGE_BYTES", 1000)
    with pytest.raises(InvalidImageError, match="more than 1000 bytes"):
        load_image("/dev/zero")


def test_array_that_repeats_one_pixel_into_gigabytes_is_refused():
    one = np.uint8(7)
    assert load_image(np.broadcast_to(one, (9, 8, 3))).shape == (9, 8, 3)
    for shape in ((90_000, 90_000, 3), (2**31, 3)):
        with pytest.raises(InvalidImageError, match="repeats a small one"):
            load_image(np.broadcast_to(one, shape))


# Boxes and faces


@pytest.mark.parametrize("row", [[1, [2, 3]], [[1, 2], [3]], [[1], 2, 3, 4, 5]])
def test_box_of_rows_of_different_lengths_is_refused(dot_aligner, row):
    with pytest.raises(InvalidBoundingBoxError, match="four numbers"):
        dot_aligner.predict(PHOTO, [row])
    with pytest.raises(InvalidBoundingBoxError, match="four numbers"):
        as_found_boxes([row], PHOTO)


def test_box_of_numbers_beyond_float_is_refused(dot_aligner):
    with pytest.raises(InvalidBoundingBoxError, match="four numbers"):
        dot_aligner.predict(PHOTO, [0, 0, 10**400, 10])


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_face_of_no_size_or_without_end_is_not_warped(scale):
    points = np.random.default_rng(0).random((68, 2)) * scale
    face = Face(landmarks=points, head_pose=HeadPose(0, 0, 0), box=BoundingBox(*BOX))
    with pytest.raises(InvalidInputError, match="far too small or too large"):
        warp_face(PHOTO, face)


def test_crop_too_large_to_paste_back_is_refused():
    points = np.random.default_rng(0).random((68, 2)) * 30
    face = Face(landmarks=points, head_pose=HeadPose(0, 0, 0), box=BoundingBox(*BOX))
    warped = warp_face(PHOTO, face)
    with pytest.raises(InvalidImageError, match="8193 px wide; needed: at most 8192"):
        warped.paste_back(PHOTO, np.zeros((8193, 8193), np.uint8))


def test_small_face_takes_a_crop_enlarged_many_times(dot_aligner):
    points = np.random.default_rng(0).random((68, 2)) * 0.5 + 20
    face = Face(landmarks=points, head_pose=HeadPose(0, 0, 0), box=BoundingBox(*BOX))
    warped = warp_face(PHOTO, face, size=2)
    assert warped.paste_back(PHOTO, np.zeros((4096, 4096), np.uint8)).shape == PHOTO.shape


# Models


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": []}, r"layout \[\] is none of"),
        ({"name": 3}, "name 3 is no text"),
        ({"licence": "\ud800"}, "is no text"),
        ({"input_size": 10**6}, "input_size 1000000 is not in 1 to 2048"),
        ({"input_size": 64.0}, "input_size 64.0"),
        ({"input_size": True}, "input_size True"),
        ({"crop_scale": float("nan")}, "crop_scale nan"),
        ({"figures": {"nme_percent": "low"}}, "figures"),
    ],
)
def test_metadata_of_odd_types_is_refused(tmp_path, change, message):
    path = with_metadata(tmp_path, "asmnet_sdk", json.dumps(asdict(METADATA) | change))
    with pytest.raises(ModelFileError, match=message):
        FaceAligner(path)


@pytest.mark.parametrize("text", [DEEP, "[]", "7", '"x"'])
def test_metadata_that_is_no_object_is_refused(tmp_path, text):
    with pytest.raises(ModelFileError, match="is broken"):
        FaceAligner(with_metadata(tmp_path, "asmnet_sdk", text))
    with pytest.raises(ModelFileError, match="is broken"):
        AsmnetDetector(write_square_detector(tmp_path / "squares.onnx", metadata=text))


def with_metadata(folder: Path, key: str, text: str) -> Path:
    model = onnx.load(write_dot_model(folder / "dots.onnx", metadata=None))
    onnx.helper.set_model_props(model, {key: text})
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"long_side": 10**9}, "long_side 1000000000 is not in 1 to 2560"),
        ({"long_side": 320.0}, "long_side 320.0 is not in 1 to 2560"),
        ({"stride": True}, "stride True is not in 1 to 2560"),
        ({"smallest_face": float("nan")}, "smallest_face nan is not above 0"),
        ({"smallest_face": 10**400}, "smallest_face 10{400} is not"),
        ({"score_threshold": float("nan")}, r"score_threshold nan is not in \[0, 1\]"),
    ],
)
def test_detector_metadata_out_of_range_is_refused(tmp_path, change, message):
    text = json.dumps(asdict(SQUARES) | change)
    with pytest.raises(ModelFileError, match=message):
        AsmnetDetector(write_square_detector(tmp_path / "squares.onnx", metadata=text))


def test_message_about_a_long_value_stays_short(tmp_path):
    text = json.dumps(asdict(SQUARES) | {"stride": "x" * 10**6})
    with pytest.raises(ModelFileError) as caught:
        AsmnetDetector(write_square_detector(tmp_path / "squares.onnx", metadata=text))
    assert len(str(caught.value)) < 1500


def constant_model(folder: Path, **outputs: np.ndarray) -> Path:
    """Write a model that promises open shapes and gives these values, whatever the crop."""
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"{name}_is"], [name]) for name in outputs],
        "constants",
        [helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, ["N", 64, 64, 3])],
        [
            helper.make_tensor_value_info(
                name, onnx.TensorProto.FLOAT, [f"{name}{axis}" for axis in range(values.ndim)]
            )
            for name, values in outputs.items()
        ],
        [onnx.numpy_helper.from_array(values, f"{name}_is") for name, values in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"asmnet_sdk": METADATA.to_json()})
    path = folder / "constants.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("landmarks", np.zeros((1, 67, 2), np.float32)),
        ("landmarks", np.zeros((0, 68, 2), np.float32)),
        ("landmarks", np.full((1, 68, 2), np.nan, np.float32)),
        ("landmarks", np.full((1, 68, 2), 1e30, np.float32)),
        ("head_pose", np.zeros((1, 2), np.float32)),
        ("head_pose", np.full((1, 3), np.inf, np.float32)),
        ("face_score", np.zeros(0, np.float32)),
        ("landmark_sigma", np.zeros((1, 1), np.float32)),
        ("landmark_visible", np.zeros((1, 67), np.float32)),
        ("landmark_visible", np.full((1, 68), np.nan, np.float32)),
        ("landmark_visible", np.full((1, 68), 1.01, np.float32)),
    ],
)
def test_model_that_promises_open_shapes_and_gives_others_is_refused(tmp_path, name, values):
    good = {
        "landmarks": np.full((1, 68, 2), 0.5, np.float32),
        "head_pose": np.zeros((1, 3), np.float32),
    }
    assert len(FaceAligner(constant_model(tmp_path, **good)).predict(PHOTO, BOX)) == 1
    path = constant_model(tmp_path, **good | {name: values})
    with pytest.raises(ModelFileError, match=f"does not fit the model contract: .*'{name}'"):
        FaceAligner(path).predict(PHOTO, BOX)


def with_equation(folder: Path, equation: bytes) -> Path:
    model = onnx.load(write_dot_model(folder / "dots.onnx"))
    first = next(node for node in model.graph.node if node.op_type == "Einsum")
    first.attribute[0].s = equation
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("equation", [b"nhwc,w\0", b"nhwc,w?", b"nhwc,w-", b"nh.wc,w", b"....,w"])
def test_equation_on_which_onnxruntime_never_ends_is_refused(tmp_path, equation):
    with pytest.raises(ModelFileError, match="no model that onnxruntime can load"):
        read_model_file(with_equation(tmp_path, equation))


@pytest.mark.parametrize("equation", [b"nhwc,w->nc", b"nhwc , w -> nc", b"...wc,w->...c", b"a"])
def test_equation_that_is_one_is_read(tmp_path, equation):
    assert read_model_file(with_equation(tmp_path, equation))


def test_precompiled_part_in_another_file_is_refused(tmp_path):
    model = onnx.load(write_dot_model(tmp_path / "dots.onnx"))
    node = onnx.helper.make_node(
        "EPContext", ["image"], ["other"], domain="com.microsoft",
        embed_mode=0, ep_cache_context="/etc/passwd",
    )  # fmt: skip
    model.graph.node.append(node)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match="external data"):
        read_model_file(path)


# Annotations


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def coco(folder: Path, *, name: str = "a.jpg", **annotation: object) -> Path:
    content = {"images": [{"id": 1, "file_name": name}], "annotations": [annotation]}
    return write(folder, "coco.json", json.dumps(content))


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"image_id": [], "keypoints": [1, 2, 2]}, "no image has its image_id"),
        ({"image_id": 1, "keypoints": [10**400, 2, 2]}, "no list of x, y, visibility"),
        ({"image_id": 1, "keypoints": [1e300, 2, 2]}, "not finite"),
        ({"image_id": 1, "keypoints": [1, 2, 2], "name": "x" * 5000}, "no photo"),
        ({"image_id": 1, "keypoints": [1, 2, 2], "name": "a\0b"}, "no photo"),
    ],
)
def test_coco_annotation_of_odd_values_is_refused(tmp_path, annotation, message):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(InvalidInputError, match=message):
        read_coco(coco(tmp_path, **annotation))


def test_coco_file_nested_without_end_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="expected 'images'"):
        read_coco(write(tmp_path, "coco.json", DEEP))


def test_points_beyond_float32_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="not finite"):
        read_pts(write(tmp_path, "a.pts", "{\n1e300 2\n}\n"))


@pytest.mark.parametrize("read", [read_pts, read_coco, read_head_poses])
def test_file_that_cannot_be_read_is_named(tmp_path, read: Callable[[Path], object]):
    with pytest.raises(InvalidInputError, match=r"missing\.file cannot be read"):
        read(tmp_path / "missing.file")


def test_list_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "WFLW_images").mkdir()
    with pytest.raises(InvalidInputError, match="line 1: expected 206 numbers"):
        read_wflw(write(tmp_path, "list.txt", b"\xff\xfe\xd1 1 2\n"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"test,helen,a,nan,0,0,0", "not finite"),
        (b"test,helen,a,inf,0,0,0", "not finite"),
        (b"test,helen,\xff,x,0,0,0", "not a number"),
        (b"test,helen," + b"a" * 200_000 + b",1,0,0,0", "no CSV"),
    ],
)
def test_head_poses_of_odd_values_are_refused(tmp_path, row, message):
    content = b"split,subset,name,yaw,pitch,roll,spread\n" + row + b"\n"
    with pytest.raises(InvalidInputError, match=f"line [12]: .*{message}"):
        read_head_poses(write(tmp_path, "head_pose.csv", content))


@pytest.mark.parametrize(
    "line",
    [
        "epochs = " + "9" * 5000,
        "epochs = 1\ncrop_scale = " + "9" * 400,
        "x = " + DEEP,
        "epochs = 1\nlearning_rate = nan",
        "epochs = 1\nlearning_rate = inf",
    ],
    ids=["long whole number", "long number", "deep", "nan", "inf"],
)
def test_configuration_of_odd_numbers_is_refused(tmp_path, line):
    pytest.importorskip("torch", reason="the extra [train] is not installed")
    from asmnet_sdk.training import configuration

    lines = f'out = "runs/a"\nphotos = ["a"]\n{line}\n'
    with pytest.raises(InvalidInputError):
        configuration.read_config(write(tmp_path, "run.toml", lines))
