from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import (
    BoundingBox,
    FaceAligner,
    InvalidBoundingBoxError,
    InvalidImageError,
    InvalidInputError,
    ModelDownloadError,
    ModelFileError,
)
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.conftest import EXAMPLES
from tests.dot_model import BOX, DOTS, METADATA, expect_dots, picture_with_dots, write_dot_model
from tests.example_boxes import ASTRONAUT_BOX


def test_predict_maps_landmarks_back_to_image(dot_aligner, picture):
    """Half a pixel of shift anywhere between image, crop and back would show."""
    [face] = dot_aligner.predict(picture, BOX, color="rgb")
    expect_dots(face)


@pytest.mark.parametrize("enlargement", [1, 3, 8])
def test_large_faces_map_back_exactly(dot_aligner, picture, enlargement):
    large = np.kron(picture, np.ones((enlargement, enlargement, 1), np.uint8))
    box = (np.array(BOX) + 0.5) * enlargement - 0.5
    [face] = dot_aligner.predict(large, box, color="rgb")
    expect_dots(face, (np.array(DOTS) + 0.5) * enlargement - 0.5, tolerance=0.1 * enlargement)


def test_arrays_are_bgr_unless_said_otherwise(dot_aligner, picture):
    [face] = dot_aligner.predict(np.ascontiguousarray(picture[:, :, ::-1]), BOX)
    expect_dots(face)


def test_wrong_colour_order_swaps_red_and_blue(dot_aligner, picture):
    [face] = dot_aligner.predict(picture, BOX, color="bgr")
    expect_dots(face, DOTS[::-1])


def test_files_bytes_and_file_objects_agree(dot_aligner, picture, tmp_path: Path):
    path = tmp_path / "dots.png"
    cv2.imwrite(str(path), picture[:, :, ::-1])
    data = path.read_bytes()
    for source in (path, str(path), data, bytearray(data), io.BytesIO(data)):
        [face] = dot_aligner.predict(source, BOX)
        expect_dots(face)


def test_faces_keep_the_order_of_boxes(dot_aligner, picture):
    boxes = [BoundingBox(*BOX, score=0.7), BoundingBox(28, 23, 72, 67)]
    faces = dot_aligner.predict(picture, boxes, color="rgb")
    assert [face.box for face in faces] == boxes
    assert faces[0].box.score == 0.7
    for face in faces:
        expect_dots(face)


def test_no_boxes_no_faces(dot_aligner, picture):
    assert dot_aligner.predict(picture, []) == []


def test_box_partly_outside_the_image_works(dot_aligner):
    picture = picture_with_dots((60, 60), (10, 10), (20, 12), (14, 22))
    [face] = dot_aligner.predict(picture, (-20, -20, 40, 40), color="rgb")
    expect_dots(face, ((10, 10), (20, 12), (14, 22)))


def test_roll_of_a_box_turns_the_crop_upright(dot_aligner, picture):
    """Turned by 90 degrees the crop is another one, and the points still lie where they are."""
    box = BoundingBox(*BOX, roll=90)
    [crop] = dot_aligner.cut(picture, box, color="rgb")
    [upright] = dot_aligner.cut(picture, BOX, color="rgb")
    np.testing.assert_allclose(crop.pixels, np.rot90(upright.pixels), atol=2)
    [face] = dot_aligner.predict(picture, box, color="rgb")
    expect_dots(face)
    assert face.box == box


def test_sigma_is_in_image_pixels(dot_aligner, picture):
    """The model says 0.01 of the crop; the crop is 1.5 times the box of 40 px."""
    [face] = dot_aligner.predict(picture, BOX, color="rgb")
    np.testing.assert_allclose(face.landmark_sigma, 0.01 * 1.5 * 40, rtol=1e-5)
    assert face.score == pytest.approx(0.9)


def test_visibility_belongs_to_its_point(dot_aligner, picture):
    """The model says 1, 0.25 and 0 for the points of the red, the green and the blue dot."""
    [face] = dot_aligner.predict(picture, BOX, color="rgb")
    assert face.landmark_visible.dtype == np.float32
    np.testing.assert_allclose(face.landmark_visible[:4], [1, 0.25, 0, 1])


@pytest.mark.parametrize("visible", [(1, 1.5, 0), (-0.1, 1, 0)])
def test_visibility_that_is_no_probability_is_refused(tmp_path, picture, visible):
    path = write_dot_model(tmp_path / "m.onnx", visible=visible)
    with pytest.raises(ModelFileError, match="'landmark_visible' that is no probability"):
        FaceAligner(path).predict(picture, BOX)


def test_head_pose_order_is_yaw_pitch_roll(dot_aligner):
    """The model gives mean red, green, blue of the crop as yaw, pitch, roll."""
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:] = (10, 20, 30)
    pose = dot_aligner.predict_crop(crop, color="rgb").head_pose
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((10, 20, 30))


def test_predict_crop_takes_the_whole_image(dot_aligner):
    crop = picture_with_dots((64, 64), (10, 12), (50, 14), (31, 55))
    face = dot_aligner.predict_crop(crop, color="rgb")
    expect_dots(face, ((10, 12), (50, 14), (31, 55)), tolerance=1e-4)
    side = 64 / METADATA.crop_scale
    assert tuple(face.box) == pytest.approx(
        (31.5 - side / 2, 31.5 - side / 2, 31.5 + side / 2, 31.5 + side / 2)
    )


def test_predict_crop_keeps_proportions_of_oblong_crops(dot_aligner):
    crop = picture_with_dots((64, 40), (10, 12), (50, 14), (31, 35))
    face = dot_aligner.predict_crop(crop, color="rgb")
    expect_dots(face, ((10, 12), (50, 14), (31, 35)), tolerance=1e-4)


def test_cut_and_align_are_the_halves_of_predict(dot_aligner, picture):
    boxes = [BOX, (40, 30, 160, 150)]
    crops = dot_aligner.cut(picture, boxes)
    assert [tuple(crop.box) for crop in crops] == [tuple(map(float, box)) for box in boxes]
    for face, expected in zip(
        dot_aligner.align(crops), dot_aligner.predict(picture, boxes), strict=True
    ):
        assert np.array_equal(face.landmarks, expected.landmarks)
    assert dot_aligner.align([]) == []


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((20, 30, 3), np.uint8), "a crop has 30 x 20 px; the model looks at"),
        (np.zeros((64, 64, 4), np.uint8), r"uint8 of shape \(64, 64, 4\); needed: an RGB array"),
        (np.zeros((64, 64, 3), np.float32), "float32 of shape"),
        ([[[0, 0, 0]]], "image is list"),
    ],
)
def test_pixels_that_do_not_fit_the_network_are_refused(dot_aligner, picture, pixels, message):
    crops = dot_aligner.cut(picture, BOX)
    with pytest.raises(InvalidInputError, match=message):
        dot_aligner.align([replace(crops[0], pixels=pixels)])


def test_box_outside_the_image_is_refused(dot_aligner, picture):
    with pytest.raises(InvalidBoundingBoxError, match="image of 120 x 90 px lies outside"):
        dot_aligner.predict(picture, (500, 500, 600, 600))


def test_float_image_is_refused(dot_aligner, picture):
    with pytest.raises(InvalidImageError, match="float32"):
        dot_aligner.predict(picture.astype(np.float32), BOX)


def test_input_image_stays_untouched(dot_aligner, picture):
    before = picture.copy()
    dot_aligner.predict(picture, BOX)
    np.testing.assert_array_equal(picture, before)


@pytest.fixture(scope="module")
def dots_of_no_mirror(tmp_path_factory) -> Path:
    """Return the toy model, of a layout that does not say what mirrors what."""
    points = [f"dot_{index}" for index in range(68)]
    table = {"name": "DOTS", "points": points, "normalise_by": points[:2], "contours": {}}
    metadata = replace(METADATA, layout="DOTS", layout_table=table)
    return write_dot_model(tmp_path_factory.mktemp("dots") / "dots.onnx", metadata=metadata)


def test_second_pass_looks_around_the_first_landmarks(dots_of_no_mirror):
    """The first crop misses half of the blue dot; the second, centred on the dots, sees all."""
    picture = picture_with_dots((200, 200), (90, 100), (110, 100), (100, 130))
    box = (76, 86, 116, 112)
    one, two = (
        FaceAligner(dots_of_no_mirror, passes=passes).predict(picture, box, color="rgb")[0]
        for passes in (1, 2)
    )
    off = one.landmarks[2] - (100, 130)
    assert np.abs(off).max() > 0.5
    expect_dots(two, ((90, 100), (110, 100), (100, 130) + off / 2), tolerance=0.5)
    assert tuple(two.box) == box


def test_two_looks_are_alike_in_the_mirror(aligner):
    """The mean of a look and one in the mirror leans to neither side."""
    photo = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    mirror_photo, width = np.ascontiguousarray(photo[:, ::-1]), photo.shape[1]
    x_min, y_min, x_max, y_max = ASTRONAUT_BOX
    mirror_box = (width - 1 - x_max, y_min, width - 1 - x_min, y_max)

    def leaning(aligner: FaceAligner) -> float:
        [face], [mirrored] = (
            aligner.predict(photo, ASTRONAUT_BOX),
            aligner.predict(mirror_photo, mirror_box),
        )
        back = mirrored.landmarks[list(face.layout.mirror)]
        back = np.stack([width - 1 - back[:, 0], back[:, 1]], axis=1)
        return float(np.linalg.norm(face.landmarks - back, axis=1).mean())

    with FaceAligner(device="cpu", passes=2) as twice:
        assert leaning(twice) < 0.5 * leaning(aligner)


def test_second_pass_gives_the_pose_in_the_image(aligner):
    """Turned upright for the second look, the head keeps its roll in the result."""
    image = cv2.imread(str(EXAMPLES / "grace_hopper.jpg"))
    turn = cv2.getRotationMatrix2D((264, 246), -30, 1.0)  # 30 degrees clockwise
    turned = cv2.warpAffine(image, turn, image.shape[1::-1])
    box = (164, 146, 364, 346)
    [once] = aligner.predict(turned, box)
    [twice] = FaceAligner(device="cpu", passes=2).predict(turned, box)
    assert once.head_pose.roll == pytest.approx(27, abs=6)
    assert twice.head_pose.roll == pytest.approx(27, abs=4)
    assert np.linalg.norm(once.landmarks - twice.landmarks, axis=1).mean() < 8


def test_second_pass_runs_once_for_all_faces(dot_model, picture, monkeypatch):
    """Two passes over nine faces in three photos are 18 crops in two calls, not one a crop."""
    aligner = FaceAligner(dot_model, passes=2)
    sizes = []
    predict = LandmarkNetwork.predict

    def count(network, crops):
        sizes.append(len(crops))
        return predict(network, crops)

    monkeypatch.setattr(LandmarkNetwork, "predict", count)
    aligner.predict_batch([picture] * 3, [[BOX] * 3] * 3)
    assert sizes == [9, 9]
    aligner.predict(picture, [BOX] * 3)
    assert sizes == [9, 9, 3, 3]


def test_cut_looks_at_boxes_without_running_the_network(dot_model, picture, monkeypatch):
    monkeypatch.setattr(LandmarkNetwork, "predict", None)
    [crop] = FaceAligner(dot_model, passes=2).cut(picture, BOX)
    assert crop.clockwise_degrees == 0


def test_cut_of_faces_is_the_second_look(dots_of_no_mirror, picture):
    aligner, twice = (FaceAligner(dots_of_no_mirror, passes=passes) for passes in (1, 2))
    first = aligner.predict(picture, BOX, color="rgb")
    [crop] = aligner.cut(picture, first, color="rgb")
    assert crop.clockwise_degrees == pytest.approx(first[0].head_pose.roll, abs=0.01)
    [second], [expected] = aligner.align([crop]), twice.predict(picture, BOX, color="rgb")
    squares = [face.landmark_sigma[:, None] ** 2 for face in (first[0], second)]
    share = squares[0] / (squares[0] + squares[1])
    mean = first[0].landmarks + share * (second.landmarks - first[0].landmarks)
    np.testing.assert_allclose(expected.landmarks, mean, atol=1e-4)


class FixedDetector:
    def __init__(self, *boxes: BoundingBox) -> None:
        self.boxes = list(boxes)
        self.seen: np.ndarray | None = None

    def detect(self, image):
        self.seen = image
        return self.boxes


def test_own_detector_gets_rgb_and_gives_the_boxes(dot_model, picture):
    detector = FixedDetector(BoundingBox(*BOX, score=0.8))
    [face] = FaceAligner(dot_model, detector=detector).predict(picture[:, :, ::-1])
    expect_dots(face)
    assert face.box.score == 0.8
    np.testing.assert_array_equal(detector.seen, picture)


def test_detect_gives_the_detectors_boxes(dot_model, picture):
    boxes = [BoundingBox(*BOX), BoundingBox(1, 2, 9, 9)]
    assert FaceAligner(dot_model, detector=FixedDetector(*boxes)).detect(picture) == boxes


def test_found_faces_that_score_too_little_are_dropped(dot_model, picture):
    """The model gives 0.9 to whatever it sees."""
    detector = FixedDetector(BoundingBox(*BOX))
    for min_score, count in ((0.89, 1), (0.91, 0)):
        aligner = FaceAligner(dot_model, detector=detector, min_score=min_score)
        assert len(aligner.predict(picture)) == count
        assert [len(faces) for faces in aligner.predict_batch([picture] * 2)] == [count] * 2
        assert len(aligner.predict(picture, BOX)) == 1
        assert [len(faces) for faces in aligner.predict_batch([picture], [BOX])] == [1]


def test_two_boxes_that_end_on_one_face_give_it_once(dot_model, picture):
    boxes = [BoundingBox(*BOX, score=0.6), BoundingBox(28, 23, 72, 67, score=0.7)]
    aligner = FaceAligner(dot_model, detector=FixedDetector(*boxes))
    assert [face.box for face in aligner.predict(picture)] == [boxes[1]]
    assert len(aligner.predict(picture, boxes)) == 2


def test_size_number_and_score_of_found_boxes_are_chosen(dot_model, picture):
    boxes = [
        BoundingBox(*BOX, score=0.6),
        BoundingBox(0, 0, 100, 80, score=0.2),
        BoundingBox(80, 60, 90, 70, score=0.9),
    ]

    def detect(**options: float) -> list[BoundingBox]:
        detector = FixedDetector(*boxes)
        return FaceAligner(dot_model, detector=detector, **options).detect(picture)

    assert detect(min_face_size=20) == boxes[:2]
    assert detect(max_faces=1) == [boxes[1]]
    assert detect(score_threshold=0.5) == [boxes[0], boxes[2]]
    assert detect(score_threshold=0.5, max_faces=1) == [boxes[0]]


def test_named_detector_gets_size_and_threshold():
    aligner = FaceAligner(device="cpu", min_face_size=25, score_threshold=0.7)
    aligner.detect(np.zeros((90, 120, 3), np.uint8))
    detector = aligner._pipeline._detector._named.get()
    assert (detector.min_face_size, detector.score_threshold) == (25, 0.7)


def test_photo_without_faces_gives_an_empty_list(dot_model, picture):
    assert FaceAligner(dot_model, detector=FixedDetector()).predict(picture) == []


@pytest.mark.parametrize("detector", ["haar", 5, None])
def test_unknown_detector_is_refused(dot_model, detector):
    with pytest.raises(InvalidInputError, match="no detector"):
        FaceAligner(dot_model, detector=detector)


def test_detector_not_at_hand_says_what_to_do(dot_model, picture, tmp_path, monkeypatch):
    monkeypatch.delenv("ASMNET_MODELS_DIR", raising=False)
    aligner = FaceAligner(dot_model, detector="yunet", cache_dir=tmp_path, local_files_only=True)
    with pytest.raises(
        ModelDownloadError, match=r"no boxes were given.*asmnet download yunet.*give boxes"
    ):
        aligner.predict(picture)


def test_aligner_tells_what_is_in_use(dot_model):
    aligner = FaceAligner(dot_model, device="cpu")
    assert aligner.model == METADATA
    assert aligner.device == "cpu"
    assert aligner.layout.name == "IBUG_68"
    assert repr(aligner) == "FaceAligner('dots', device='cpu')"


def test_threads_limit_opencv_too_until_the_aligner_is_closed(dot_model):
    before = cv2.getNumThreads()
    with FaceAligner(dot_model, threads=1), FaceAligner(dot_model, threads=2):
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before


def test_model_without_optional_outputs_gives_none(tmp_path, picture):
    path = write_dot_model(tmp_path / "m.onnx", drop_output="landmark_sigma")
    [face] = FaceAligner(path).predict(picture, BOX)
    assert face.landmark_sigma is None
    path = write_dot_model(tmp_path / "v.onnx", drop_output="landmark_visible")
    [face] = FaceAligner(path).predict(picture, BOX)
    assert face.landmark_visible is None
    assert face.to_layout("FIVE_POINT").landmark_visible is None
    path = write_dot_model(tmp_path / "n.onnx", drop_output="face_score")
    [face] = FaceAligner(path).predict(picture, BOX)
    assert face.score is None
