from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from lab.detection.backgrounds import Backgrounds
from lab.detection.covers import cover_face, erase_face
from lab.detection.degrading import degrade_picture, relight_picture
from tests.framed_photos import framed_photo

BOX = np.array([60, 60, 140, 140], np.float32)


@pytest.mark.parametrize("seed", range(14))
def test_covers_change_a_part_of_the_face(seed):
    generator = np.random.default_rng(seed)
    picture = np.full((200, 200, 3), 90, np.uint8)
    picture[60:140, 60:140] = generator.integers(100, 200, (80, 80, 3))
    before = picture.copy()
    cover_face(picture, BOX, float(generator.uniform(-180, 180)), generator)
    changed = (picture != before).any(axis=2)
    assert changed.any()
    assert changed[60:140, 60:140].mean() < 0.85


def test_covers_turn_with_the_head():
    """The lower half of a face that lies on its side is at its left."""
    means = []
    for seed in range(60):
        picture = np.full((200, 200, 3), 200, np.uint8)
        cover_face(picture, BOX, 90.0, np.random.default_rng(seed))
        changed = (picture != 200).any(axis=2)[60:140, 60:140]
        means.append((changed[:, :40].mean(), changed[:, 40:].mean()))
    left, right = np.mean(means, axis=0)
    assert left > 1.2 * right


@pytest.mark.parametrize("seed", range(6))
def test_nothing_of_an_erased_face_stays_in_place(seed):
    generator = np.random.default_rng(seed)
    picture = generator.integers(0, 256, (200, 200, 3), np.uint8)
    before = picture.copy()
    erase_face(picture, BOX, generator)
    assert (picture != before).any(axis=2)[60:140, 60:140].mean() > 0.9
    assert (picture[:50] == before[:50]).all()


def test_backgrounds_show_no_face():
    """The face is white, the rest black: no part that was cut out is bright."""
    photo = framed_photo((400, 400), [(150, 150, 249, 249)])
    backgrounds = Backgrounds([photo], [], count=12, generator=np.random.default_rng(0))
    assert 1 <= len(backgrounds.parts) <= 12
    assert max(int(part.max()) for part in backgrounds.parts) == 0


@pytest.mark.parametrize("seed", range(10))
def test_backgrounds_have_the_size_asked_for(seed):
    backgrounds = Backgrounds(
        [framed_photo((300, 300), [])], [], count=1, generator=np.random.default_rng(0)
    )
    picture = backgrounds.draw((70, 40), np.random.default_rng(seed))
    assert picture.shape == (40, 70, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("seed", range(20))
def test_light_and_quality_keep_size_and_type(seed):
    generator = np.random.default_rng(seed)
    picture = generator.integers(0, 256, (64, 64, 3), np.uint8)
    changed = degrade_picture(relight_picture(picture, generator), generator, most_blur=4.0)
    assert changed.shape == picture.shape
    assert changed.dtype == np.uint8
