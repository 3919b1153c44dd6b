from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import transform_points
from lab.conventions import nme_beyond_offsets
from tests.training.test_covers import face_shape

OFFSET = np.array([0.03, -0.04])  # of the eye distance: 5 %


def turned(points, degrees, scale):
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return transform_points([[c, -s, 20], [s, c, 10]], points)


def faces(count=20):
    """Return found and true points: all of them shifted alike in the frame of the face."""
    truth = face_shape()
    (x, y) = truth[45] - truth[36]
    shift = np.array([[x, -y], [y, x]]) @ OFFSET
    views = [(9.0 * k, 1 + k / 10) for k in range(count)]
    found = [turned(truth + shift, *view) for view in views]
    return np.array(found), np.array([turned(truth, *view) for view in views])


def test_a_shift_that_all_faces_share_is_no_error():
    found, truth = faces()
    np.testing.assert_allclose(inter_ocular_nme(found, truth), 5.0, atol=1e-3)
    np.testing.assert_allclose(nme_beyond_offsets(found, truth), 0.0, atol=1e-3)


def test_a_face_does_not_explain_its_own_error():
    found, truth = faces()
    found[7] += 0.1 * np.linalg.norm(truth[7, 45] - truth[7, 36])
    errors = nme_beyond_offsets(found, truth)
    assert errors[7] == pytest.approx(10 * np.sqrt(2), rel=1e-3)
    assert errors[12] == pytest.approx(0, abs=1e-3)  # of the same fifth


def test_points_and_faces_without_an_answer_are_left_out():
    found, truth = faces()
    found[:, 3] = np.nan
    found[4] = np.nan
    errors = nme_beyond_offsets(found, truth)
    assert np.flatnonzero(np.isnan(errors)).tolist() == [4]
    np.testing.assert_allclose(np.delete(errors, 4), 0.0, atol=1e-3)
