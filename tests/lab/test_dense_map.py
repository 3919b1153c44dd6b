from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.layouts import IBUG_68, WFLW_98, convert_landmarks
from lab.dense_map import DenseMap

GENERATOR = np.random.default_rng(0)
MEAN = GENERATOR.uniform(0, 100, (98, 2))
FACES = MEAN + GENERATOR.normal(0, 4, (400, 98, 2))
SHARED = convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, IBUG_68).astype(int)


def annotated(faces):
    """Annotators put every point a little lower, the chin on the middle of its neighbours."""
    labels = faces[:, SHARED] + (0, 2)
    labels[:, 8] = faces[:, [14, 18]].mean(axis=1)
    return labels


@pytest.fixture(scope="module")
def dense_map():
    return DenseMap.fit(FACES, annotated(FACES), ridge=1e-3)


def test_what_the_annotators_mean_is_learned(dense_map):
    faces = MEAN + GENERATOR.normal(0, 4, (20, 98, 2))
    for face, labels in zip(faces, annotated(faces), strict=True):
        np.testing.assert_allclose(dense_map.apply(face), labels, atol=0.4)


def test_place_and_size_of_the_face_do_not_matter(dense_map):
    expected = dense_map.apply(FACES[0]) * 3 + (7, -20)
    np.testing.assert_allclose(dense_map.apply(FACES[0] * 3 + (7, -20)), expected, atol=1e-3)


def test_a_stiff_map_knows_the_mean_shift_only():
    stiff = DenseMap.fit(FACES, FACES[:, SHARED] + (0, 2), ridge=1e9)
    np.testing.assert_allclose(stiff.apply(FACES[1]), FACES[1][SHARED] + (0, 2), atol=0.3)
