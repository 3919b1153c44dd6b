"""Properties of geometry that hold for any shift, size and side, with the default weights.

The bounds are about two to three times the worst case of 100 draws a portrait, measured on
2026-11-24 with ``asmnet-68`` and OpenCV 5.0.0, which is noted beside each. Point errors are means
over the landmarks, as shares of the longer side of the face box.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, Face, FaceAligner, warp_face
from asmnet_sdk.crops import crop_matrix, crop_to_image, image_to_crop, resize_matrix
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.images.loading import load_image
from tests.conftest import EXAMPLES
from tests.golden import BOXES

DRAWS = range(8)
SHIFTED, SHIFTED_DEGREES = 1e-4, 0.05  # measured 0.00000, 0.000: the same crop
RESIZED, RESIZED_DEGREES = 0.006, 1.0  # measured 0.0018, 0.28
FLIPPED, FLIPPED_DEGREES = 0.03, 4.0  # measured 0.0102, 1.95: the network's own asymmetry
PASTED_LEVELS = 4.0  # mean change of the pixels under the crop; measured 2.9 of 255


@pytest.fixture(params=BOXES)
def portrait(request) -> tuple[NDArray[np.uint8], BoundingBox]:
    """A portrait as RGB and a box of its face."""
    return load_image(EXAMPLES / request.param), BoundingBox(*BOXES[request.param])


def predict(aligner: FaceAligner, image: NDArray[np.uint8], box: BoundingBox) -> Face:
    [face] = aligner.predict(image, box, color="rgb")
    return face


def jittered(box: BoundingBox, generator: np.random.Generator) -> BoundingBox:
    """Return the box as a careless detector might give it."""
    reach = 0.08 * box.longer_side
    return BoundingBox(*(np.array(list(box)) + generator.uniform(-reach, reach, 4)))


def mapped(box: BoundingBox, matrix: NDArray[np.float64]) -> BoundingBox:
    corners = transform_points(matrix, np.array(list(box)).reshape(2, 2))
    return BoundingBox(*corners.ravel())


def point_error(face: Face, expected: NDArray[np.float64]) -> float:
    distances = np.linalg.norm(face.landmarks - expected, axis=1)
    return float(distances.mean() / face.box.longer_side)


def angle_error(face: Face, other: Face, signs: tuple[int, int, int] = (1, 1, 1)) -> float:
    """Return the largest difference of yaw, pitch and roll, the other's multiplied by signs."""
    angles = [(f.head_pose.yaw, f.head_pose.pitch, f.head_pose.roll) for f in (face, other)]
    return float(np.abs(np.subtract(angles[0], np.multiply(angles[1], signs))).max())


def shifted_errors(aligner, portrait, generator) -> tuple[float, float]:
    image, box = portrait
    box = jittered(box, generator)
    left, top = generator.integers(0, 300, 2)
    canvas = cv2.copyMakeBorder(image, top, 50, left, 70, cv2.BORDER_REFLECT)
    shift = np.array([[1.0, 0, left], [0, 1, top]])
    face = predict(aligner, image, box)
    moved = predict(aligner, canvas, mapped(box, shift))
    return point_error(moved, transform_points(shift, face.landmarks)), angle_error(moved, face)


def resized_errors(aligner, portrait, generator) -> tuple[float, float]:
    image, box = portrait
    box = jittered(box, generator)
    height, width = image.shape[:2]
    factor = float(np.exp(generator.uniform(np.log(0.8), np.log(4))))
    size_wh = (round(width * factor), round(height * factor))
    resize = resize_matrix((width, height), size_wh)
    resized = cv2.resize(
        image, size_wh, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )
    face = predict(aligner, image, box)
    other = predict(aligner, resized, mapped(box, resize))
    return point_error(other, transform_points(resize, face.landmarks)), angle_error(other, face)


def flipped_errors(aligner, portrait, generator) -> tuple[float, float]:
    image, box = portrait
    box = jittered(box, generator)
    width = image.shape[1]
    flipped_box = BoundingBox(width - 1 - box.x_max, box.y_min, width - 1 - box.x_min, box.y_max)
    face = predict(aligner, image, box)
    flipped = predict(aligner, np.ascontiguousarray(image[:, ::-1]), flipped_box)
    expected = face.landmarks[list(aligner.layout.mirror)] * [-1, 1] + [width - 1, 0]
    return point_error(flipped, expected), angle_error(flipped, face, (-1, 1, -1))


@pytest.mark.parametrize("draw", DRAWS)
def test_shifted_photo_shifts_the_face(aligner: FaceAligner, portrait, draw):
    points, angle = shifted_errors(aligner, portrait, np.random.default_rng(draw))
    assert points < SHIFTED
    assert angle < SHIFTED_DEGREES


@pytest.mark.parametrize("draw", DRAWS)
def test_resized_photo_resizes_the_face(aligner: FaceAligner, portrait, draw):
    points, angle = resized_errors(aligner, portrait, np.random.default_rng(draw))
    assert points < RESIZED
    assert angle < RESIZED_DEGREES


@pytest.mark.parametrize("draw", DRAWS)
def test_flipped_photo_flips_the_face(aligner: FaceAligner, portrait, draw):
    points, angle = flipped_errors(aligner, portrait, np.random.default_rng(draw))
    assert points < FLIPPED
    assert angle < FLIPPED_DEGREES


@pytest.mark.parametrize("draw", range(50))
def test_landmarks_survive_the_way_into_the_crop_and_back(draw):
    generator = np.random.default_rng(draw)
    low, size = generator.uniform(-500, 3000, 2), generator.uniform(4, 2000, 2)
    box = BoundingBox(*low, *(low + size))
    matrix = crop_matrix(
        box, crop_scale=1.35, size=160, clockwise_degrees=generator.uniform(-180, 180)
    )
    points = generator.uniform(low - 1, low + size, (68, 2)).astype(np.float32)
    back = crop_to_image(image_to_crop(points, matrix, 160), matrix, 160)
    np.testing.assert_allclose(
        back, points, rtol=0, atol=1e-6 * np.abs(points).max() + 1e-6 * size.max()
    )


def pasted_errors(aligner, portrait, generator) -> tuple[float, int]:
    """Return the mean change under a crop that was pasted back, and the largest one elsewhere."""
    image, box = portrait
    face = predict(aligner, image, jittered(box, generator))
    moved = face.landmarks + generator.normal(0, 0.03 * box.width, (len(face.landmarks), 2))
    face = replace(face, landmarks=moved.astype(np.float32))
    template = ("arcface", "ffhq")[generator.integers(2)]
    side = int(generator.uniform(1.5, 4) * box.width * (1 if template == "arcface" else 2))
    warped = warp_face(image, face, template, side, color="rgb")
    change = np.abs(warped.paste_back(image).astype(int) - image)
    inside = cv2.warpAffine(
        np.full((side, side), 255, np.uint8), warped.matrix, image.shape[1::-1],
        flags=cv2.WARP_INVERSE_MAP,
    )  # fmt: skip
    return float(change[inside > 0].mean()), int(change[inside == 0].max(initial=0))


@pytest.mark.parametrize("draw", DRAWS)
def test_pasting_an_unchanged_crop_back_restores_the_photo(aligner: FaceAligner, portrait, draw):
    under, elsewhere = pasted_errors(aligner, portrait, np.random.default_rng(draw))
    assert under < PASTED_LEVELS
    assert elsewhere == 0
