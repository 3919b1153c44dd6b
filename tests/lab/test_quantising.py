from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import FaceAligner
from asmnet_sdk.training.export import export_network
from asmnet_sdk.training.networks import SpatialAsmnet
from lab.quantising import LARGEST_WEIGHT, quantise_model
from tests.conftest import REPOSITORY
from tests.training.test_export import METADATA


def test_quantised_model_is_smaller_and_agrees(tmp_path):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    path = tmp_path / "tiny.onnx"
    export_network(SpatialAsmnet().eval(), METADATA, path)
    crops = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    exact, exact_size = FaceAligner(path), path.stat().st_size
    quantise_model(path, crops)
    quantised = FaceAligner(path)
    assert quantised.model == exact.model
    assert path.stat().st_size < 0.45 * exact_size
    assert {"QuantizeLinear", "DequantizeLinear"} <= {n.op_type for n in onnx.load(path).graph.node}
    assert [o.domain for o in onnx.load(path).opset_import] == [""]
    for crop in crops:
        faces = [aligner.predict_crop(crop).landmarks for aligner in (exact, quantised)]
        np.testing.assert_allclose(faces[0], faces[1], atol=1.0)
    assert list(tmp_path.iterdir()) == [path]


def test_no_pair_of_products_leaves_16_bits(tmp_path):
    """Whatever the weights: as processors without VNNI add them."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    path = tmp_path / "tiny.onnx"
    network = SpatialAsmnet().eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(torch.empty_like(weights).uniform_(0.5, 1.5))
    export_network(network, METADATA, path)
    quantise_model(path, np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8))
    assert largest_weight(path) == LARGEST_WEIGHT
    assert 2 * 255 * LARGEST_WEIGHT < 2**15


def test_published_8_bit_models_are_the_same_on_every_processor():
    for path in (REPOSITORY / "hub").glob("*-int8/model.onnx"):
        assert largest_weight(path) <= LARGEST_WEIGHT


def largest_weight(model) -> int:
    tensors = [numpy_helper.to_array(tensor) for tensor in onnx.load(model).graph.initializer]
    return max(int(np.abs(t.astype(int)).max()) for t in tensors if t.dtype == np.int8)
