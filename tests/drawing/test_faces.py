from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from asmnet_sdk import (
    FIVE_POINT,
    IBUG_68,
    WFLW_98,
    BoundingBox,
    DrawingStyle,
    Face,
    HeadPose,
    InvalidImageError,
    InvalidInputError,
    Layout,
    draw_faces,
)
from asmnet_sdk.layouts import Contour

NOTHING = {"points": False, "contours": False, "boxes": False, "head_pose": False}
RED, GREEN, BLUE = 0, 1, 2  # channels of an RGB picture
NOSE_TIP = (200.0, 220.0)


def spread_points(count: int, box: BoundingBox) -> np.ndarray:
    """Return points at fractions of pixels, no two close to each other, that span the box."""
    index = np.arange(count)
    radius, angle = np.sqrt((index + 0.5) / count), index * np.pi * (3 - np.sqrt(5))
    circle = 0.5 + 0.5 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return (box.x_min, box.y_min) + circle * (box.width, box.height)


def face_with(
    *,
    yaw: float = 0,
    pitch: float = 0,
    roll: float = 0,
    box: BoundingBox | None = None,
    layout: Layout = FIVE_POINT,
    **options,
) -> Face:
    box = box or BoundingBox(100, 120, 300, 320)
    landmarks = spread_points(layout.point_count, box)
    if layout is FIVE_POINT:
        landmarks[2] = NOSE_TIP
    return Face(
        landmarks=landmarks,
        head_pose=HeadPose(yaw, pitch, roll),
        box=box,
        layout=layout,
        **options,
    )


def grey(height: int = 400, width: int = 400, level: int = 90) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def noise(height: int = 400, width: int = 400) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def changed(drawn: np.ndarray, image: np.ndarray) -> np.ndarray:
    return (drawn != image).any(axis=-1)


def draw_only(image, face: Face, part: str) -> np.ndarray:
    return draw_faces(image, [face], **{**NOTHING, part: True}, color="rgb")


def axis_tip(face: Face, channel: int) -> np.ndarray:
    """Draw the axes and return (x, y) from the nose tip to the farthest pixel of that colour."""
    drawn = draw_only(grey(), face, "head_pose").astype(int)
    others = np.delete(drawn, channel, axis=-1).max(axis=-1)
    y, x = np.nonzero(drawn[..., channel] > others + 60)
    offsets = np.stack([x, y], axis=-1) - NOSE_TIP
    return offsets[np.hypot(*offsets.T).argmax()]


def test_input_stays_untouched_and_the_result_is_new():
    image = noise()
    drawn = draw_faces(image, [face_with(layout=IBUG_68)])
    np.testing.assert_array_equal(image, noise())
    assert not np.shares_memory(drawn, image)
    assert drawn.dtype == np.uint8
    assert changed(drawn, image).any()


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_no_faces_give_a_copy(color):
    image = noise()
    drawn = draw_faces(image, [], color=color)
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_everything_turned_off_draws_nothing():
    face = face_with(score=0.9, track_id=4)
    np.testing.assert_array_equal(draw_faces(noise(), [face], **NOTHING), noise())


def test_drawing_is_deterministic():
    face = face_with(yaw=20, layout=IBUG_68, score=0.5)
    np.testing.assert_array_equal(draw_faces(noise(), [face]), draw_faces(noise(), [face]))


def test_faces_may_be_any_iterable():
    faces = [face_with(), face_with(yaw=30)]
    np.testing.assert_array_equal(draw_faces(grey(), iter(faces)), draw_faces(grey(), faces))


def test_channels_follow_the_colour_order():
    image, face = noise(), face_with(yaw=20, layout=IBUG_68)
    bgr = draw_faces(image, [face])
    rgb = draw_faces(np.ascontiguousarray(image[..., ::-1]), [face], color="rgb")
    np.testing.assert_array_equal(bgr, rgb[..., ::-1])


def test_files_are_drawn_in_bgr(tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), noise())
    drawn = draw_faces(tmp_path / "photo.png", [face_with()])
    np.testing.assert_array_equal(drawn, draw_faces(noise(), [face_with()]))


@pytest.mark.parametrize("layout", [IBUG_68, WFLW_98, FIVE_POINT])
def test_every_landmark_of_every_layout_is_white(layout):
    box = BoundingBox(100, 100, 1900, 1900)
    landmarks = np.rint(spread_points(layout.point_count, box))
    face = dataclasses.replace(face_with(layout=layout, box=box), landmarks=landmarks)
    drawn = draw_faces(grey(2000, 2000), [face], head_pose=False)
    x, y = landmarks.astype(int).T
    assert (drawn[y, x] == 255).all()


@pytest.mark.parametrize("size", [400, 2000])
@pytest.mark.parametrize("fraction", [(0, 0), (0.5, 0.5), (0.25, -0.375)])
def test_landmark_dots_are_drawn_at_fractions_of_pixels(size, fraction):
    """The centre of brightness is the landmark, to a sixteenth of a pixel and rounding."""
    landmarks = np.array([(1, 1), (3, 1), (2, 2), (1, 3), (3, 3)]) * size // 4 + np.array(fraction)
    face = dataclasses.replace(face_with(), landmarks=landmarks)
    # On the colour of the outline only the white dots show.
    drawn = draw_only(np.full((size, size, 3), (16, 20, 24), np.uint8), face, "points")
    light = drawn[..., 0].astype(float) - 16
    for x, y in face.landmarks:
        left, top = int(x) - 12, int(y) - 12
        part = light[top : top + 25, left : left + 25]
        rows, columns = np.mgrid[top : top + 25, left : left + 25]
        center = [(part * columns).sum() / part.sum(), (part * rows).sum() / part.sum()]
        np.testing.assert_allclose(center, (x, y), atol=0.07)


def test_points_that_are_more_likely_hidden_are_drawn_hollow():
    box = BoundingBox(100, 100, 1900, 1900)
    landmarks = np.rint(spread_points(5, box))
    face = face_with(box=box, landmark_visible=np.array([1, 0.5, 0.49, 0, 0.9]))
    face = dataclasses.replace(face, landmarks=landmarks)
    drawn = draw_only(grey(2000, 2000), face, "points")
    x, y = landmarks.astype(int).T
    is_filled = (drawn[y, x] == 255).all(axis=-1)
    assert is_filled.tolist() == [True, True, False, False, True]
    hidden = drawn[y[3] - 40 : y[3] + 41, x[3] - 40 : x[3] + 41]
    assert (hidden == 255).all(axis=-1).any()  # the ring


def test_pixels_away_from_strokes_keep_their_values():
    image = noise()
    drawn = draw_only(image, face_with(layout=IBUG_68, track_id=None), "points")
    touched = changed(drawn, image)
    assert touched.sum() < 68 * 25
    y, x = np.nonzero(touched)
    nearest = np.hypot(*(np.stack([x, y], -1)[:, None] - face_with(layout=IBUG_68).landmarks).T)
    assert nearest.min(axis=0).max() < 4


def test_contours_are_drawn_in_region_colours():
    box = BoundingBox(200, 200, 1000, 1000)
    landmarks = np.full((68, 2), 600.0)
    landmarks[:17] = np.stack([np.linspace(200, 1000, 17), np.full(17, 900)], axis=-1)
    landmarks[17:22] = np.stack([np.linspace(250, 500, 5), np.full(5, 300)], axis=-1)
    face = Face(landmarks=landmarks, head_pose=HeadPose(0, 0, 0), box=box)
    drawn = draw_only(grey(1200, 1200), face, "contours")
    assert drawn[900, 425].tolist() == [86, 180, 233]
    assert drawn[300, 375].tolist() == [230, 159, 0]


def test_chosen_parts_are_drawn_alone():
    face, options = face_with(layout=IBUG_68), {**NOTHING, "contours": ["right_eye"]}
    eye, everything = (
        draw_faces(grey(), [face], **some, color="rgb", style=DrawingStyle(line_width=3))
        for some in (options, {**NOTHING, "contours": True})
    )
    green, sky_blue = (0, 190, 140), (86, 180, 233)
    assert (eye == green).all(axis=-1).any()
    assert not (eye == sky_blue).all(axis=-1).any()
    assert (everything == sky_blue).all(axis=-1).any()
    mouth = draw_faces(grey(), [face], **{**NOTHING, "contours": "mouth"})
    lips = draw_faces(grey(), [face], **{**NOTHING, "contours": ("inner_lip", "outer_lip")})
    np.testing.assert_array_equal(mouth, lips)
    with pytest.raises(InvalidInputError, match="no part 'eyes'; there are jaw"):
        draw_faces(grey(), [face], contours=["eyes"])


def test_closed_contours_return_to_their_first_point():
    landmarks = np.full((68, 2), 100.0)
    landmarks[36:42] = [(300, 500), (400, 400), (600, 400), (700, 500), (600, 800), (300, 800)]
    face = Face(
        landmarks=landmarks, head_pose=HeadPose(0, 0, 0), box=BoundingBox(100, 100, 900, 900)
    )
    drawn = draw_only(grey(1000, 1000), face, "contours")
    assert drawn[650, 300].tolist() == [0, 190, 140]


def test_box_corners_lie_on_the_box():
    drawn = draw_only(grey(), face_with(), "boxes")
    touched = changed(drawn, grey())
    for x in (100, 300):
        for y in (120, 320):
            assert touched[y, x]
    assert not touched[120, 200]
    assert not touched[220, 100]


def test_frontal_axes_point_right_and_up():
    x, y = axis_tip(face_with(), RED)
    assert x == pytest.approx(100, abs=3)
    assert abs(y) <= 3
    x, y = axis_tip(face_with(), GREEN)
    assert abs(x) <= 3
    assert y == pytest.approx(-100, abs=3)
    assert np.abs(axis_tip(face_with(), BLUE)).max() <= 4


@pytest.mark.parametrize("yaw", [40, -40])
def test_positive_yaw_draws_the_nose_to_the_left(yaw):
    x, y = axis_tip(face_with(yaw=yaw), BLUE)
    assert x == pytest.approx(-100 * np.sin(np.radians(yaw)), abs=3)
    assert abs(y) <= 3


@pytest.mark.parametrize("pitch", [40, -40])
def test_positive_pitch_draws_the_nose_upwards(pitch):
    x, y = axis_tip(face_with(pitch=pitch), BLUE)
    assert abs(x) <= 3
    assert y == pytest.approx(-100 * np.sin(np.radians(pitch)), abs=3)


@pytest.mark.parametrize("roll", [30, -30])
def test_positive_roll_turns_the_axes_clockwise(roll):
    sine, cosine = np.sin(np.radians(roll)), np.cos(np.radians(roll))
    face = face_with(roll=roll)
    np.testing.assert_allclose(axis_tip(face, RED), (100 * cosine, 100 * sine), atol=3)
    np.testing.assert_allclose(axis_tip(face, GREEN), (100 * sine, -100 * cosine), atol=3)


def test_axes_of_an_unknown_layout_start_at_the_centre_of_the_box():
    layout = Layout(
        name="CHEEKS",
        point_count=2,
        contours={"cheeks": Contour(indices=(0, 1))},
        mirror=(1, 0),
        eye_corners=(0, 1),
    )
    assert face_with().box.center == NOSE_TIP
    np.testing.assert_allclose(axis_tip(face_with(layout=layout, yaw=40), BLUE), (-64, 0), atol=3)


def outlined_width(picture_side: int, face_side: int) -> int:
    """Return how many pixels wide the left edge of a face's box is drawn."""
    middle = picture_side / 2
    low, high = middle - face_side / 2, middle + face_side / 2
    drawn = draw_only(
        grey(picture_side, picture_side), face_with(box=BoundingBox(low, low, high, high)), "boxes"
    )
    row = changed(drawn, grey(picture_side, picture_side))[int(low + 0.08 * face_side)]
    return int(row[: picture_side // 2].sum())


def test_lines_grow_with_the_picture_and_the_face():
    assert outlined_width(256, 60) <= 3
    assert 3 <= outlined_width(1080, 500) <= 7
    assert 12 <= outlined_width(3840, 1500) <= 24


def test_lines_are_as_wide_as_asked_for():
    face = face_with(layout=IBUG_68)
    options = {**NOTHING, "contours": True}
    plain, thin, wide = (
        draw_faces(grey(), [face], style=DrawingStyle(line_width=width), **options) != grey()
        for width in (None, 1, 6)
    )
    assert 1.5 * thin.sum() < wide.sum()
    assert plain.sum() < wide.sum()


def test_lines_stay_fine_on_a_small_face_in_a_large_picture():
    assert outlined_width(3840, 60) <= 4


def letters(face: Face, height: int = 300, width: int = 400) -> np.ndarray:
    """Return which pixels the text alone makes light."""
    return draw_only(grey(height, width, level=16), face, "head_pose").min(axis=-1) > 150


def test_angles_stand_above_the_box():
    y, x = np.nonzero(letters(face_with(yaw=12.4, pitch=-2.6, roll=5)))
    assert y.max() < 120
    assert (x.min() + x.max()) / 2 == pytest.approx(200, abs=3)


@pytest.mark.parametrize("center", [(0, 0), (399, 0), (399, 299), (0, 299), (200, 10)])
def test_label_stays_within_the_picture(center):
    inside = BoundingBox(180, 180, 220, 220)
    x, y = center
    at_edge = BoundingBox(x - 20, y - 20, x + 20, y + 20)
    whole = letters(face_with(box=inside)).sum()
    assert letters(face_with(box=at_edge)).sum() == pytest.approx(whole, rel=0.15)


@pytest.mark.skipif(
    cv2.__version__.startswith("4."), reason="the letters of OpenCV 4 are too wide for this face"
)
def test_label_shrinks_to_a_narrow_picture():
    face = face_with(box=BoundingBox(4, 20, 44, 60))
    light = draw_only(grey(64, 48, level=16), face, "head_pose").min(axis=-1) > 40
    y, x = np.nonzero(light)
    assert y.max() < 20
    assert x.max() - x.min() > 24


def test_label_in_a_picture_of_one_pixel_does_not_fail():
    assert draw_faces(grey(1, 1), [face_with(box=BoundingBox(-5, -5, 5, 5))]).shape == (1, 1, 3)


def test_track_id_and_score_are_shown_where_there_are_any():
    def above_the_box(**options) -> bytes:
        drawn = draw_only(grey(), face_with(**options), "boxes")
        return drawn[:110].tobytes()

    shown = [
        above_the_box(),
        above_the_box(track_id=0),
        above_the_box(score=0.0),
        above_the_box(track_id=7),
        above_the_box(track_id=7, score=0.98),
    ]
    assert len(set(shown)) == len(shown)
    assert shown[0] == grey()[:110].tobytes()


def test_lines_of_a_label_do_not_overlap_at_the_upper_edge():
    top = face_with(box=BoundingBox(150, 0, 250, 100), track_id=1, score=0.5)
    inside = face_with(box=BoundingBox(150, 150, 250, 250), track_id=1, score=0.5)

    def light_pixels(face: Face) -> int:
        options = {**NOTHING, "boxes": True, "head_pose": True}
        drawn = draw_faces(grey(400, 400, level=16), [face], **options)
        return int((drawn.min(axis=-1) > 150).sum())

    assert light_pixels(top) == pytest.approx(light_pixels(inside), rel=0.1)


def test_face_outside_the_picture_draws_nothing():
    face = face_with(box=BoundingBox(-900, -900, -500, -500), layout=IBUG_68, score=0.9)
    np.testing.assert_array_equal(draw_faces(noise(), [face]), noise())


def test_face_across_the_edge_is_drawn_up_to_it():
    face = face_with(box=BoundingBox(-100, 250, 100, 450), layout=IBUG_68)
    drawn = draw_faces(grey(), [face])
    assert changed(drawn, grey())[399, :100].any()


def test_far_points_and_huge_boxes_do_not_fail():
    box = BoundingBox(-1e9, -1e9, 1e9, 1e9)
    face = dataclasses.replace(face_with(box=box), landmarks=np.full((5, 2), 1e12))
    assert draw_faces(grey(), [face]).shape == (400, 400, 3)


@pytest.mark.parametrize("level", [0, 60, 200, 255])
def test_white_marks_read_on_any_background(level):
    drawn = draw_only(grey(level=level), face_with(), "boxes").astype(int)
    edge = drawn[130, 90:110].mean(axis=-1)
    assert edge.max() - edge.min() > 60


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(InvalidInputError, match="not finite"):
        draw_faces(grey(), [face_with(yaw=value)])
    face = dataclasses.replace(face_with(), landmarks=np.full((5, 2), value))
    with pytest.raises(InvalidInputError, match="not finite"):
        draw_faces(grey(), [face])
    for radius in (value, -1.0):
        face = dataclasses.replace(face_with(), landmark_sigma=np.full(5, radius))
        with pytest.raises(
            InvalidInputError, match="landmark_sigma that is negative or not finite"
        ):
            draw_faces(grey(), [face], sigma=True)


def test_float_image_is_refused():
    with pytest.raises(InvalidImageError, match="float64"):
        draw_faces(grey() / 255, [])


def test_hidden_points_are_rings_dots_or_nothing():
    box = BoundingBox(100, 100, 1900, 1900)
    face = face_with(box=box, landmark_visible=np.zeros(5))
    face = dataclasses.replace(face, landmarks=np.rint(spread_points(5, box)))
    x, y = face.landmarks.astype(int).T

    def drawn(kind: str) -> np.ndarray:
        style = DrawingStyle(hidden_points=kind, point_size=9)
        return draw_faces(grey(2000, 2000), [face], **{**NOTHING, "points": True}, style=style)

    assert (drawn("dot")[y, x] == 255).all()
    assert not (drawn("ring")[y, x] == 255).any()
    assert (drawn("ring") == 255).any()
    np.testing.assert_array_equal(drawn("none"), grey(2000, 2000))


def test_sigma_is_a_circle_of_its_radius():
    face = face_with(landmark_sigma=np.full(5, 20))
    face = dataclasses.replace(face, landmarks=np.float32([(60, 60), *[(300, 300)] * 4]))
    style = DrawingStyle(sigma_color=(0, 0, 255))
    drawn = draw_faces(grey(), [face], **NOTHING, sigma=True, style=style, color="rgb").astype(int)
    y, x = np.nonzero(drawn[:120, :120, 2] > drawn[:120, :120, 0] + 60)
    assert np.hypot(x - 60, y - 60).mean() == pytest.approx(20, abs=0.5)


def test_numbers_stand_above_the_points_of_a_large_face_alone():
    large = face_with(box=BoundingBox(20, 20, 380, 380))
    drawn = draw_faces(grey(), [large], **NOTHING, numbers=True)
    x, y = large.landmarks[0].astype(int)
    assert changed(drawn, grey())[y - 14 : y, x - 6 : x + 7].any()
    np.testing.assert_array_equal(
        draw_faces(grey(), [face_with()], **NOTHING, numbers=True), grey()
    )


def test_points_of_chosen_parts_are_drawn_alone():
    face = face_with(layout=IBUG_68)
    eye = draw_faces(grey(), [face], **{**NOTHING, "points": ["right_eye"]}, color="rgb")
    x, y = np.rint(face.landmarks).astype(int).T
    assert changed(eye, grey())[y[36:42], x[36:42]].all()
    assert not changed(eye, grey())[y[:17], x[:17]].any()


def test_style_colours_parts_points_and_boxes():
    style = DrawingStyle(
        part_colors={"eye": (255, 0, 0)}, box_color=(0, 0, 255), point_color=(0, 255, 0)
    )
    assert style.color_of("right_eye") == (255, 0, 0)
    assert style.color_of("right_eyebrow") == (230, 159, 0)
    assert DrawingStyle(part_colors={"mouth": (1, 2, 3)}).color_of("outer_lip") == (1, 2, 3)
    assert style.color_of("jaw") == (86, 180, 233)
    large = face_with(box=BoundingBox(100, 100, 1900, 1900))
    boxes, points = (
        draw_faces(grey(2000, 2000), [large], **{**NOTHING, part: True}, style=style, color="rgb")
        for part in ("boxes", "points")
    )
    assert boxes[100, 100].tolist() == [0, 0, 255]
    assert (points == (0, 255, 0)).all(axis=-1).any()


@pytest.mark.parametrize("color", [(1.0, 0.0, 0.0), np.float32([0.2, 0.5, 0.9])])
def test_shares_of_a_colour_are_refused(color):
    with pytest.raises(InvalidInputError, match=r"point_color .* 0 to 255, not from 0 to 1"):
        DrawingStyle(point_color=color)


def test_colours_may_be_floats_and_near_black():
    for color in ((0.0, 0.0, 0.0), (1, 1, 1), (0.5, 128.0, 255.0)):
        assert DrawingStyle(point_color=color).point_color == color


@pytest.mark.parametrize("word", ["eyes", "ye", ""])
def test_words_that_fit_no_contour_are_refused(word):
    style = DrawingStyle(part_colors={word: (255, 0, 0)})
    with pytest.raises(
        InvalidInputError, match=r"a word of part_colors .* right_eye, .* right_pupil"
    ):
        draw_faces(grey(), [face_with()], style=style)


@pytest.mark.parametrize(
    "options", [{"line_width": 0}, {"point_size": -1}, {"text_height": 0}, {"hidden_points": "x"}]
)
def test_styles_that_cannot_be_are_refused(options):
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        DrawingStyle(**options)
