from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68
from asmnet_sdk.training.pictures import draw_curves, draw_validation
from tests.tiny_network import TinyNetwork
from tests.training.dotted_batches import dotted_samples


def test_curves_have_a_panel_for_each_figure():
    records = [{"epoch": 1, "seconds": 9.0, "landmarks": 4.0}]
    records += [{"epoch": 2, "seconds": 9.0, "landmarks": 2.0, "face": 0.1, "val_nme": 5.0}]
    assert draw_curves(records[:1]).shape == (220, 420, 3)
    assert draw_curves(records).shape == (440, 840, 3)


def test_validation_picture_shows_faces_side_by_side():
    picture = draw_validation(
        TinyNetwork(), dotted_samples(6), IBUG_68, size=64, crop_scale=1.35, count=5
    )
    assert picture.shape == (512, 1024, 3)
    assert (picture[256:, 256:] == 255).all()
    assert picture[:256].std() > 10
