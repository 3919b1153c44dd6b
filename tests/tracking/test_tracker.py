from __future__ import annotations

import gc
import math
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from asmnet_sdk import (
    BoundingBox,
    Face,
    FaceAligner,
    HeadPose,
    InvalidImageError,
    InvalidInputError,
)
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.tracking.sightings import Sighting
from asmnet_sdk.tracking.smoothing import FaceSmoother
from asmnet_sdk.tracking.tracker import FaceTracker
from asmnet_sdk.tracking.tracks import Track, largest
from tests.conftest import EXAMPLES
from tests.dot_model import BOX, picture_with_dots

SIDE = 60.0
SHAPE = SIDE * np.random.default_rng(0).uniform(-0.5, 0.5, (68, 2))
SHAPE[:2] = [[-SIDE / 2, -SIDE / 2], [SIDE / 2, SIDE / 2]]
FRAME = np.zeros((240, 320, 3), np.uint8)


class Stage:
    """An aligner whose faces are where the test puts them.

    In a crop it finds the visible face nearest to the middle, as a network does, or none: then
    the score is low. So it is where the face, turned clockwise by ``roll``, is far from upright in
    the crop. Faces are narrowed to ``width``, as heads are that turn to their side. The detector
    gives its boxes ``box_score``.
    """

    def __init__(self, *, has_scores: bool = True) -> None:
        self.faces: list[tuple[float, float]] = []
        self.detections = 0
        self.crops: list[BoundingBox] = []
        self.roll = 0.0
        self.width = 1.0
        self.box_score: float | None = None
        self.levels: list[float] = []
        self._has_scores = has_scores

    def detect(self, image, *, color):
        self.detections += 1
        boxes = [BoundingBox.around(SHAPE + np.array(center)) for center in self.faces]
        return [replace(box, score=self.box_score) for box in boxes]

    def cut(self, image, boxes, *, color):
        assert image.shape[2] == 3
        assert color == "rgb"
        self.crops = list(boxes)
        pixels = np.full((16, 16, 3), image.mean(), np.uint8)
        return [
            FaceCrop(pixels=pixels, matrix=np.eye(2, 3), clockwise_degrees=0, box=box)
            for box in boxes
        ]

    def align(self, crops):
        self.levels = [crop.pixels.mean() for crop in crops]
        return [self._look_at(crop.box) for crop in crops]

    def predict(self, image, boxes, *, color):
        return self.align(self.cut(image, boxes, color=color))

    def _look_at(self, box: BoundingBox) -> Face:
        left_over = (self.roll - (box.roll or 0) + 180) % 360 - 180
        reach = 0.6 * max(box.width, box.height)
        away = [np.subtract(center, box.center) for center in self.faces]
        near = [a for a in away if np.abs(a).max() < reach]
        place = np.add(box.center, min(near, key=np.linalg.norm) if near else (0, 0))
        is_seen = near and abs(left_over) < 60
        return Face(
            landmarks=transform_points(turn_about_zero(self.roll), SHAPE * (self.width, 1)) + place,
            head_pose=HeadPose(0, 0, self.roll),
            box=box,
            score=(0.99 if is_seen else 0.01) if self._has_scores else None,
        )


def turn_about_zero(clockwise_degrees: float) -> np.ndarray:
    return cv2.getRotationMatrix2D((0, 0), -clockwise_degrees, 1.0)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def play(tracker: FaceTracker, stage: Stage, *frames):
    """Show frames, each the centres of its faces; return {id: centre} of each."""
    shown = []
    for centers in frames:
        stage.faces = list(centers)
        shown.append({f.track_id: center_of(f) for f in tracker.update(FRAME)})
    return shown


def center_of(face: Face) -> tuple[float, float]:
    return BoundingBox.around(face.landmarks).center


def ids(tracker, stage, *frames):
    return [sorted(found) for found in play(tracker, stage, *frames)]


def test_faces_get_ids_from_zero_and_keep_them(stage):
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, *[[(60, 60), (200, 60)]] * 25) == [[0, 1]] * 25


def test_first_face_is_what_the_aligner_found(stage):
    stage.faces = [(100.0, 80.0)]
    [face] = FaceTracker(stage).update(FRAME)
    np.testing.assert_allclose(face.landmarks, SHAPE + np.array([100, 80]), atol=1e-4)
    assert face.score == 0.99


def test_next_crop_is_the_box_around_the_last_landmarks(stage):
    stage.faces = [(100, 80)]
    tracker = FaceTracker(stage)
    [face] = tracker.update(FRAME)
    stage.faces = [(104, 80)]
    tracker.update(FRAME)
    assert stage.crops == [BoundingBox.around(face.landmarks)]


@pytest.mark.parametrize("detect_every", [1, 3, 10])
def test_detector_runs_on_every_nth_frame_exactly(stage, detect_every):
    tracker = FaceTracker(stage, detect_every=detect_every)
    stage.faces = [(100, 80)]
    ran = []
    for index in range(31):
        before = stage.detections
        tracker.update(FRAME)
        ran += [index] * (stage.detections - before)
    assert ran == list(range(0, 31, detect_every))


def test_detector_runs_on_every_frame_without_faces(stage):
    assert ids(FaceTracker(stage), stage, *[[]] * 5) == [[]] * 5
    assert stage.detections == 5


def test_detector_runs_at_once_when_a_face_fades(stage):
    tracker = FaceTracker(stage)
    play(tracker, stage, *[[(60, 60), (200, 60)]] * 3)
    assert ids(tracker, stage, [(60, 60)], [(60, 60)]) == [[0], [0]]
    assert stage.detections == 2


def test_new_face_appears_with_the_next_detection(stage):
    tracker = FaceTracker(stage, detect_every=4)
    found = ids(tracker, stage, [(60, 60)], *[[(60, 60), (200, 60)]] * 5)
    assert found == [[0], [0], [0], [0], [0, 1], [0, 1]]


def test_second_box_on_one_face_starts_no_track(stage):
    stage.detect = lambda image, color: [
        BoundingBox(70, 50, 130, 110),
        BoundingBox(65, 55, 125, 115),
    ]
    assert ids(FaceTracker(stage), stage, [(100, 80)]) == [[0]]


def test_ids_survive_a_crossing(stage):
    """The face that goes left hides the other one while they overlap."""
    frames, expected = [], []
    for x in range(40, 281, 4):
        front, back = (320.0 - x, 100.0), (float(x), 110.0)
        is_hidden = abs(front[0] - back[0]) < 45
        frames.append([front] if is_hidden else [back, front])
        expected.append({1: front[0]} if is_hidden else {0: back[0], 1: front[0]})
    shown = play(FaceTracker(stage, detect_every=5), stage, *frames)
    for found, truth in zip(shown, expected, strict=True):
        for track_id, center in found.items():
            assert center[0] == pytest.approx(truth[track_id], abs=4)
    assert [sorted(found) for found in shown[-8:]] == [[0, 1]] * 8


@pytest.mark.parametrize("stays_right", [True, False])
def test_of_two_tracks_on_one_face_the_strayed_one_is_lost(stage, stays_right):
    """One face vanishes; its crop then finds the other one, which came nearer."""
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, *[[(100, 80), (150, 80)]] * 2) == [[0, 1]] * 2
    last = (132, 80) if stays_right else (118, 80)
    assert ids(tracker, stage, [last]) == [[1 if stays_right else 0]]


def test_face_that_the_detector_overlooks_stays(stage):
    stage.faces = [(100, 80)]
    tracker = FaceTracker(stage, detect_every=2)
    tracker.update(FRAME)
    stage.detect = lambda image, color: []
    for _ in range(5):
        assert [face.track_id for face in tracker.update(FRAME)] == [0]


def test_short_occlusion_keeps_the_id(stage):
    tracker = FaceTracker(stage, keep_lost=5)
    found = ids(tracker, stage, [(100, 80)], [], [], [], [], [], [(104, 82)])
    assert found == [[0], [], [], [], [], [], [0]]


def test_a_face_that_turns_to_profile_and_back_keeps_its_id(stage):
    """The detector overlooks it for as long as it is narrow."""
    stage.faces = [(100, 80)]
    tracker = FaceTracker(stage, detect_every=5)
    detect = stage.detect
    for stage.width in [*np.linspace(1, 0.45, 20), *np.linspace(0.45, 1, 20)]:
        stage.detect = detect if stage.width > 0.8 else lambda image, color: []
        assert [face.track_id for face in tracker.update(FRAME)] == [0]


def test_face_lost_for_longer_gets_a_new_id(stage):
    tracker = FaceTracker(stage, keep_lost=5)
    found = ids(tracker, stage, [(100, 80)], *[[]] * 6, [(104, 82)])
    assert found[-1] == [1]


def test_re_entry_elsewhere_is_another_face(stage):
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, [(100, 80)], [], [(200, 80)]) == [[0], [], [1]]


def test_moving_face_comes_back_where_its_motion_takes_it(stage):
    tracker = FaceTracker(stage)
    path = [[(40.0 + 3 * i, 100.0)] for i in range(80)]
    path[40:65] = [[]] * 25  # it moves on by 75 px, more than its width
    assert ids(tracker, stage, *path)[-1] == [0]


def test_stopped_face_comes_back_where_it_was_lost(stage):
    tracker = FaceTracker(stage)
    path = [[(40.0 + 3 * i, 100.0)] for i in range(40)]
    assert ids(tracker, stage, *path, *[[]] * 25, path[-1])[-1] == [0]


def test_ids_are_never_used_twice(stage):
    tracker = FaceTracker(stage, keep_lost=0)
    found = ids(tracker, stage, *[[(100, 80)], []] * 4)
    assert found[::2] == [[0], [1], [2], [3]]


def test_face_that_leaves_the_picture_ends(stage):
    tracker = FaceTracker(stage)
    frames = [[(x, 80.0)] for x in range(300, 420, 12)]
    assert ids(tracker, stage, *frames)[-1] == []


def test_jump_restarts_the_smoothing(stage):
    tracker = FaceTracker(stage, min_cutoff_hz=0.1, beta=0)
    play(tracker, stage, *[[(100, 80)]] * 5)
    slow, jumped = (play(tracker, stage, [(x, 80)])[0][0][0] for x in (104, 130))
    assert slow < 103
    assert jumped == pytest.approx(130)


def test_loss_restarts_the_smoothing(stage):
    tracker = FaceTracker(stage, min_cutoff_hz=0.1, beta=0)
    shown = play(tracker, stage, *[[(100, 80)]] * 5, [], [(110, 80)])
    assert shown[-1][0][0] == pytest.approx(110)


def test_infinite_cutoff_leaves_faces_as_found(stage):
    tracker = FaceTracker(stage, min_cutoff_hz=math.inf)
    shown = play(tracker, stage, *[[(100 + x, 80)] for x in (0, 5, -3, 8)])
    assert [found[0][0] for found in shown] == pytest.approx([100, 105, 97, 108], abs=1e-4)


def test_frames_of_another_size_are_another_video(stage):
    tracker = FaceTracker(stage, min_cutoff_hz=0.1, beta=0)
    stage.faces = [(100, 80)]
    tracker.update(FRAME, timestamp=50.0)
    stage.faces = [(103, 80)]
    other = np.zeros((200, 300, 3), np.uint8)
    with pytest.raises(InvalidInputError, match="timestamp is nan"):
        tracker.update(other, timestamp=math.nan)
    assert tracker.update(FRAME, timestamp=50.1)[0].track_id == 0
    [face] = tracker.update(other, timestamp=0.0)
    assert face.track_id == 1
    assert center_of(face) == pytest.approx((103, 80), abs=1e-4)


def test_crops_keep_their_brightness_in_flickering_light(stage):
    tracker = FaceTracker(stage)
    stage.faces = [(100, 80)]
    levels = []
    for light in (100, 100, 80, 120, 95):
        tracker.update(FRAME + np.uint8(light))
        levels += stage.levels
    assert levels == pytest.approx([100] * 5, abs=2)


def test_face_found_again_is_seen_in_the_light_of_its_new_place(stage):
    tracker = FaceTracker(stage)
    play(tracker, stage, [(100, 80)], [(100, 80)], [])
    stage.faces = [(100, 80)]
    for _ in range(3):
        tracker.update(FRAME + np.uint8(200))
    assert stage.levels == [200]


def test_reset_ends_all_tracks(stage):
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, [(100, 80)]) == [[0]]
    tracker.reset()
    assert ids(tracker, stage, [(100, 80)]) == [[1]]


def test_two_videos_in_two_trackers_do_not_meet(stage):
    trackers = [FaceTracker(stage), FaceTracker(stage)]
    for _ in range(15):
        assert ids(trackers[0], stage, [(100, 80)]) == [[0]]
        assert ids(trackers[1], stage, [(110, 80), (220, 80)]) == [[0, 1]]


def test_model_without_scores_leaves_the_word_to_the_detector():
    stage = Stage(has_scores=False)
    tracker = FaceTracker(stage, detect_every=3)
    found = ids(tracker, stage, [(100, 80)], *[[]] * 4)
    assert found == [[0], [0], [0], [], []]


def test_landmarks_that_are_not_finite_are_no_face(stage):
    stage.faces = [(100, math.nan)]
    stage.detect = lambda image, color: [BoundingBox(70, 50, 130, 110)]
    stage._look_at = lambda box: Face(
        landmarks=np.full((68, 2), np.nan), head_pose=HeadPose(0, 0, 0), box=box
    )
    assert FaceTracker(stage).update(FRAME) == []


def test_detected_box_outside_the_picture_is_left_out(stage):
    assert ids(FaceTracker(stage), stage, [(900, 900)]) == [[]]


@pytest.mark.parametrize("frame", [np.zeros((0, 0, 3), np.uint8), np.zeros((9, 9), np.float32)])
def test_unusable_frame_is_refused_and_changes_nothing(stage, frame):
    tracker = FaceTracker(stage)
    play(tracker, stage, [(100, 80)])
    with pytest.raises(InvalidImageError):
        tracker.update(frame)
    assert ids(tracker, stage, [(100, 80)]) == [[0]]


def test_timestamps_replace_the_frame_rate(stage):
    by_rate, by_time = FaceTracker(stage, frame_rate=10), FaceTracker(stage)
    for index, x in enumerate((100, 102, 99, 105)):
        stage.faces = [(x, 80)]
        [face] = by_rate.update(FRAME)
        [same] = by_time.update(FRAME, timestamp=7 + index / 10)
        np.testing.assert_allclose(face.landmarks, same.landmarks, atol=1e-4)


@pytest.mark.parametrize("timestamp", [1.0, 0.5, math.nan, math.inf])
def test_time_must_go_on(stage, timestamp):
    tracker = FaceTracker(stage)
    tracker.update(FRAME, timestamp=1.0)
    with pytest.raises(InvalidInputError, match=r"timestamp is .* after 1\.0"):
        tracker.update(FRAME, timestamp=timestamp)


@pytest.mark.parametrize(
    "option",
    [
        {"detect_every": 0},
        {"min_score": 1.5},
        {"min_overlap": 0},
        {"max_faces": 0},
        {"keep_lost": -1},
        {"frame_rate": 0},
        {"min_cutoff_hz": 0},
        {"beta": -1},
    ],
)
def test_options_out_of_range_are_refused(stage, option):
    with pytest.raises(InvalidInputError, match=next(iter(option))):
        FaceTracker(stage, **option)


def test_a_thousand_frames_take_no_more_memory(stage):
    tracker = FaceTracker(stage, keep_lost=5, min_overlap=0.9)

    def show(first: int, last: int) -> None:
        for index in range(first, last):
            place = (50 + 31 * index % 220, 30 + 17 * index % 100)  # seldom the same twice
            stage.faces = [(160, 200)] if index % 7 < 4 else [(160, 200), place]
            tracker.update(FRAME)

    show(0, 200)
    gc.collect()
    before = sys.getallocatedblocks()
    show(200, 1200)
    gc.collect()
    assert sys.getallocatedblocks() - before < 300


class DotDetector:
    def detect(self, image):
        return [BoundingBox(*BOX)]


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_tracker_finds_the_dots_of_the_dot_model(dot_model, color):
    tracker = FaceTracker(FaceAligner(dot_model, device="cpu", detector=DotDetector()))
    for shift in range(20):
        dots = [(40 + shift, 30), (60 + shift, 34), (52 + shift, 60)]
        picture = picture_with_dots((120, 90), *dots)
        frame = picture if color == "rgb" else np.ascontiguousarray(picture[:, :, ::-1])
        [face] = tracker.update(frame, color=color)
        assert face.track_id == 0
        np.testing.assert_allclose(face.landmarks[:3], dots, atol=1.1)


def test_a_head_that_tilts_and_turns_over_keeps_its_id(stage):
    tracker = FaceTracker(stage, detect_every=1000)
    for stage.roll in [*range(0, 181, 12), *range(-168, 1, 12)]:
        assert ids(tracker, stage, [(100, 80)]) == [[0]]
    assert stage.detections == 1


def test_crops_are_turned_upright_only_when_the_head_has_turned(stage):
    """Each crop is that of the roll of a frame before: it stays while it is within 15 degrees."""
    tracker = FaceTracker(stage, min_cutoff_hz=math.inf)
    turns = []
    for stage.roll in (0, 10, 14, 16, 25, 32, 45, 14, 9, 0):
        play(tracker, stage, [(100, 80)])
        turns.append(stage.crops[0].roll)
    expected = [None, None, None, None, 16, 16, 32, 32, None, None]
    assert [None if turn is None else round(turn) for turn in turns] == expected


def test_a_face_found_lying_is_followed_upright(stage):
    stage.roll = 90.0
    detect = stage.detect
    stage.detect = lambda image, color: [
        replace(box, roll=85) for box in detect(image, color=color)
    ]
    tracker = FaceTracker(stage, detect_every=1000)
    assert ids(tracker, stage, *[[(100, 80)]] * 3) == [[0]] * 3
    assert stage.crops[0].roll == pytest.approx(90)
    assert stage.detections == 1


def test_a_head_that_tilts_at_once_is_found_again_under_its_id(stage):
    tracker = FaceTracker(stage, detect_every=1000)
    play(tracker, stage, [(100, 80)], [(100, 80)])
    stage.roll = 90.0
    detect = stage.detect
    stage.detect = lambda image, color: [
        replace(box, roll=90) for box in detect(image, color=color)
    ]
    assert ids(tracker, stage, [(104, 82)], [(104, 82)]) == [[0], [0]]
    assert stage.detections == 2


def test_a_portrait_that_turns_over_keeps_its_id_and_landmarks(aligner):
    """With the shipped weights; the detector runs on the first frame only."""
    image = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    tracker = FaceTracker(aligner, detect_every=1000, min_cutoff_hz=math.inf)
    for degrees in range(0, 360, 12):
        turn = cv2.getRotationMatrix2D((226, 133), -degrees, 1.0)
        [face] = tracker.update(cv2.warpAffine(image, turn, image.shape[1::-1]))
        assert face.track_id == 0
        if degrees == 0:
            upright = face.landmarks
        expected = transform_points(turn, upright)
        eyes = np.linalg.norm(expected[36] - expected[45])
        assert np.linalg.norm(face.landmarks - expected, axis=1).mean() < 0.04 * eyes
        assert abs((face.head_pose.roll - degrees + 180) % 360 - 180) < 15


def test_a_portrait_covered_for_a_second_keeps_its_id(aligner):
    image = cv2.imread(str(EXAMPLES / "astronaut.jpg"))
    covered = image.copy()
    covered[60:200, 150:310] = 90
    tracker = FaceTracker(aligner, frame_rate=10)
    shown = [tracker.update(frame) for frame in [image] * 3 + [covered] * 10 + [image] * 2]
    assert [[face.track_id for face in faces] for faces in shown] == [
        *[[0]] * 3,
        *[[]] * 10,
        *[[0]] * 2,
    ]


def test_no_more_faces_are_followed_than_are_wanted(stage):
    tracker = FaceTracker(stage, max_faces=1)
    assert ids(tracker, stage, [(100, 80)], [(100, 80), (250, 80)]) == [[0], [0]]


def test_the_largest_faces_are_the_wanted_ones(stage):
    found = dict(map(started, (5, 9, 7)))
    assert [track.box.width for track in largest(found, 2)] == [9, 7]
    assert largest(found, None).keys() == found.keys()


def test_a_face_on_trial_takes_no_place_of_a_face(stage):
    found = dict([started(5), started(9, sightings_needed=3), started(7)])
    assert [track.box.width for track in largest(found, 2)] == [7, 5]


def started(size: float, *, sightings_needed: int = 1) -> tuple[Track, Sighting]:
    box = BoundingBox(0, 0, size, size)
    face = Stage()._look_at(box)
    return Track(FaceSmoother(), face, box, box, 0.0, sightings_needed), Sighting(face, box)


def test_what_is_no_face_starts_no_track(stage):
    stage.detect = lambda image, color: [BoundingBox(200, 100, 260, 160)]
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, [(60, 60)], [(60, 60)]) == [[], []]
    lenient = FaceTracker(stage, min_score=0, start_score=0)
    assert ids(lenient, stage, [(60, 60)]) == [[0]]


def test_a_face_needs_a_higher_score_to_start_a_track_than_to_keep_it(stage):
    tracker = FaceTracker(stage)
    see = stage.align

    def scored(score):
        return lambda crops, **options: [
            replace(face, score=score) for face in see(crops, **options)
        ]

    found = []
    for score in (0.8, 0.86, 0.6, 0.4):
        stage.align = scored(score)
        found.append(ids(tracker, stage, [(100, 80)])[0])
    assert found == [[], [0], [0], []]


def test_a_face_that_the_detector_doubts_is_given_out_when_it_is_seen_in_the_third_frame(stage):
    stage.box_score = 0.5
    tracker = FaceTracker(stage)
    assert ids(tracker, stage, *[[(100, 80)]] * 6) == [[], [], [0], [0], [0], [0]]
    assert stage.detections == 3


def test_a_face_on_trial_that_the_detector_finds_again_at_once_is_the_same(stage):
    """In the second frame it cannot be followed: it lies on its side at once."""
    tracker, detect = FaceTracker(stage), stage.detect
    stage.box_score = 0.5
    assert ids(tracker, stage, [(100, 80)]) == [[]]
    stage.roll = 90.0
    stage.detect = lambda image, color: [
        replace(box, roll=90) for box in detect(image, color=color)
    ]
    assert ids(tracker, stage, *[[(100, 80)]] * 2) == [[], [0]]


def test_the_trial_ends_when_the_detector_is_sure(stage):
    tracker = FaceTracker(stage)
    stage.box_score = 0.5
    assert ids(tracker, stage, [(100, 80)]) == [[]]
    stage.box_score = 0.7
    assert ids(tracker, stage, *[[(100, 80)]] * 2) == [[0], [0]]
    assert stage.detections == 2


def test_what_looks_like_a_face_for_a_moment_takes_no_id(stage):
    tracker = FaceTracker(stage, detect_every=1)
    stage.box_score = 0.5
    thing = [[(100, 80)], [(100, 80)], []]
    assert ids(tracker, stage, *thing, *thing) == [[]] * 6
    stage.box_score = 0.9
    assert ids(tracker, stage, [(100, 80)]) == [[0]]


def test_a_face_on_trial_must_be_seen_surely_three_times(stage):
    tracker, see = FaceTracker(stage), stage.align
    stage.box_score = 0.5
    found = []
    for score in (0.9, 0.9, 0.4, 0.9, 0.9, 0.6, 0.9, 0.6):
        stage.align = lambda crops, score=score: [replace(it, score=score) for it in see(crops)]
        found += ids(tracker, stage, [(100, 80)])
    assert found == [[], [], [], [], [], [], [0], [0]]


def test_ids_count_up_in_the_order_in_which_faces_are_given_out(stage):
    tracker = FaceTracker(stage, detect_every=1)
    stage.box_score = 0.5
    play(tracker, stage, [(60, 60)])
    detect = stage.detect
    stage.detect = lambda image, color: [
        replace(box, score=0.9 if box.x_min > 100 else 0.5) for box in detect(image, color=color)
    ]
    shown = play(tracker, stage, *[[(60, 60), (200, 60)]] * 2)
    assert [list(found) for found in shown] == [[0], [0, 1]]
    assert shown[1][0][0] == pytest.approx(200, abs=1)


def test_a_lost_face_does_not_come_back_as_a_thing(stage):
    tracker = FaceTracker(stage)
    play(tracker, stage, [(100, 80)])
    stage.detect = lambda image, color: [BoundingBox(70, 50, 130, 110)]
    assert ids(tracker, stage, [], [], [(100, 80)]) == [[], [], [0]]


def test_tracker_makes_its_own_aligner():
    """A picture without a face needs the real detector only."""
    assert FaceTracker().update(np.zeros((60, 80, 3), np.uint8)) == []


def test_crop_stays_until_the_face_moves(stage):
    """Landmarks depend a little on the crop: if it followed them at once, they would drift."""
    tracker = FaceTracker(stage, min_cutoff_hz=math.inf)
    crops = []
    for x in (100, 100.3, 100.5, 104):
        play(tracker, stage, [(x, 100)])
        crops.append(stage.crops[0].center)
    play(tracker, stage, [(104, 100)])
    crops.append(stage.crops[0].center)
    assert crops == [(100, 100)] * 4 + [(104, 100)]


@pytest.mark.parametrize("step", [5e-324, 1e-300, 1e-9])
def test_frames_hardly_apart_in_time_are_numbers(stage, step):
    tracker = FaceTracker(stage)
    for number in range(4):
        stage.faces = [(60 + 8 * number, 60)]
        [face] = tracker.update(FRAME, timestamp=number * step)
        assert np.isfinite(face.landmarks).all()
    stage.faces = [(92, 60)]
    [face] = tracker.update(FRAME, timestamp=1.0)
    assert face.track_id == 0
    np.testing.assert_allclose(center_of(face), (92, 60), atol=2)
