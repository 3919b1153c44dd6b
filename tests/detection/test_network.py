from __future__ import annotations

import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, FaceDetector, InvalidInputError, ModelError, ModelFileError
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.detection.scales import LARGEST_SIDE
from tests.square_detector import (
    METADATA,
    edges_of,
    picture_with_squares,
    write_square_detector,
)

RED, GREEN, BLUE = range(3)


@pytest.fixture(scope="module")
def square_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_square_detector(tmp_path_factory.mktemp("detectors") / "squares.onnx")


@pytest.fixture
def detector(square_file: Path) -> AsmnetDetector:
    return AsmnetDetector(square_file, threads=1)


@pytest.mark.parametrize("size_wh", [(320, 320), (320, 200), (333, 500), (1280, 720), (100, 70)])
def test_boxes_come_in_pixels_of_the_photo(detector, size_wh):
    square = (size_wh[0] // 3, size_wh[1] // 4, size_wh[1] // 4)
    [box] = detector.detect(picture_with_squares(size_wh, {RED: square}))
    np.testing.assert_allclose(list(box), edges_of(square), atol=0.002 * max(size_wh))
    assert box.score == pytest.approx(0.9)


def test_channels_arrive_as_rgb(detector):
    [box] = detector.detect(picture_with_squares((320, 320), {GREEN: (40, 60, 80)}))
    assert box.score == pytest.approx(0.8)


def test_largest_box_comes_first_whatever_its_score(detector):
    squares = {RED: (10, 10, 40), GREEN: (100, 100, 90)}
    boxes = detector.detect(picture_with_squares((320, 320), squares))
    assert [box.score for box in boxes] == pytest.approx([0.8, 0.9])


def test_threshold_of_the_model_holds_unless_another_is_given(square_file, detector):
    picture = picture_with_squares((320, 320), {BLUE: (10, 10, 40)})
    assert detector.detect(picture) == []
    [box] = AsmnetDetector(square_file, score_threshold=0.2).detect(picture)
    assert box.score == pytest.approx(0.4)


def test_a_judge_decides_about_boxes_that_score_too_little(square_file, detector):
    picture = picture_with_squares((320, 320), {BLUE: (10, 10, 40)})
    [box] = detector.detect(picture, judge=lambda boxes: [0.9] * len(boxes))
    assert box.score == pytest.approx(0.4)
    assert detector.detect(picture, judge=lambda boxes: [0.6] * len(boxes)) == []


def test_a_threshold_that_is_given_holds_for_a_judge_as_well(square_file):
    picture = picture_with_squares((320, 320), {BLUE: (10, 10, 40)})
    detector = AsmnetDetector(square_file, score_threshold=0.5)
    assert detector.detect(picture, judge=lambda boxes: [0.9] * len(boxes)) == []


def test_a_judge_tells_which_way_up_a_face_is(detector):
    """The model finds squares either way up; the judge sees the face upside down."""
    picture = picture_with_squares((320, 240), {RED: (100, 60, 80)})

    def judge(boxes):
        return [0.9 if box.roll == -180 else 0.2 for box in boxes]

    [box] = detector.detect(picture, judge=judge)
    assert box.roll == -180
    np.testing.assert_allclose(list(box), edges_of((100, 60, 80)), atol=0.5)


def test_dark_pictures_are_looked_at_brightened(detector):
    picture = picture_with_squares((320, 240), {RED: (100, 60, 80)}) // 13
    [box] = detector.detect(picture)
    assert box.width == pytest.approx(80 * np.sqrt(180 / 255), abs=1)


def test_of_overlapping_boxes_the_best_stays(square_file, detector):
    squares = {RED: (100, 100, 60), GREEN: (105, 100, 60)}
    picture = picture_with_squares((320, 320), squares)
    assert [box.score for box in detector.detect(picture)] == pytest.approx([0.9])
    tolerant = AsmnetDetector(square_file, overlap_threshold=0.95)
    assert len(tolerant.detect(picture)) == 2


def test_each_box_has_its_own_roll(tmp_path):
    path = write_square_detector(tmp_path / "turned.onnx", rolls=(90.0, -30.0, 180.0))
    squares = {RED: (10, 10, 40), GREEN: (100, 100, 90)}
    boxes = AsmnetDetector(path).detect(picture_with_squares((320, 320), squares))
    assert [(box.score, box.roll) for box in boxes] == [
        pytest.approx((0.8, -30.0)),
        pytest.approx((0.9, 90.0)),
    ]


def test_a_detector_without_rolls_leaves_them_unknown(detector):
    [box] = detector.detect(picture_with_squares((320, 320), {RED: (10, 10, 40)}))
    assert box.roll is None


def test_max_faces_keeps_the_largest(square_file):
    squares = {RED: (10, 10, 40), GREEN: (100, 100, 90)}
    [box] = AsmnetDetector(square_file, max_faces=1).detect(
        picture_with_squares((320, 320), squares)
    )
    assert box.width == pytest.approx(90, abs=0.5)


class LookedDetector(AsmnetDetector):
    """A detector that keeps the sides of its upright looks."""

    def _boxes(self, image, side, judge, quarters=0):
        if not quarters:
            self.sides = [*getattr(self, "sides", []), side]
        return super()._boxes(image, side, judge, quarters)


@pytest.mark.parametrize(
    ("min_face_size", "size_wh", "expected"),
    [
        (20, (1000, 800), [320, 800]),
        (20, (800, 1000), [320, 800]),
        (200, (1000, 800), [320]),
        (2, (6000, 4000), [320, LARGEST_SIDE]),
    ],
)
def test_the_closer_look_is_as_large_as_the_smallest_face_needs(
    square_file, min_face_size, size_wh, expected
):
    """The model resolves faces of 16 px: 20 px in a photo of 1000 px need an input of 800 px."""
    detector = LookedDetector(square_file, min_face_size=min_face_size)
    detector.detect(np.zeros((*size_wh[::-1], 3), np.uint8))
    assert detector.sides == expected


@pytest.mark.parametrize(
    ("square", "expected"),
    [
        (300, [320]),  # 48 px of the first look: seen well
        (100, [320, 800]),  # 16 px: there may be smaller ones; then 40 px
        (50, [320, 800, 2000]),  # found by the closer look alone, at 20 px
        (10, [320, 800]),  # found by none
    ],
)
def test_small_faces_and_empty_photos_get_closer_looks(tmp_path, square, expected):
    path = write_square_detector(tmp_path / "m.onnx", resolves=15)
    picture = picture_with_squares((2000, 1200), {RED: (600, 300, square)})
    detector = LookedDetector(path, threads=1)
    boxes = detector.detect(picture)
    assert detector.sides == expected
    assert len(boxes) == (square > 10)
    for box in boxes:
        np.testing.assert_allclose(list(box), edges_of((600, 300, square)), atol=1)


def test_a_small_face_is_found_beside_a_larger_small_one(tmp_path):
    """At 320 px only the green square of 20 px is seen, the red one has 10."""
    path = write_square_detector(tmp_path / "m.onnx", resolves=15)
    squares = {RED: (600, 300, 62), GREEN: (1200, 200, 125)}
    boxes = AsmnetDetector(path).detect(picture_with_squares((2000, 1200), squares))
    assert [box.score for box in boxes] == pytest.approx([0.8, 0.9])


def test_small_doubted_boxes_are_judged_in_the_last_look_alone(tmp_path):
    """Red scores 0.8, green 0.9: with a threshold in between, red is doubted in every look."""
    metadata = replace(METADATA, score_threshold=0.85).to_json()
    path = write_square_detector(tmp_path / "m.onnx", metadata=metadata)
    squares = {RED: (600, 300, 110), GREEN: (1200, 200, 110)}
    asked = []

    def judge(boxes):
        asked.extend(round(box.score, 1) for box in boxes)
        return [0.9 for _ in boxes]

    boxes = AsmnetDetector(path).detect(picture_with_squares((2000, 1200), squares), judge=judge)
    assert sorted(box.score for box in boxes) == pytest.approx([0.8, 0.9])
    assert asked.count(0.8) == 1


def test_small_photos_are_enlarged_twofold_at_most(tmp_path):
    detector = LookedDetector(write_square_detector(tmp_path / "m.onnx", resolves=15))
    for size_wh, expected in (((200, 150), [320, 400]), ((150, 100), [320])):
        detector.sides = []
        detector.detect(np.zeros((*size_wh[::-1], 3), np.uint8))
        assert detector.sides == expected


def test_panoramas_get_as_many_pixels_as_photos(square_file):
    detector = LookedDetector(square_file)
    square = (4000, 400, 500)
    [box] = detector.detect(picture_with_squares((8000, 1000), {RED: square}))
    assert detector.sides == [640]
    np.testing.assert_allclose(list(box), edges_of(square), atol=4)


def test_larger_input_keeps_boxes_exact(square_file):
    square = (700, 300, 30)
    picture = picture_with_squares((1600, 1000), {RED: square})
    [box] = AsmnetDetector(square_file, min_face_size=20).detect(picture)
    np.testing.assert_allclose(list(box), edges_of(square), atol=0.3)


def test_boxes_below_min_face_size_are_dropped(square_file):
    squares = {RED: (10, 10, 40), GREEN: (100, 100, 90)}
    boxes = AsmnetDetector(square_file, min_face_size=60).detect(
        picture_with_squares((320, 320), squares)
    )
    assert [box.score for box in boxes] == pytest.approx([0.8])


@pytest.mark.parametrize("shape", [(320, 320, 3), (1, 1, 3), (3, 900, 3), (900, 3, 3)])
def test_black_pictures_of_any_shape_hold_no_face(detector, shape):
    assert detector.detect(np.zeros(shape, np.uint8)) == []


def test_it_is_a_detector_that_gives_bounding_boxes(detector):
    assert isinstance(detector, FaceDetector)
    [box] = detector.detect(picture_with_squares((320, 320), {RED: (10, 10, 40)}))
    assert isinstance(box, BoundingBox)


def test_a_pickled_detector_finds_the_same(square_file):
    detector = AsmnetDetector(square_file, max_faces=1, min_face_size=5)
    picture = picture_with_squares((320, 320), {RED: (10, 10, 40), GREEN: (100, 100, 90)})
    assert pickle.loads(pickle.dumps(detector)).detect(picture) == detector.detect(picture)


def test_a_closed_detector_refuses_to_detect(square_file):
    detector = AsmnetDetector(square_file)
    detector.close()
    with pytest.raises(ModelError, match="closed"):
        detector.detect(np.zeros((32, 32, 3), np.uint8))


@pytest.mark.parametrize("name", ["score_threshold", "overlap_threshold"])
def test_thresholds_are_checked(square_file, name):
    with pytest.raises(InvalidInputError, match=f"{name} is .*; needed: a number from 0 to 1"):
        AsmnetDetector(square_file, **{name: -0.1})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_face_size": 0}, "needed: a number above 0"),
        ({"max_faces": -1}, "is -1; needed: a whole number from 1"),
    ],
)
def test_sizes_and_counts_are_checked(square_file, options, message):
    with pytest.raises(InvalidInputError, match=message):
        AsmnetDetector(square_file, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "aligner"}, "'aligner'"),
        ({"format_version": 2}, "format version 2"),
        ({"stride": 0}, "stride 0 is not in 1 to"),
        ({"stride": "x"}, "stride .x. is not in 1 to"),
        ({"colour": 1}, "is broken"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path, change, message):
    path = write_square_detector(
        tmp_path / "bad.onnx", metadata=json.dumps(asdict(METADATA) | change)
    )
    with pytest.raises(ModelFileError, match=message):
        AsmnetDetector(path)


def test_files_that_are_no_detector_are_refused(tmp_path, dot_model):
    with pytest.raises(ModelFileError, match="no metadata 'asmnet_sdk_detector'"):
        AsmnetDetector(dot_model)
    path = write_square_detector(tmp_path / "bad.onnx", drop_output="scores")
    with pytest.raises(ModelFileError, match="no tensor 'scores'"):
        AsmnetDetector(path)
