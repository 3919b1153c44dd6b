from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import geometry
from asmnet_sdk.training.tensor_geometry import expected_position, rotation_of, rotation_to_euler


def test_expected_position_of_a_single_cell_is_its_centre():
    maps = torch.zeros(1, 1, 4, 8)
    maps[0, 0, 1, 6] = 1
    position, spread = expected_position(maps)
    assert position[0, 0].tolist() == pytest.approx([6.5 / 8, 1.5 / 4])
    assert spread.item() == pytest.approx(1e-3)


def test_six_numbers_become_a_rotation_and_its_angles():
    rotation = rotation_of(torch.randn(64, 6, generator=torch.Generator().manual_seed(0)))
    identity = (rotation @ rotation.mT).numpy()
    assert np.allclose(identity, np.eye(3), atol=1e-5)
    assert np.allclose(torch.linalg.det(rotation).numpy(), 1, atol=1e-5)
    angles = rotation_to_euler(rotation).numpy()
    assert np.allclose(angles, geometry.rotation_to_euler(rotation.numpy()), atol=0.1)
