from __future__ import annotations

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import FaceAligner  # noqa: E402
from asmnet_sdk.training.export import export_network  # noqa: E402
from asmnet_sdk.training.networks import SpatialAsmnet  # noqa: E402
from lab.quantising import quantise_model  # noqa: E402
from tests.training.test_export import METADATA  # noqa: E402


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
