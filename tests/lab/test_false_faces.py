"""Tests of the crops without a face that a face score learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from asmnet_sdk.detection import load_detector
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox
from lab.false_faces import false_faces


class _Everywhere:
    """Takes the top left corner for a face."""

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        return [BoundingBox(5, 5, 65, 65, score=0.1)]


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    return LandmarkNetwork(resolve_model("asmnet-68-int8"), device="cpu", threads=1)


def test_plain_pictures_give_few_crops(network: LandmarkNetwork) -> None:
    picture = np.full((100, 120, 3), 90, np.uint8)
    crops = list(false_faces(picture, _Everywhere(), network, np.random.default_rng(0)))
    size = network.metadata.input_size
    assert {crop.shape for crop in crops} == {(size, size, 3)}
    assert {crop.dtype for crop in crops} == {np.dtype(np.uint8)}
    assert 2 <= len(crops) <= 24


def test_what_scores_high_comes_again_around_its_landmarks(
    network: LandmarkNetwork,
) -> None:
    picture = load_image(Path(__file__).parents[2] / "examples" / "astronaut.jpg")
    detector = load_detector(threads=1)
    crops = list(false_faces(picture, detector, network, np.random.default_rng(0)))
    faces = [network.predict([network.cut_whole(crop)])[0] for crop in crops[:2]]
    assert all((face.score or 0) > 0.9 for face in faces)
