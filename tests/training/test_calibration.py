from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.calibration import calibrate_sigma, coverage_of
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import SpatialAsmnet
from tests.training.dotted_batches import dotted_samples


def test_calibrated_radius_holds_68_percent_of_the_errors():
    torch.manual_seed(0)
    network, samples = SpatialAsmnet(), dotted_samples(8)
    calibrate_sigma(network, samples, size=64, crop_scale=1.35)
    crops, truth = upright_crops(samples, size=64, crop_scale=1.35)
    predicted = predict_crops(network, crops)
    errors = np.linalg.norm(predicted.landmarks.numpy() - truth, axis=2)
    sigma = predicted.landmark_log_sigma.exp().numpy()
    assert coverage_of(errors, sigma) == pytest.approx(0.68, abs=0.01)
