from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.samples import FaceSamples
from tests.training.dotted_batches import dotted_samples


def test_samples_are_saved_loaded_and_joined(tmp_path):
    samples = dotted_samples(3, yaw=20)
    samples.save(tmp_path / "faces.npz")
    joined = FaceSamples.join([FaceSamples.load(tmp_path / "faces.npz"), dotted_samples(1)])
    assert len(joined) == 4
    assert np.array_equal(joined.landmarks[:3], samples.landmarks)
    assert joined.head_poses[:, 0].tolist() == [20, 20, 20, 0]


def test_file_without_packed_faces_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InvalidInputError, match=r"other\.npz holds no packed faces"):
        FaceSamples.load(tmp_path / "other.npz")
