from __future__ import annotations

import pytest

from asmnet_sdk.landmarks.scoring import face_score


@pytest.mark.parametrize("score", [0.0, 0.3, 0.99])
def test_the_networks_score_counts_where_landmarks_are_known(score):
    assert face_score(score, None) == score
    assert face_score(score, 0.02) == pytest.approx(score, abs=0.001)


def test_what_has_no_landmarks_is_no_face():
    assert face_score(1.0, 0.07) == pytest.approx(0.5)
    assert face_score(1.0, 0.09) < 0.05
    assert face_score(1.0, 1e6) == pytest.approx(0.0)


def test_sure_landmarks_do_not_make_a_face():
    assert face_score(0.1, 0.01) == pytest.approx(0.1)
