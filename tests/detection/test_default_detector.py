"""The detector inside the package: its identity, and what it finds in real photos."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from asmnet_sdk.datasets import read_300w
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.detection.turning import quarter_turn
from asmnet_sdk.geometry import intersection_over_union, transform_points
from asmnet_sdk.hub.registry import find_model
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from tests.conftest import EXAMPLES, REPOSITORY
from tests.example_boxes import ASTRONAUT_BOX, GRACE_HOPPER_BOX

NAME = "asmnet-detector"
HUB_FOLDER = REPOSITORY / "hub" / NAME
PORTRAITS = {"astronaut": ASTRONAUT_BOX, "grace_hopper": GRACE_HOPPER_BOX}


@pytest.fixture(scope="module")
def detector() -> AsmnetDetector:
    return AsmnetDetector(resolve_model(NAME, local_files_only=True), threads=1)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_file_in_package_is_the_published_one():
    pinned = find_model(NAME).sha256
    assert sha256(resolve_model(NAME, local_files_only=True)) == pinned
    assert sha256(HUB_FOLDER / "model.onnx") == pinned
    assert f"{pinned}  model.onnx\n" in (HUB_FOLDER / "SHA256SUMS").read_text()
    assert pinned in (HUB_FOLDER / "README.md").read_text()


def test_detector_is_small_and_names_its_data_and_terms(detector):
    assert (HUB_FOLDER / "model.onnx").stat().st_size <= 1e6
    assert "300-W" in detector.metadata.training_data
    assert "non-commercial" in detector.metadata.training_data
    assert "research" in detector.metadata.licence


@pytest.mark.parametrize("name", PORTRAITS)
def test_portraits_have_one_face_each(detector, name):
    [box] = detector.detect(load_image(EXAMPLES / f"{name}.jpg"))
    assert intersection_over_union(list(box), PORTRAITS[name])[0, 0] > 0.8


@pytest.mark.parametrize(
    ("name", "quarters", "roll"),
    [
        ("astronaut", 1, 90),
        ("astronaut", 2, 180),
        ("astronaut", 3, -90),
        ("grace_hopper", 1, 90),
        ("grace_hopper", 3, -90),
    ],
)
def test_portraits_on_their_side_and_upside_down_are_found_with_their_roll(
    detector, name, quarters, roll
):
    """The photo is turned clockwise by quarters; so are the heads."""
    portrait = load_image(EXAMPLES / f"{name}.jpg")
    height, width = portrait.shape[:2]
    corners = np.reshape(list(PORTRAITS[name]), (2, 2))
    turned = transform_points(quarter_turn(width, height, quarters), corners)
    truth = [*turned.min(axis=0), *turned.max(axis=0)]
    boxes = detector.detect(np.ascontiguousarray(np.rot90(portrait, -quarters)))
    overlaps = intersection_over_union([list(box) for box in boxes], truth)[:, 0]
    assert overlaps.max() > 0.7
    turned_by = boxes[int(overlaps.argmax())].roll - roll
    assert abs((turned_by + 180) % 360 - 180) < 20


@pytest.mark.parametrize("enlargement", [0.5, 2, 5])
def test_the_size_of_a_photo_hardly_matters(detector, enlargement):
    portrait = load_image(EXAMPLES / "astronaut.jpg")
    image = cv2.resize(portrait, None, fx=enlargement, fy=enlargement, interpolation=cv2.INTER_AREA)
    box, *badge = detector.detect(image)
    assert all(other.score < box.score for other in badge)
    expected = (np.array(ASTRONAUT_BOX) + 0.5) * enlargement - 0.5
    assert intersection_over_union(list(box), expected)[0, 0] > 0.8


def test_min_face_size_finds_tiny_faces_of_large_photos():
    picture, box_of_face = face_in_the_corner((4000, 3000), 40)
    careful = AsmnetDetector(resolve_model(NAME, local_files_only=True), min_face_size=30)
    assert best_overlap(careful.detect(picture), box_of_face) > 0.6


@pytest.mark.parametrize(
    ("size_wh", "face"),
    [
        ((640, 480), 32),
        ((640, 480), 24),
        ((1600, 900), 30),
        ((2560, 1920), 79),
        ((9000, 1500), 215),
    ],
)
def test_large_photos_and_panoramas_keep_small_faces(detector, size_wh, face):
    picture, box_of_face = face_in_the_corner(size_wh, face)
    assert best_overlap(detector.detect(picture), box_of_face) > 0.6


def best_overlap(boxes: list[BoundingBox], box_of_face: NDArray[np.float64]) -> float:
    overlaps = (intersection_over_union(list(box), box_of_face)[0, 0] for box in boxes)
    return max(overlaps, default=0.0)


def face_in_the_corner(
    size_wh: tuple[int, int], face: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return a grey picture with the portrait in it, and the box of its face, so many px long."""
    picture = np.full((*size_wh[::-1], 3), 128, np.uint8)
    scale = face / (ASTRONAUT_BOX[2] - ASTRONAUT_BOX[0])
    portrait = load_image(EXAMPLES / "astronaut.jpg")
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    part = small[: size_wh[1] - 50, : size_wh[0] - 60]
    picture[50 : 50 + len(part), 60 : 60 + part.shape[1]] = part
    return picture, np.array(ASTRONAUT_BOX) * scale + [60, 50, 60, 50]


@pytest.mark.parametrize("level", [0, 127, 255])
def test_plain_pictures_hold_no_face(detector, level):
    assert detector.detect(np.full((90, 200, 3), level, np.uint8)) == []


def test_faces_of_the_test_set_are_found(detector, common_test_set):
    """Every ninth photo; on all of them see the model card."""
    faces = read_300w(common_test_set)[::9]
    overlaps = []
    for face in faces:
        boxes = [list(box) for box in detector.detect(load_image(face.photo))]
        truth = list(BoundingBox.around(face.landmarks))
        overlaps.append(intersection_over_union(boxes, truth).max(initial=0))
    assert np.mean(np.array(overlaps) >= 0.5) >= 0.98
    assert np.mean(overlaps) > 0.85
