from __future__ import annotations

import io
import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import (
    FaceAligner,
    InvalidBoundingBoxError,
    InvalidImageError,
    InvalidInputError,
    batches,
)
from asmnet_sdk.pipeline import Pipeline
from tests.dot_model import BOX, DOTS, expect_dots, picture_with_dots


def test_predict_batch_equals_single_predictions(dot_aligner, picture):
    other = picture_with_dots((200, 150), (90, 60), (110, 66), (100, 90))
    boxes = [[BOX, (28, 23, 72, 67)], [(80, 50, 120, 100)]]
    batch = dot_aligner.predict_batch([picture, other], boxes, color="rgb")
    assert [len(faces) for faces in batch] == [2, 1]
    single = [
        dot_aligner.predict(i, b, color="rgb") for i, b in zip((picture, other), boxes, strict=True)
    ]
    for faces, alone in zip(batch, single, strict=True):
        for face, other_face in zip(faces, alone, strict=True):
            np.testing.assert_allclose(face.landmarks, other_face.landmarks, atol=1e-3)


def test_predict_batch_handles_more_faces_than_one_run(dot_aligner, picture):
    faces = dot_aligner.predict_batch([picture], [[BOX] * 150], color="rgb")[0]
    assert len(faces) == 150
    expect_dots(faces[-1])


def test_predict_batch_refuses_a_wrong_number_of_box_lists(dot_aligner, picture):
    with pytest.raises(InvalidInputError, match="2 images came with 1 lists of boxes"):
        dot_aligner.predict_batch([picture, picture], [[BOX]])


@pytest.mark.parametrize(
    "images",
    [
        "photo.jpg",
        Path("photo.jpg"),
        b"bytes",
        io.BytesIO(b"bytes"),
        np.zeros((9, 9, 3), np.uint8),
        np.zeros((9, 9), np.uint8),
        5,
    ],
)
def test_batch_and_stream_refuse_what_are_not_several_images(dot_aligner, images):
    with pytest.raises(InvalidInputError, match=r"images is one .*; needed: several images"):
        dot_aligner.predict_batch(images)
    with pytest.raises(InvalidInputError, match=r"images is one .*; needed: several images"):
        list(dot_aligner.predict_stream(images))


def test_predict_batch_takes_one_array_of_several_images(dot_aligner, picture):
    batch = dot_aligner.predict_batch(np.stack([picture] * 2), [BOX] * 2, color="rgb")
    expect_dots(batch[1][0])


def test_predict_batch_refuses_boxes_that_are_one_number(dot_aligner, picture):
    with pytest.raises(InvalidInputError, match="boxes is one int; needed: one list for each"):
        dot_aligner.predict_batch([picture], 5)


def test_predict_batch_takes_generators(dot_aligner, picture):
    images, boxes = (picture for _ in range(20)), ([BOX] * (n % 3) for n in range(20))
    batch = dot_aligner.predict_batch(images, boxes, color="rgb")
    assert [len(faces) for faces in batch] == [n % 3 for n in range(20)]


@pytest.mark.parametrize(
    ("image", "box", "error"),
    [("none.jpg", BOX, InvalidImageError), (None, (5, 5, 1, 1), InvalidBoundingBoxError)],
)
def test_predict_batch_says_which_image_cannot_be_used(dot_aligner, picture, image, box, error):
    images = [picture] * 20
    images[17] = picture if image is None else image
    boxes = [BOX] * 17 + [box] + [BOX] * 2
    with pytest.raises(error, match=r"^image 17: "):
        dot_aligner.predict_batch(images, boxes)


def test_predict_batch_goes_on_past_broken_images(dot_aligner, picture):
    images = [picture, "none.jpg", picture, picture]
    boxes = [BOX, BOX, (5, 5, 1, 1), [BOX, BOX]]
    found = dot_aligner.predict_batch(images, boxes, color="rgb", return_errors=True)
    expect_dots(found[0][0])
    assert isinstance(found[1], InvalidImageError)
    assert "none.jpg" in str(found[1])
    assert isinstance(found[2], InvalidBoundingBoxError)
    assert len(found[3]) == 2


def test_returned_errors_keep_no_image_in_memory(dot_aligner, picture):
    image = picture.copy()
    is_alive = weakref.ref(image)
    [error] = dot_aligner.predict_batch([image], [(5, 5, 1, 1)], return_errors=True)
    del image
    assert isinstance(error, InvalidBoundingBoxError)
    assert is_alive() is None


def test_stream_goes_on_after_a_broken_image(dot_model, picture):
    aligner = FaceAligner(dot_model, detector=lambda image: [BOX], device="cpu")
    taken = []

    def images():
        for image in (picture, b"no picture", picture):
            taken.append(image)
            yield image

    stream = aligner.predict_stream(images(), color="rgb")
    assert taken == []
    (first, faces), (second, error), (_, again) = stream
    assert first is picture
    expect_dots(faces[0], DOTS)
    assert second == b"no picture"
    assert isinstance(error, InvalidImageError)
    np.testing.assert_array_equal(faces[0].landmarks, again[0].landmarks)


def test_few_large_images_are_held_at_a_time(dot_aligner, monkeypatch):
    """Two of these make a group; the group before is gone when the next one is decoded."""
    monkeypatch.setattr(batches, "_PIXELS_AT_ONCE", 2 * 300 * 200)
    decoded, most = [], []
    cut = Pipeline.cut

    def counted(*words):
        found = cut(*words)
        decoded.append(weakref.ref(found.pixels))
        most.append(sum(pixels() is not None for pixels in decoded))
        return found

    monkeypatch.setattr(Pipeline, "cut", counted)
    data = cv2.imencode(".png", np.zeros((300, 200, 3), np.uint8))[1].tobytes()
    faces = dot_aligner.predict_batch([data] * 7, [[BOX]] * 7)
    assert [len(some) for some in faces] == [1] * 7
    assert max(most) == 2


def test_wrong_colour_is_an_error_of_the_call(dot_aligner, picture):
    with pytest.raises(InvalidInputError, match="color is 'RGB'"):
        dot_aligner.predict_batch([picture], [[BOX]], color="RGB", return_errors=True)
    with pytest.raises(InvalidInputError, match="color is 'RGB'"):
        next(dot_aligner.predict_stream([picture], color="RGB"))
