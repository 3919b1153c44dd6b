"""The network as a judge: how sure it is of boxes, and that it looks at none of them twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.landmarks.judging import FirstLooks
from asmnet_sdk.landmarks.looks import look
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.upright_model import turned_face, write_upright_model

BOX = BoundingBox(84, 85, 116, 117)


class CountingNetwork(LandmarkNetwork):
    looks = 0

    def predict(self, crops):
        self.looks += len(crops)
        return super().predict(crops)


@pytest.fixture(scope="module")
def upright_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_upright_model(tmp_path_factory.mktemp("upright") / "m.onnx")


def test_a_face_counts_only_the_way_up_that_its_box_says(upright_model):
    image, _ = turned_face(180)
    looks = FirstLooks(LandmarkNetwork(upright_model, device="cpu"), image)
    upright, upside_down = looks.judge([BOX, replace(BOX, roll=180.0)])
    assert upright < 0.1
    assert upside_down > 0.8


def test_no_box_is_looked_at_twice(upright_model):
    image, dots = turned_face(0)
    network = CountingNetwork(upright_model, device="cpu")
    looks = FirstLooks(network, image)
    first = looks.judge([BOX])
    assert looks.judge([BOX, replace(BOX, x_max=117.0)])[0] == first[0]
    assert network.looks == 2
    [face] = look(network, [image], [looks.crop(BOX)], "auto", looks.faces)
    assert network.looks == 2
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.1)
