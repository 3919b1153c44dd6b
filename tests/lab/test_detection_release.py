from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox
from asmnet_sdk.datasets import read_300w
from asmnet_sdk.images.loading import load_image
from lab.detection.cards import detector_card
from lab.detection.damages import DAMAGES
from lab.detection.hard_cases import draw_found_faces
from lab.detection.measuring import (
    DetectorFigures,
    group_mosaics,
    measure_detector,
    measure_kinds,
    small_face_picture,
)
from lab.releasing import ReleasedFile
from tests.framed_photos import write_face
from tests.square_detector import METADATA

SIZE_WH, BOX = (480, 240), (200, 60, 319, 159)
FIGURES = DetectorFigures(
    faces=9,
    recall_percent=99.5,
    mean_overlap=0.9,
    nme_percent=3.1,
    annotated_nme_percent=3.0,
    mosaic_recall_percent=98.0,
    small_recall_percent=91.0,
    spurious=0.011,
)


class RectangleDetector:
    """Finds every white rectangle, and a corner of the picture if it is told to err."""

    def __init__(self, *, errs: bool = False) -> None:
        self.errs = errs

    def detect(self, image: np.ndarray) -> list[BoundingBox]:
        bright = (image[:, :, 0] > 127).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        boxes = [
            BoundingBox(x - 0.5, y - 0.5, x + width - 0.5, y + height - 0.5)
            for x, y, width, height, _ in stats[1:].tolist()
        ]
        return [*boxes, BoundingBox(0, 0, 20, 20)] if self.errs else boxes


class BlindDetector:
    """Finds nothing."""

    def detect(self, image: np.ndarray) -> list[BoundingBox]:
        return []


@pytest.fixture(scope="module")
def ten_faces(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("photos")
    for index in range(10):
        write_face(folder / "white", f"face{index}", SIZE_WH, BOX)
    return read_300w(folder)


def test_mosaics_hold_nine_photos_and_boxes_on_their_faces(ten_faces):
    [(picture, boxes)] = group_mosaics(ten_faces)
    assert picture.shape == (960, 960, 3)
    found = RectangleDetector().detect(picture)
    assert len(found) == len(boxes) == 9
    for box, other in zip(sorted(boxes, key=list), sorted(found, key=list), strict=True):
        np.testing.assert_allclose(list(box), list(other), atol=1)


def test_small_faces_have_24_pixels(ten_faces):
    image = load_image(ten_faces[0].photo)
    picture, box = small_face_picture(image, BoundingBox.around(ten_faces[0].landmarks))
    assert picture.shape == (320, 320, 3)
    assert (box.width, box.height) == pytest.approx((24, 20))
    [found] = RectangleDetector().detect(picture)
    np.testing.assert_allclose(list(box), list(found), atol=1)


def test_perfect_detector_has_perfect_figures(ten_faces, dot_aligner):
    detector = RectangleDetector()
    figures = measure_detector(detector, ten_faces, dot_aligner, reference=detector)
    assert figures.faces == 10
    assert (figures.recall_percent, figures.mosaic_recall_percent) == (100, 100)
    assert (figures.small_recall_percent, figures.spurious) == (100, 0)
    assert figures.mean_overlap == pytest.approx(1, abs=1e-3)
    assert figures.nme_percent == pytest.approx(figures.annotated_nme_percent, rel=1e-3)


def test_boxes_that_the_reference_does_not_know_are_spurious(ten_faces, dot_aligner):
    figures = measure_detector(
        RectangleDetector(errs=True), ten_faces, dot_aligner, reference=BlindDetector()
    )
    assert figures.spurious == 1


def test_blind_detector_finds_nothing(ten_faces, dot_aligner):
    figures = measure_detector(BlindDetector(), ten_faces, dot_aligner)
    assert (figures.recall_percent, figures.mosaic_recall_percent) == (0, 0)
    assert math.isnan(figures.nme_percent)
    assert figures.spurious is None


def test_card_states_the_figures():
    metadata = replace(METADATA, figures={"parameters": 137_000})
    card = detector_card(
        metadata,
        FIGURES,
        kinds={"upside down": (98.25, 1.0), "dark": (90.0, None)},
        kinds_faces=93,
        file=ReleasedFile(size_bytes=620_000, sha256="ab" * 32, picture="cases.jpg"),
        measured="Today.",
    )
    header = card.split("---")[1]
    assert "license_name: research-only-training-data" in header
    for text in (
        "| upside down | 98.2 % | 1.0 % |",
        "| dark | 90.0 % | not",
        "93 faces",
        "(cases.jpg)",
    ):
        assert text in card
    for text in ("99.50 % of 9", "0.900", "3.10 % / 3.00 %", "0.137 M", "0.62 MB", "0.011"):
        assert text in card


def test_damages_keep_landmarks_on_their_face(ten_faces):
    """A box around the white face, wherever the damage moved it, is what is found of it."""
    for name in ("turned by 90 degrees", "upside down", "24 px in 640 x 480", "motion blur"):
        scene = DAMAGES[name](ten_faces[0])
        bright = scene.picture[:, :, 0] > 190
        y, x = np.nonzero(bright)
        found = (x.min() - 0.5, y.min() - 0.5, x.max() + 0.5, y.max() + 0.5)
        margin = 20 if name == "motion blur" else 1.5
        np.testing.assert_allclose(list(BoundingBox.around(scene.landmarks)), found, atol=margin)


def test_a_turned_face_is_found_by_a_perfect_detector(ten_faces):
    kinds = measure_kinds(RectangleDetector(), ten_faces[:2])
    assert kinds["turned by 90 degrees"] == kinds["upside down"] == 100
    assert kinds["lower half black"] == 100
    assert set(kinds) == set(DAMAGES)


def test_picture_of_found_faces_has_a_panel_for_each_damage(ten_faces, tmp_path):
    draw_found_faces(RectangleDetector(), ten_faces[:1], tmp_path / "cases.jpg")
    picture = cv2.imread(str(tmp_path / "cases.jpg"))
    assert picture.shape == (266 * -(-len(DAMAGES) // 4), 960, 3)
