"""Threads, processes, pickling, closing: one aligner in a service."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from asmnet_sdk import FaceAligner, ModelError
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.runtime import session
from tests.conftest import EXAMPLES
from tests.dot_model import picture_with_dots
from tests.example_boxes import ASTRONAUT_BOX

PHOTO = EXAMPLES / "astronaut.jpg"


def boxes_around(count: int) -> list[tuple[float, ...]]:
    shifts = np.random.default_rng(0).uniform(-5, 5, size=(count, 4))
    return [tuple(row) for row in np.array(ASTRONAUT_BOX) + shifts]


def test_eight_threads_give_what_one_gives_to_the_bit(aligner: FaceAligner):
    image = load_image(PHOTO)

    def predict(box):
        return aligner.predict(image, box, color="rgb")[0].landmarks

    boxes = boxes_around(64)
    serial = [predict(box) for box in boxes]
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(predict, boxes))
    for alone, together in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(alone, together)


def test_async_predictions_agree(aligner: FaceAligner):
    async def predict_all():
        return await asyncio.gather(*(aligner.predict_async(PHOTO, b) for b in boxes_around(6)))

    for faces, box in zip(asyncio.run(predict_all()), boxes_around(6), strict=True):
        np.testing.assert_array_equal(faces[0].landmarks, aligner.predict(PHOTO, box)[0].landmarks)


def test_pickled_aligner_is_rebuilt(dot_model):
    aligner = FaceAligner(dot_model, device="cpu", threads=1)
    restored = pickle.loads(pickle.dumps(aligner))
    assert restored.model == aligner.model
    assert restored.layout is IBUG_68
    crop = np.full((64, 64, 3), 90, np.uint8)
    np.testing.assert_array_equal(
        restored.predict_crop(crop).landmarks, aligner.predict_crop(crop).landmarks
    )


def test_faces_survive_pickle_and_deepcopy(aligner: FaceAligner):
    [face] = aligner.predict(PHOTO, ASTRONAUT_BOX)
    for twin in (pickle.loads(pickle.dumps(face)), copy.deepcopy(face)):
        assert twin.to_dict() == face.to_dict()
        assert twin.layout is IBUG_68
        with pytest.raises(ValueError, match="read-only"):
            twin.landmarks[0] = 0


def predict_here(aligner: FaceAligner) -> np.ndarray:
    return aligner.predict(PHOTO, ASTRONAUT_BOX)[0].landmarks


def test_spawned_process_takes_a_pickled_aligner(aligner: FaceAligner):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        landmarks = pool.apply(predict_here, (aligner,))
    np.testing.assert_array_equal(landmarks, predict_here(aligner))


@pytest.mark.parametrize(
    "use",
    [
        lambda aligner, crop: aligner.predict_crop(crop),
        lambda aligner, crop: aligner.predict(crop),
        lambda aligner, crop: aligner.predict(crop, []),
        lambda aligner, crop: aligner.detect(crop),
        lambda aligner, crop: aligner.cut(crop, [(10, 10, 50, 50)]),
        lambda aligner, crop: aligner.align([]),
    ],
    ids=["predict_crop", "predict", "predict without faces", "detect", "cut", "align"],
)
def test_closed_aligner_refuses(dot_model, use):
    crop = picture_with_dots((64, 64), (20, 20), (40, 20), (30, 45))
    with FaceAligner(dot_model) as aligner:
        aligner.predict_crop(crop)
    for closed in (aligner, pickle.loads(pickle.dumps(aligner))):
        with pytest.raises(ModelError, match="was closed"):
            use(closed, crop)


def test_threads_that_come_first_load_each_model_once(dot_model, monkeypatch):
    """A batch needs a session of one thread, a photo without boxes the detector."""
    aligner = FaceAligner(dot_model, device="cpu", threads=2)
    loaded = []
    read_model_file = session.read_model_file

    def read_slowly(path):
        loaded.append(path.name)
        time.sleep(0.05)
        return read_model_file(path)

    monkeypatch.setattr(session, "read_model_file", read_slowly)
    photo = np.zeros((64, 64, 3), np.uint8)
    with ThreadPoolExecutor(8) as pool:
        batches = [pool.submit(aligner.predict, photo, [(9, 9, 50, 50)] * 2) for _ in range(4)]
        photos = [pool.submit(aligner.detect, photo) for _ in range(4)]
    assert [future.exception() for future in batches + photos] == [None] * 8
    assert sorted(loaded) == ["asmnet-detector.onnx", "dots.onnx"]


def opencv_threads_here(_: FaceAligner) -> int:
    return cv2.getNumThreads()


def test_spawned_process_keeps_the_aligners_threads(dot_model):
    aligner = FaceAligner(dot_model, device="cpu", threads=1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(opencv_threads_here, (aligner,)) == 1
