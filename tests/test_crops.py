from __future__ import annotations

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.crops import crop_matrix, crop_to_image, cut_crop, image_to_crop
from asmnet_sdk.geometry import transform_points


def test_crop_of_whole_image_at_its_own_size_is_the_image():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    matrix = crop_matrix(BoundingBox(-0.5, -0.5, 63.5, 63.5), crop_scale=1, size=64)
    np.testing.assert_array_equal(cut_crop(image, matrix, (64, 64)), image)


def test_crop_matrix_maps_box_centre_to_crop_centre_and_keeps_longer_side():
    matrix = crop_matrix(BoundingBox(10, 20, 50, 100), crop_scale=1.25, size=100)
    np.testing.assert_allclose(transform_points(matrix, [30, 60]), [49.5, 49.5])
    np.testing.assert_allclose(transform_points(matrix, [30, 20]), [49.5, 9.5])


def test_clockwise_crop_puts_a_tilted_face_upright():
    matrix = crop_matrix(BoundingBox(0, 0, 100, 100), crop_scale=1, size=101, clockwise_degrees=90)
    crown_of_tilted_face = [100, 50]
    np.testing.assert_allclose(
        transform_points(matrix, crown_of_tilted_face), [50, -0.5], atol=0.51
    )


def test_image_to_crop_and_back_is_exact():
    matrix = crop_matrix(BoundingBox(3, 5, 77, 90), crop_scale=1.4, size=128, clockwise_degrees=20)
    points = np.array([[3.25, 5.5], [60, 90]], np.float32)
    back = crop_to_image(image_to_crop(points, matrix, 128), matrix, 128)
    np.testing.assert_allclose(back, points, atol=1e-4)


def test_crop_coordinates_zero_and_one_are_outer_edges():
    matrix = crop_matrix(BoundingBox(-0.5, -0.5, 63.5, 63.5), crop_scale=1, size=64)
    edges = crop_to_image(np.array([[0, 0], [1, 1]], np.float32), matrix, 64)
    np.testing.assert_allclose(edges, [[-0.5, -0.5], [63.5, 63.5]])


@pytest.mark.parametrize("enlargement", [1, 2, 3, 8])
def test_large_faces_do_not_shift_or_alias(enlargement):
    """A picture enlarged n times and cropped back equals the crop of the original."""
    small = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8), (0, 0), 3
    )
    large = np.kron(small, np.ones((enlargement, enlargement, 1), np.uint8))
    box = BoundingBox(20.5, 21.5, 92.5, 93.5)
    large_box = BoundingBox(*((np.array(tuple(box)) + 0.5) * enlargement - 0.5))
    crops = [
        cut_crop(image, crop_matrix(b, crop_scale=1, size=60), (60, 60)).astype(int)
        for image, b in ((small, box), (large, large_box))
    ]
    assert np.abs(crops[0] - crops[1]).max() <= 6


@pytest.mark.parametrize("size_wh", [(1234, 1001), (1280, 960), (1923, 1077)])
@pytest.mark.parametrize("long_side", [40, 123, 300])
def test_shrunk_photos_are_right_to_the_last_row_and_column(size_wh, long_side):
    scale = long_side / max(size_wh)
    matrix = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2]])
    crop = cut_crop(waves(*size_wh), matrix, (int(size_wh[0] * scale), int(size_wh[1] * scale)))
    small = waves(*size_wh, step=1 / scale)[: crop.shape[0], : crop.shape[1]]
    assert np.abs(crop.astype(int) - small).max() <= 8


def waves(width: int, height: int, step: float = 1) -> np.ndarray:
    """A smooth picture, each pixel ``step`` pixels of the full one."""
    x = (np.arange(int(width / step)) + 0.5) * step / width
    y = (np.arange(int(height / step)) + 0.5) * step / height
    grey = 120 + 60 * np.sin(7 * x) + 50 * np.cos(5 * y[:, np.newaxis])
    return np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("size_wh", [(640, 3), (5, 700), (1, 1), (999, 1)])
def test_thin_photos_shrink(size_wh):
    photo = np.full((size_wh[1], size_wh[0], 3), 77, np.uint8)
    matrix = np.array([[0.1, 0, -0.45], [0, 0.1, -0.45]])
    crop = cut_crop(photo, matrix, (100, 100))
    assert 0 < crop.max() <= 77
    assert crop[75:, 75:].max() == 0


def test_crop_that_is_the_image_shares_no_memory_with_it():
    image = np.zeros((64, 64, 3), np.uint8)
    matrix = crop_matrix(BoundingBox(-0.5, -0.5, 63.5, 63.5), crop_scale=1, size=64)
    assert not np.shares_memory(cut_crop(image, matrix, (64, 64)), image)


def test_fine_stripes_on_a_large_face_average_out():
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 255
    matrix = crop_matrix(BoundingBox(0, 0, 799, 799), crop_scale=0.9, size=64)
    crop = cut_crop(stripes, matrix, (64, 64)).astype(int)
    assert np.abs(crop - 127).max() <= 20


def test_crop_beyond_the_image_is_black():
    image = np.full((50, 50, 3), 200, np.uint8)
    matrix = crop_matrix(BoundingBox(-50, -50, 50, 50), crop_scale=1, size=100)
    crop = cut_crop(image, matrix, (100, 100))
    assert crop[:45].max() == 0
    assert crop[60:95, 60:95].min() == 200
