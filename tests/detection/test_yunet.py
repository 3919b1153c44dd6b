from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk import FaceDetector, InvalidInputError, ModelFileError, YuNetDetector
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.images.loading import load_image
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX


def test_model_that_is_not_yunet_is_refused(dot_model):
    with pytest.raises(ModelFileError, match="is not YuNet"):
        YuNetDetector(dot_model)


@pytest.mark.parametrize("name", ["score_threshold", "overlap_threshold"])
def test_thresholds_are_checked(dot_model, name):
    with pytest.raises(InvalidInputError, match=f"{name} is .*; needed: a number from 0 to 1"):
        YuNetDetector(dot_model, **{name: 1.5})


def test_yunet_is_a_detector(yunet_file):
    assert isinstance(YuNetDetector(yunet_file), FaceDetector)


@pytest.mark.parametrize("enlargement", [1, 2, 5])
def test_yunet_finds_the_astronaut_at_any_size(yunet_file, enlargement):
    image = np.kron(
        load_image(EXAMPLES / "astronaut.jpg"), np.ones((enlargement, enlargement, 1), np.uint8)
    )
    [box] = YuNetDetector(yunet_file, threads=1).detect(image)
    expected = (np.array(ASTRONAUT_BOX) + 0.5) * enlargement - 0.5
    assert intersection_over_union(list(box), expected)[0, 0] > 0.8
    assert box.score > 0.8


def test_yunet_sorts_by_area(yunet_file):
    small = load_image(EXAMPLES / "astronaut.jpg")
    canvas = np.zeros((512, 1280, 3), np.uint8)
    canvas[:256, :256] = small[::2, ::2]
    canvas[:, 700:1212] = small
    boxes = YuNetDetector(yunet_file).detect(canvas)
    assert [box.center[0] > 640 for box in boxes] == [True, False]


def test_yunet_finds_nothing_in_a_blank_image(yunet_file):
    assert YuNetDetector(yunet_file).detect(np.full((90, 200, 3), 127, np.uint8)) == []
