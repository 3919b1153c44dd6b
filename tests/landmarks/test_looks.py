"""Further looks: a toy network that knows an upright face from a turned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, Face, FaceAligner, HeadPose, InvalidInputError
from asmnet_sdk.geometry import transform_points, wrap_angle
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.looks import Passes, look
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX
from tests.upright_model import turned_face, write_upright_model

BOX = BoundingBox(84, 85, 116, 117)


class CountedNetwork(LandmarkNetwork):
    """A network that keeps the numbers of crops that it was given at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, device="cpu", threads=1)
        self.batches: list[int] = []

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        self.batches += [len(crops)] if crops else []
        return super().predict(crops)


@pytest.fixture(scope="module")
def upright_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_upright_model(tmp_path_factory.mktemp("upright") / "m.onnx")


@pytest.fixture
def network(upright_model: Path) -> CountedNetwork:
    return CountedNetwork(upright_model)


def look_at(network: LandmarkNetwork, image: NDArray[np.uint8], box: BoundingBox, passes: Passes):
    [face] = look(network, [image], [network.cut(image, box)], passes)
    return face


def test_an_upright_sure_face_is_looked_at_once(network):
    image, dots = turned_face(0)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1]
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.1)


@pytest.mark.parametrize("degrees", [-50, -30, 30, 50])
def test_a_tilted_sure_face_is_looked_at_again(network, degrees):
    image, dots = turned_face(degrees)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1, 1]
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)
    assert face.head_pose.roll == pytest.approx(degrees, abs=2)


@pytest.mark.parametrize("degrees", [100, 135, 170, 180, -100, -135, -170])
def test_a_face_turned_far_is_found_among_the_quarter_turns(network, degrees):
    image, dots = turned_face(degrees)
    face = look_at(network, image, BOX, "auto")
    assert network.batches[:2] == [1, 4]
    assert len(network.batches) <= 4
    assert face.score == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)
    assert (face.head_pose.roll - degrees + 180) % 360 - 180 == pytest.approx(0, abs=2)
    assert face.box == BOX


def test_a_known_roll_saves_further_looks(network):
    image, dots = turned_face(170)
    face = look_at(network, image, BoundingBox(*BOX, roll=175), "auto")
    assert network.batches == [1]
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


@pytest.mark.parametrize(
    "box", [(76, 85, 108, 117), (60, 61, 140, 141), (88, 89, 112, 113), (84, 75, 116, 107)]
)
def test_a_careless_box_is_centred(network, box):
    image, dots = turned_face(0)
    face = look_at(network, image, BoundingBox(*box), "auto")
    assert len(network.batches) > 1
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.1)


def test_what_is_no_face_gets_no_more_than_the_quarter_turns(network):
    face = look_at(network, np.zeros((200, 200, 3), np.uint8), BOX, "auto")
    assert network.batches == [1, 4]
    assert face.score < 0.01


def test_all_further_looks_go_as_one_batch(network):
    image, _ = turned_face(0)
    tilted, _ = turned_face(40)
    lying, _ = turned_face(90)
    images = [image, tilted, image, lying]
    faces = look(network, images, [network.cut(i, BOX) for i in images], "auto")
    assert network.batches == [4, 1 + 4]
    assert [round(face.head_pose.roll, -1) for face in faces] == [0, 40, 0, 90]


def test_two_passes_look_twice_at_every_face(network):
    image, _ = turned_face(0)
    look(network, [image] * 3, [network.cut(image, BOX)] * 3, 2)
    assert network.batches == [3, 3]


class TurningNetwork(CountedNetwork):
    """Sees a yaw in the crop, another one in the mirror, and the same points in both."""

    yaws: tuple[float, float]

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        faces = super().predict([it.mirrored() if it.is_mirrored else it for it in crops])
        return [
            replace(face, head_pose=HeadPose(self.yaws[crop.is_mirrored], 0, 0))
            for face, crop in zip(faces, crops, strict=True)
        ]


@pytest.mark.parametrize(
    ("yaws", "batches", "yaw"),
    [((60, 70), [1, 1], 65), ((-60, -50), [1, 1], -55), ((40, 50), [1], 40)],
)
def test_a_much_turned_face_is_looked_at_in_the_mirror(upright_model, yaws, batches, yaw):
    network = TurningNetwork(upright_model)
    network.yaws = yaws
    image, dots = turned_face(0)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == batches
    assert face.head_pose.yaw == pytest.approx(yaw)
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.1)


def test_one_pass_looks_once(network):
    image, dots = turned_face(180)
    face = look_at(network, image, BOX, 1)
    assert network.batches == [1]
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.1)
    assert face.score < 0.01


class StrayingNetwork(CountedNetwork):
    """Sees another face, beside the box, whenever it looks at a turned crop."""

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        return [
            replace(face, landmarks=face.landmarks + (40 if crop.clockwise_degrees else 0))
            for crop, face in zip(crops, super().predict(crops), strict=True)
        ]


def test_a_neighbour_is_not_taken_for_the_face(upright_model):
    image, dots = turned_face(30)
    network = StrayingNetwork(upright_model)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1, 1]
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


class TwoWaysNetwork(CountedNetwork):
    """Sees a face upside down, more surely than the right one, but not in the mirror.

    The right one scores by how upright its crop is.
    """

    turn = 135.0

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        return [
            replace(face, score=self._score(crop))
            for crop, face in zip(crops, super().predict(crops), strict=True)
        ]

    def _score(self, crop: FaceCrop) -> float:
        off = abs(wrap_angle(crop.clockwise_degrees - self.turn))
        if off < 90:
            return 0.95 - off / 60
        return 0.4 if off > 130 and np.linalg.det(crop.matrix[:, :2]) > 0 else 0.01


def test_of_two_ways_up_the_one_that_all_looks_say_most_for_counts(upright_model):
    """A face between two quarter turns scores 0.2 in both, and 0.95 only when it is upright."""
    network = TwoWaysNetwork(upright_model)
    image, dots = turned_face(network.turn)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1, 4, 8]
    assert face.score == pytest.approx(0.95, abs=0.05)
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


class HopelessNetwork(CountedNetwork):
    """Says little for the first crop, less for a quarter turn, hardly anything for others."""

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        scores = {0: 0.04, 90: 0.01}
        return [
            replace(face, score=scores.get(round(crop.clockwise_degrees), 0.001))
            for crop, face in zip(crops, super().predict(crops), strict=True)
        ]


def test_another_way_up_that_is_less_sure_is_not_taken(upright_model):
    network = HopelessNetwork(upright_model)
    image, dots = turned_face(20)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1, 4]
    assert face.head_pose.roll == pytest.approx(20, abs=2)
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


def test_without_scores_roll_alone_brings_a_second_look(tmp_path):
    network = CountedNetwork(write_upright_model(tmp_path / "m.onnx", drop_output="face_score"))
    image, dots = turned_face(50)
    face = look_at(network, image, BOX, "auto")
    assert network.batches == [1, 1]
    assert face.score is None
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


def test_without_scores_and_sigma_it_works_too(tmp_path, network):
    path = write_upright_model(tmp_path / "m.onnx", drop_output="landmark_sigma")
    image, dots = turned_face(90)
    face = look_at(CountedNetwork(path), image, BOX, "auto")
    np.testing.assert_allclose(face.landmarks[:3], dots, atol=0.5)


def test_turned_crops_are_those_of_a_turned_box(network):
    image, _ = turned_face(20)
    for quarters in range(4):
        expected = network.cut(image, BoundingBox(*BOX, roll=90 * quarters))
        crop = network.cut(image, BOX).turned(quarters)
        np.testing.assert_allclose(crop.matrix, expected.matrix, atol=1e-9)
        np.testing.assert_allclose(crop.pixels, expected.pixels, atol=2)
        assert crop.clockwise_degrees == 90 * quarters


@pytest.mark.parametrize("passes", [0, 3, "two", True, None])
def test_other_numbers_of_passes_are_refused(upright_model, passes):
    with pytest.raises(InvalidInputError, match=r"passes is .*; needed: 'auto', 1 or 2"):
        FaceAligner(upright_model, passes=passes)


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_a_portrait_turned_by_any_angle_keeps_its_landmarks(aligner, degrees):
    """With the shipped weights and the box of the turned portrait, whose roll nobody tells."""
    image = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    [upright] = aligner.predict(image, ASTRONAUT_BOX)
    turn = cv2.getRotationMatrix2D((226, 133), -degrees, 1.0)
    turned = cv2.warpAffine(image, turn, image.shape[1::-1])
    expected = transform_points(turn, upright.landmarks)
    [face] = aligner.predict(turned, BoundingBox.around(expected))
    eyes = np.linalg.norm(expected[36] - expected[45])
    error = np.linalg.norm(face.landmarks - expected, axis=1).mean() / eyes
    assert error < 0.03
    assert face.score > 0.9
