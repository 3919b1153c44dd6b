from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from asmnet_sdk import FaceAligner, ModelFileError
from asmnet_sdk.runtime.model_files import LARGEST_MODEL_BYTES, read_model_file
from asmnet_sdk.runtime.session import OnnxSession
from tests.dot_model import write_dot_model
from tests.runtime_faults import needs_sound_onnxruntime

WEIGHTS = np.arange(400, dtype=np.float32)


def adding_model(*nodes: onnx.NodeProto, initializers=(), **fields) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [400])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [400])],
        list(initializers),
    )
    options = {"opset_imports": [helper.make_opsetid("", 17)], "ir_version": 8, **fields}
    return helper.make_model(graph, **options)


def external(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Make a tensor point at a file outside."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "secret.bin"
    return tensor


def write(folder: Path, model: onnx.ModelProto) -> Path:
    (folder / "secret.bin").write_bytes(WEIGHTS.tobytes())
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_good_file_is_read_whole(dot_model):
    assert read_model_file(dot_model) == dot_model.read_bytes()


def test_weights_in_another_file_are_refused(tmp_path, monkeypatch):
    tensor = external(numpy_helper.from_array(WEIGHTS, "w"))
    path = write(
        tmp_path,
        adding_model(helper.make_node("Add", ["x", "w"], ["y"]), initializers=[tensor]),
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match="external data"):
        OnnxSession(path)


def test_constant_in_another_file_is_refused(tmp_path):
    constant = helper.make_node("Constant", [], ["w"])
    attribute = constant.attribute.add()
    attribute.name, attribute.type = "value", onnx.AttributeProto.TENSOR
    attribute.t.CopyFrom(external(numpy_helper.from_array(WEIGHTS, "w")))
    path = write(tmp_path, adding_model(constant, helper.make_node("Add", ["x", "w"], ["y"])))
    with pytest.raises(ModelFileError, match="external data"):
        read_model_file(path)


def test_weights_of_a_branch_in_another_file_are_refused(tmp_path):
    tensor = external(numpy_helper.from_array(WEIGHTS, "w"))
    branch = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["b"])],
        "branch",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [400])],
        [tensor],
    )
    node = helper.make_node("If", ["is_so"], ["y"], then_branch=branch, else_branch=branch)
    with pytest.raises(ModelFileError, match="external data"):
        FaceAligner(write(tmp_path, adding_model(node)))


def test_sparse_weights_in_another_file_are_refused(tmp_path):
    model = adding_model(helper.make_node("Add", ["x", "w"], ["y"]))
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(external(numpy_helper.from_array(WEIGHTS, "w")))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.arange(400)))
    with pytest.raises(ModelFileError, match="external data"):
        FaceAligner(write(tmp_path, model))


def test_operators_of_unknown_origin_are_refused(tmp_path):
    node = helper.make_node("Steal", ["x"], ["y"], domain="evil")
    with pytest.raises(ModelFileError, match="no model that onnxruntime can load"):
        OnnxSession(write(tmp_path, adding_model(node)))


def test_opset_of_the_future_is_refused(tmp_path):
    node = helper.make_node("Identity", ["x"], ["y"])
    model = adding_model(node, opset_imports=[helper.make_opsetid("", 999)])
    with pytest.raises(ModelFileError, match="no model that onnxruntime can load"):
        OnnxSession(write(tmp_path, model))


def test_giant_file_is_refused_unread(tmp_path):
    path = tmp_path / "giant.onnx"
    with path.open("wb") as file:
        file.truncate(LARGEST_MODEL_BYTES * 4)  # sparse: takes no disk
    with pytest.raises(ModelFileError, match="2147483648 bytes"):
        FaceAligner(path)


@pytest.mark.parametrize("kept", [1, 5, 100, 1000, 4000])
def test_truncated_file_is_refused(tmp_path, kept):
    whole = write_dot_model(tmp_path / "whole.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: min(kept, len(whole) - 1)])
    with pytest.raises(ModelFileError):
        FaceAligner(path)


def test_dimension_whose_name_is_no_text_is_refused(tmp_path, dot_model):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(dot_model.read_bytes().replace(b"\x12\x01N", b"\x12\x01\xce"))
    with pytest.raises(ModelFileError, match="whose names are no text"):
        FaceAligner(path, device="cpu")


@needs_sound_onnxruntime
def test_flipped_bytes_never_escape_as_another_error(tmp_path, dot_model):
    whole = bytearray(dot_model.read_bytes())
    generator = np.random.default_rng(0)
    path = tmp_path / "damaged.onnx"
    for position in generator.integers(len(whole), size=150):
        damaged = whole.copy()
        damaged[position] ^= 1 << generator.integers(8)
        path.write_bytes(damaged)
        try:
            aligner = FaceAligner(path, device="cpu")
        except ModelFileError:
            continue
        assert aligner.layout.point_count in (68, 98)


def test_folder_as_model_file_is_refused(tmp_path):
    with pytest.raises(ModelFileError):
        OnnxSession(tmp_path)
