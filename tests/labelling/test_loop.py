"""The whole loop: labels that a model proposes, put right in a browser, and learned."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox, FaceAligner
from asmnet_sdk.cli import main
from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.images.samples import sample_photo
from asmnet_sdk.labelling import Review, review_server
from tests.browser import Browser
from tests.labelling.test_page import place, until

NOSE_TIP, COUNT = 30, 6
MOVE = (14.0, 0.0)  # in pixels of a photo whose face has 96


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """The portrait, turned and scaled a few times."""
    folder = tmp_path_factory.mktemp("loop") / "photos"
    folder.mkdir()
    portrait, generator = cv2.imread(str(sample_photo("portrait"))), np.random.default_rng(0)
    for index in range(COUNT):
        turn, scale = generator.uniform(-12, 12), generator.uniform(0.95, 1.1)
        matrix = cv2.getRotationMatrix2D((226, 133), turn, scale)
        matrix[:, 2] -= [126, 33]
        cv2.imwrite(str(folder / f"face{index}.png"), cv2.warpAffine(portrait, matrix, (200, 200)))
    return folder


def review_all(labels: Path) -> None:
    """Drag the tip of the nose on every photo, as a person does, and save by going on."""
    with review_server(Review(labels)) as server, Browser() as browser:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        browser.resize(1200, 800)
        browser.open(f"http://127.0.0.1:{server.server_port}/")
        for index in range(COUNT):
            until(browser, f"state.index === {index} && state.picture !== null")
            until(browser, "state.view.scale !== 1")
            scale = browser.evaluate("state.view.scale")
            x, y = place(browser, 0, NOSE_TIP)
            browser.drag((x, y), (x + MOVE[0] * scale, y + MOVE[1] * scale))
            browser.press("s")
            until(browser, "edit().saved && !edit().dirty")
            browser.press("n")
        server.shutdown()


def nose_error(model: str | Path, labels: Path) -> float:
    """Return how far the tip of the nose is from the labels, in pixels."""
    aligner = FaceAligner(model, device="cpu", passes=1)
    faces = read_annotations(labels)
    boxes = [BoundingBox.around(face.landmarks) for face in faces]
    found = [
        aligner.predict(face.photo, box)[0].landmarks[NOSE_TIP]
        for face, box in zip(faces, boxes, strict=True)
    ]
    truth = [face.landmarks[NOSE_TIP] for face in faces]
    return float(np.linalg.norm(np.array(found) - truth, axis=1).mean())


def test_a_model_learns_what_was_put_right(photos):
    labels, run = photos.parent / "labels.json", photos.parent / "run"
    assert main(["label", str(photos), "--format", "coco", "--out", str(labels)]) == 0
    proposed = {f.name: f.landmarks for f in read_annotations(labels)}
    review_all(labels)
    for face in read_annotations(labels):
        moved = np.zeros((68, 2), np.float32)
        moved[NOSE_TIP] = MOVE
        np.testing.assert_allclose(face.landmarks, proposed[face.name] + moved, atol=0.02)
    config = photos.parent / "run.toml"
    config.write_text(
        f"out = {json.dumps(str(run))}\nphotos = {json.dumps([str(labels)])}\n"
        f'validation = {json.dumps([str(labels)])}\nstart_from = "asmnet-68"\nepochs = 20\n'
        "size = 96\nbatch_size = 6\nlearning_rate = 0.003\nnegatives = 0\nfrozen_blocks = 13\n"
        "average_decay = 0.8\nblend = false\n"
    )
    assert main(["train", str(config)]) == 0
    assert main(["export", str(run), str(photos.parent / "mine.onnx"), "--licence", "MIT"]) == 0
    before, after = (nose_error(m, labels) for m in ("asmnet-68", photos.parent / "mine.onnx"))
    assert before == pytest.approx(14, abs=1.5)
    assert after < 0.6 * before
