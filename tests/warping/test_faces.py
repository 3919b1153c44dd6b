from __future__ import annotations

import dataclasses
import io
import pickle

import cv2
import numpy as np
import PIL.Image
import pytest

from asmnet_sdk import (
    FIVE_POINT,
    BoundingBox,
    Face,
    HeadPose,
    InvalidImageError,
    InvalidInputError,
    warp_face,
)
from asmnet_sdk.geometry import invert, transform_points
from asmnet_sdk.warping import TEMPLATES

# Pixels of the 112 x 112 and 512 x 512 crops, as insightface and facexlib publish them.
ARCFACE = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ]
)
FFHQ = np.array(
    [
        (192.98138, 239.94708),
        (318.90277, 240.1936),
        (256.63416, 314.01935),
        (201.26117, 371.41043),
        (313.08905, 371.15118),
    ]
)
# Binary fractions, so that float32 landmarks hold them exactly.
DYADIC = np.array([(20, 24), (44, 24), (32, 36), (24, 48), (40, 48)]) / 64


def face_at(points) -> Face:
    return Face(
        landmarks=np.asarray(points, np.float32),
        head_pose=HeadPose(0, 0, 0),
        box=BoundingBox.around(points),
        layout=FIVE_POINT,
    )


def similarity(scale: float, angle_degrees: float, shift) -> np.ndarray:
    angle = np.radians(angle_degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, shift])


def smooth_photo(width: int = 320, height: int = 240) -> np.ndarray:
    """Return three different waves, none steeper than 3 levels a pixel."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 40), np.cos(y / 45), np.sin((x + y) / 60)]
    return np.rint(128 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.fixture
def tilted_face() -> Face:
    """A face about 100 pixels high, turned by 20 degrees, inside ``smooth_photo``."""
    return face_at(transform_points(similarity(1.1, 20, (110, 30)), ARCFACE))


def test_face_that_lies_like_the_template_is_not_moved():
    warped = warp_face(smooth_photo(), face_at(ARCFACE))
    np.testing.assert_allclose(warped.matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-5)
    np.testing.assert_array_equal(warped.image, smooth_photo()[:112, :112])


def test_exact_similarity_puts_five_points_on_the_template():
    quarter_turn = np.array([[0.0, -4.0, 300.0], [4.0, 0.0, 8.0]])
    points = transform_points(quarter_turn, DYADIC * 64)
    warped = warp_face(smooth_photo(), face_at(points), DYADIC, 96)
    np.testing.assert_allclose(
        transform_points(warped.matrix, points), DYADIC * 96 - 0.5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("template", "pixels", "base"), [("arcface", ARCFACE, 112), ("ffhq", FFHQ, 512)]
)
@pytest.mark.parametrize("enlargement", [0.5, 1, 2])
def test_named_template_scales_about_pixel_centres(template, pixels, base, enlargement):
    points = transform_points(similarity(0.7, -35, (40, 90)), pixels)
    warped = warp_face(smooth_photo(), face_at(points), template, round(base * enlargement))
    expected = (pixels + 0.5) * enlargement - 0.5
    np.testing.assert_allclose(transform_points(warped.matrix, points), expected, atol=2e-4)
    assert warped.image.shape == (round(base * enlargement), round(base * enlargement), 3)


def test_named_templates_are_published_pixels():
    np.testing.assert_allclose(TEMPLATES["arcface"] * 112 - 0.5, ARCFACE, atol=1e-9)
    np.testing.assert_allclose(TEMPLATES["ffhq"] * 512 - 0.5, FFHQ, atol=1e-9)


def test_subjects_right_eye_comes_out_on_the_left(tilted_face):
    photo = np.zeros((240, 320, 3), np.uint8)
    right_eye, left_eye = np.rint(tilted_face.five_points[:2]).astype(int).tolist()
    cv2.circle(photo, right_eye, 4, (0, 0, 255), cv2.FILLED)
    cv2.circle(photo, left_eye, 4, (255, 0, 0), cv2.FILLED)
    crop = warp_face(photo, tilted_face).image
    assert crop[52, 38].tolist() == [0, 0, 255]
    assert crop[52, 74].tolist() == [255, 0, 0]


def test_swapped_sides_never_mirror_the_crop(tilted_face):
    swapped = face_at(tilted_face.five_points[[1, 0, 2, 4, 3]])
    matrix = warp_face(smooth_photo(), swapped).matrix
    assert np.linalg.det(matrix[:, :2]) > 0


def test_mirrored_template_is_refused(tilted_face):
    with pytest.raises(InvalidInputError, match="mirrored or flat"):
        warp_face(smooth_photo(), tilted_face, DYADIC[[1, 0, 2, 4, 3]])


def test_68_landmarks_are_warped_by_their_five_points(tilted_face):
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[36:42], landmarks[42:48] = tilted_face.five_points[:2].repeat(6, 0).reshape(2, 6, 2)
    landmarks[[30, 48, 54]] = tilted_face.five_points[2:]
    face = Face(landmarks=landmarks, head_pose=HeadPose(0, 0, 0), box=tilted_face.box)
    np.testing.assert_allclose(
        warp_face(smooth_photo(), face).matrix,
        warp_face(smooth_photo(), tilted_face).matrix,
        atol=1e-4,
    )


def test_crop_keeps_the_colour_order_of_the_array(tilted_face):
    photo = smooth_photo()
    bgr = warp_face(photo, tilted_face).image
    rgb = warp_face(np.ascontiguousarray(photo[..., ::-1]), tilted_face, color="rgb").image
    np.testing.assert_array_equal(bgr, rgb[..., ::-1])
    x, y = np.rint(tilted_face.five_points[2]).astype(int)
    np.testing.assert_allclose(bgr[72, 56].astype(int), photo[y, x].astype(int), atol=4)


def test_crop_of_a_file_is_bgr_unless_rgb_is_asked_for(tilted_face, tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), smooth_photo())
    bgr = warp_face(smooth_photo(), tilted_face).image
    np.testing.assert_array_equal(warp_face(path, tilted_face).image, bgr)
    rgb = warp_face(path, tilted_face, color="rgb").image
    np.testing.assert_array_equal(rgb, bgr[..., ::-1])


def test_crop_is_black_outside_the_photo():
    warped = warp_face(np.full((50, 200, 3), 200, np.uint8), face_at(ARCFACE))
    assert (warped.image[:50] == 200).all()
    assert (warped.image[51:] == 0).all()


def test_warped_face_is_frozen_and_read_only(tilted_face):
    warped = warp_face(smooth_photo(), tilted_face)
    with pytest.raises(dataclasses.FrozenInstanceError):
        warped.matrix = np.eye(2, 3)
    with pytest.raises(ValueError, match="read-only"):
        warped.image[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        warped.matrix[0] = 0
    restored = pickle.loads(pickle.dumps(warped))
    np.testing.assert_array_equal(restored.image, warped.image)
    assert not restored.image.flags.writeable
    assert not restored.matrix.flags.writeable


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("arcfase", "no template 'arcfase'; there are arcface, ffhq"),
        (DYADIC[:4], r"shape \(4, 2\); needed: \(5, 2\)"),
        (ARCFACE, r"outside \[0, 1\]; needed: parts"),
        (np.full((5, 2), np.nan), r"outside \[0, 1\]"),
        (np.full((5, 2), 0.5), "mirrored or flat"),
        ([(0, 1), "eyes"], r"a name or a \(5, 2\) array"),
    ],
)
def test_unusable_template_is_refused(tilted_face, template, message):
    with pytest.raises(InvalidInputError, match=message):
        warp_face(smooth_photo(), tilted_face, template)


@pytest.mark.parametrize("size", [0, -112, 8193, 112.0, "112", (112,), (112, 0)])
def test_unusable_size_is_refused(tilted_face, size):
    with pytest.raises(InvalidInputError, match="size is"):
        warp_face(smooth_photo(), tilted_face, size=size)


def test_numpy_integer_is_a_size(tilted_face):
    assert warp_face(smooth_photo(), tilted_face, size=np.int64(64)).image.shape == (64, 64, 3)


def test_face_without_extent_is_refused(tilted_face):
    landmarks = np.full((5, 2), 7)
    face = dataclasses.replace(tilted_face, landmarks=landmarks)
    with pytest.raises(InvalidInputError, match="all the same"):
        warp_face(smooth_photo(), face)


def test_face_with_infinite_points_is_refused(tilted_face):
    face = dataclasses.replace(tilted_face, landmarks=np.full((5, 2), np.inf))
    with pytest.raises(InvalidInputError, match="not finite"):
        warp_face(smooth_photo(), face)


def test_float_image_is_refused(tilted_face):
    with pytest.raises(InvalidImageError, match="float64"):
        warp_face(smooth_photo() / 255, tilted_face)


def inside_crop(warped, photo) -> np.ndarray:
    """Return which pixels of the photo have their centre inside the crop's outer edges."""
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    in_crop = transform_points(warped.matrix, np.stack([x, y], axis=-1))
    return ((in_crop > -0.5) & (in_crop < len(warped.image) - 0.5)).all(axis=-1)


@pytest.mark.parametrize("template", ["arcface", "ffhq"])
@pytest.mark.parametrize("size", [56, 112, 512])
@pytest.mark.parametrize("feather", [0, 0.1, 0.5])
def test_unedited_crop_restores_a_smooth_photo_within_four_levels(
    tilted_face, template, size, feather
):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face, template, size)
    difference = np.abs(warped.paste_back(photo, feather=feather).astype(int) - photo)
    assert difference.max() <= 4
    assert difference.mean() < 0.5


@pytest.mark.parametrize("feather", [0, 0.1])
def test_pixels_outside_the_crop_stay_bit_for_bit(tilted_face, feather):
    photo = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    warped = warp_face(photo, tilted_face)
    pasted = warped.paste_back(photo, 255 - warped.image, feather=feather)
    inside = inside_crop(warped, photo)
    assert 0.1 < inside.mean() < 0.5
    np.testing.assert_array_equal(pasted[~inside], photo[~inside])
    assert (pasted[inside] != photo[inside]).any(axis=-1).mean() > 0.9


def test_hard_edge_replaces_everything_inside(tilted_face):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face)
    pasted = warped.paste_back(photo, np.full((112, 112, 3), 255, np.uint8), feather=0)
    assert (pasted[inside_crop(warped, photo)] == 255).all()


def test_feathered_border_has_no_seam(tilted_face):
    """White on black rises over a quarter of the crop (31 pixels of the photo), never in steps."""
    photo = np.zeros((240, 320, 3), np.uint8)
    warped = warp_face(photo, tilted_face)
    pasted = warped.paste_back(photo, np.full((112, 112, 3), 255, np.uint8), feather=0.25)
    levels = pasted[..., 0].astype(int)
    assert levels.max() == 255
    # The steepest slope of the smooth step is 1.5 x 255 / 31 levels a pixel.
    assert max(np.abs(np.diff(levels, axis=axis)).max() for axis in (0, 1)) <= 13


@pytest.mark.parametrize("enlargement", [1, 2, 3])
def test_edited_crop_of_any_resolution_lands_in_its_place(tilted_face, enlargement):
    photo = np.zeros((240, 320, 3), np.uint8)
    warped = warp_face(photo, tilted_face, "arcface", 224)
    nose_tip = (ARCFACE[2] + 0.5) * 2 - 0.5
    y, x = np.mgrid[: 224 * enlargement, : 224 * enlargement]
    center = (nose_tip + 0.5) * enlargement - 0.5
    spot = 255 * np.exp(
        -(np.hypot(x - center[0], y - center[1]) ** 2) / (2 * (8 * enlargement) ** 2)
    )
    edited = np.rint(spot).astype(np.uint8)[..., None].repeat(3, axis=-1)
    weight = warped.paste_back(photo, edited)[..., 0].astype(float)
    rows, columns = np.mgrid[:240, :320]
    centroid = [(weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()]
    np.testing.assert_allclose(centroid, tilted_face.five_points[2], atol=0.05)


def test_enlarged_crop_pastes_like_the_crop_itself(tilted_face):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face)
    large = cv2.resize(warped.image, (448, 448), interpolation=cv2.INTER_CUBIC)
    difference = np.abs(warped.paste_back(photo, large).astype(int) - warped.paste_back(photo))
    assert difference.max() <= 3


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_edited_crop_keeps_its_colours(tilted_face, color):
    photo = np.full((240, 320, 3), (10, 20, 30), np.uint8)
    warped = warp_face(photo, tilted_face, color=color)
    pasted = warped.paste_back(photo, np.full((112, 112, 3), (250, 130, 5), np.uint8))
    x, y = np.rint(tilted_face.five_points[2]).astype(int)
    assert pasted[y, x].tolist() == [250, 130, 5]
    assert pasted[0, 0].tolist() == [10, 20, 30]


def test_photo_and_edited_crop_may_be_files_and_pil_images(tilted_face):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face)
    edited = 255 - warped.image
    file = io.BytesIO(cv2.imencode(".png", photo)[1].tobytes())
    pil_image = PIL.Image.fromarray(np.ascontiguousarray(edited[..., ::-1]))
    np.testing.assert_array_equal(
        warped.paste_back(file, pil_image), warped.paste_back(photo, edited)
    )


def test_paste_back_leaves_its_inputs_alone(tilted_face):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face)
    edited = 255 - warped.image
    pasted = warped.paste_back(photo, edited)
    assert not np.shares_memory(pasted, photo)
    np.testing.assert_array_equal(photo, smooth_photo())
    np.testing.assert_array_equal(edited, 255 - warped.image)


@pytest.mark.parametrize("size", [56, 112, 300])
@pytest.mark.parametrize("shift", [(-20, -10), (260, 190), (-500, 0)])
def test_crop_beyond_the_photo_leaves_no_dark_line(size, shift):
    photo = np.full((240, 320, 3), 200, np.uint8)
    face = face_at(transform_points(similarity(1.1, 20, shift), ARCFACE))
    warped = warp_face(photo, face, size=size)
    np.testing.assert_array_equal(warped.paste_back(photo, feather=0), photo)


def test_matrix_inverse_maps_the_crop_back(tilted_face):
    warped = warp_face(smooth_photo(), tilted_face)
    np.testing.assert_allclose(
        transform_points(invert(warped.matrix), ARCFACE), tilted_face.five_points, atol=1e-4
    )


def test_photo_of_another_size_is_refused(tilted_face):
    warped = warp_face(smooth_photo(), tilted_face)
    with pytest.raises(InvalidImageError, match=r"320 x 239; .* 320 x 240"):
        warped.paste_back(smooth_photo()[:-1])


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        (np.zeros((112, 56, 3), np.uint8), "56 x 112; needed: 112 x 112 or a multiple"),
        (np.zeros((112, 112, 3), np.float32), "float32"),
        (np.zeros((3, 112, 112), np.uint8), r"\(3, 112, 112\)"),
        (42, "int"),
    ],
)
def test_unusable_edited_crop_is_refused(tilted_face, edited, message):
    warped = warp_face(smooth_photo(), tilted_face)
    with pytest.raises(InvalidImageError, match=message):
        warped.paste_back(smooth_photo(), edited)


@pytest.mark.parametrize("feather", [-0.1, 0.51, np.nan])
def test_unusable_feather_is_refused(tilted_face, feather):
    warped = warp_face(smooth_photo(), tilted_face)
    with pytest.raises(InvalidInputError, match="feather"):
        warped.paste_back(smooth_photo(), feather=feather)


def test_crop_that_is_not_square_is_the_middle_of_the_square_one(tilted_face):
    """To one grey level: OpenCV 4.8 rounds places in the photo from the corner of the crop."""
    photo = smooth_photo()
    square = warp_face(photo, tilted_face, "arcface", 112).image
    for size, middle in (((96, 112), square[:, 8:104]), ((112, 80), square[16:96])):
        crop = warp_face(photo, tilted_face, "arcface", size).image
        np.testing.assert_allclose(crop.astype(int), middle.astype(int), rtol=0, atol=1)


def test_crop_that_is_not_square_is_pasted_back_where_it_was(tilted_face):
    photo = smooth_photo()
    warped = warp_face(photo, tilted_face, "arcface", (96, 120))
    white = np.full((240, 192, 3), 255, np.uint8)  # twice its size
    pasted = warped.paste_back(photo, white, feather=0)
    center = np.linalg.solve(warped.matrix[:, :2], (47.5, 59.5) - warped.matrix[:, 2])
    x, y = np.rint(center).astype(int)
    assert (pasted[y, x] == 255).all()
    with pytest.raises(InvalidImageError, match="96 x 120 or a multiple"):
        warped.paste_back(photo, white[:192])


def test_notebooks_show_the_crop(tilted_face):
    warped = warp_face(smooth_photo(), tilted_face)
    shown = cv2.imdecode(np.frombuffer(warped._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(shown, warped.image)
