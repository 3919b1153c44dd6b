from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.batches import to_network_input
from asmnet_sdk.training.networks import PaperAsmnet, SpatialAsmnet
from asmnet_sdk.training.onnx_weights import read_onnx_weights, take_onnx_weights


@pytest.fixture(scope="module")
def model_file():
    return resolve_model("asmnet-68")


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 160, 160, 3), np.uint8)


def test_network_of_the_default_model_gives_what_its_file_gives(model_file, crops):
    network = SpatialAsmnet()
    take_onnx_weights(network, model_file, to_network_input(crops))
    outputs = OnnxSession(model_file, device="cpu").run({"image": crops})
    with torch.inference_mode():
        predicted = network.eval()(to_network_input(crops))
    assert np.abs(outputs["landmarks"] - predicted.landmarks.numpy()).max() < 1e-4
    score = torch.sigmoid(predicted.face_logit).numpy()
    assert np.abs(outputs["face_score"] - score).max() < 1e-4


def test_the_face_score_of_older_files_is_taken(model_file, crops, tmp_path):
    """It read the pooled block alone."""
    model = onnx.load(model_file)
    [tensor] = [it for it in model.graph.initializer if it.name == "network.face.weight"]
    held = numpy_helper.to_array(tensor)[:, :160]
    tensor.CopyFrom(numpy_helper.from_array(held, tensor.name))
    onnx.save(model, tmp_path / "older.onnx")
    network = SpatialAsmnet()
    assert take_onnx_weights(network, tmp_path / "older.onnx", to_network_input(crops[:2])) == []
    taken = network.face.weight.detach().numpy()
    np.testing.assert_array_equal(taken[:, :160], held)
    assert not taken[:, 160:].any()


def test_batch_norms_hold_what_the_crops_show(model_file, crops):
    """In training mode the same crops give the same landmarks, but for the norms' own noise."""
    network = SpatialAsmnet()
    take_onnx_weights(network, model_file, to_network_input(crops))
    with torch.no_grad():
        expected = network.eval()(to_network_input(crops)).landmarks
        found = network.train()(to_network_input(crops)).landmarks
    assert (expected - found).abs().max() < 5e-3


def test_another_head_takes_the_trunk(model_file, crops):
    network = PaperAsmnet()
    fresh = take_onnx_weights(network, model_file, to_network_input(crops[:2]))
    assert fresh == [
        *("heads.landmarks.weight", "heads.landmarks.bias"),
        *("heads.head_pose.weight", "heads.head_pose.bias"),
    ]


@pytest.mark.parametrize("lost", ["weight", "weight_bias"])
def test_a_layer_of_which_a_file_lacks_a_part_starts_anew(model_file, crops, tmp_path, lost):
    """Of two equal tensors an optimiser keeps one, under one of their names."""
    model = onnx.load(model_file)
    for name in ("lateral.0.0", "trunk.blocks.5.layers.0"):
        [tensor] = [t for t in model.graph.initializer if t.name == f"network.{name}.{lost}"]
        tensor.name = "network.other"
        onnx.save(model, tmp_path / "part.onnx")
        if name.startswith("lateral"):
            fresh = take_onnx_weights(
                SpatialAsmnet(), tmp_path / "part.onnx", to_network_input(crops[:2])
            )
            assert fresh == ["lateral.0.0.weight"]
        else:
            with pytest.raises(InvalidInputError, match="no weights of SpatialAsmnet's trunk"):
                take_onnx_weights(
                    SpatialAsmnet(), tmp_path / "part.onnx", to_network_input(crops[:2])
                )


def share(model: onnx.ModelProto, kept: str, dropped: str) -> None:
    """Use one tensor in place of another, as the exporter does with equal ones."""
    [tensor] = [it for it in model.graph.initializer if it.name == dropped]
    model.graph.initializer.remove(tensor)
    for node in model.graph.node:
        node.input[:] = [kept if name == dropped else name for name in node.input]


def folded_layers(model: onnx.ModelProto) -> dict[str, list[int]]:
    """Return the shape of each convolution that has a folded bias, by its name."""
    shapes = {it.name: list(it.dims) for it in model.graph.initializer}
    layers = [name.removesuffix("_bias") for name in shapes if name.endswith(".weight_bias")]
    return {name: shapes[name] for name in layers}


@pytest.mark.parametrize("part", ["", "_bias"])
def test_equal_tensors_that_the_file_holds_once_are_read_for_each_layer(tmp_path, model_file, part):
    model = onnx.load(model_file)
    shapes = folded_layers(model)
    first, second = next(
        (one, other)
        for one in shapes
        for other in shapes
        if one < other and shapes[one] == shapes[other]
    )
    share(model, first + part, second + part)
    onnx.save(model, tmp_path / "shared.onnx")
    found, before = read_onnx_weights(tmp_path / "shared.onnx"), read_onnx_weights(model_file)
    assert found.keys() == before.keys()
    changed = {name for name in before if not torch.equal(found[name], before[name])}
    assert changed == {(second + part).removeprefix("network.")}
    take_onnx_weights(SpatialAsmnet(), tmp_path / "shared.onnx", torch.zeros(2, 3, 64, 64))


def test_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(InvalidInputError, match=r"text\.onnx holds no"):
        read_onnx_weights(tmp_path / "text.onnx")
