from __future__ import annotations

import cv2
import numpy as np
import pytest

from asmnet_sdk import IBUG_68, FaceAligner
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.labelling import write_labels
from lab.conventions import main, nme_beyond_offsets, shift_of
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX
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


def test_shift_of_labels_is_in_percent_of_the_face():
    _, truth = faces()
    sizes = (truth.max(axis=1) - truth.min(axis=1)).max(axis=1)[:, None, None]
    found = truth - sizes * [0.02, -0.01]
    found[3] += 90  # one face that is off
    np.testing.assert_allclose(shift_of(found, truth), [2, -1], atol=1e-6)


def test_command_prints_how_far_labels_lie_beside_what_is_seen(tmp_path, monkeypatch, capsys):
    """A network that is not led astray by sides sees the same points in the mirror image."""
    found = FaceAligner().predict(EXAMPLES / "astronaut.jpg", ASTRONAUT_BOX)[0].landmarks
    side = np.ptp(found, axis=0).max()
    photo = tmp_path / "astronaut.png"
    cv2.imwrite(str(photo), cv2.imread(str(EXAMPLES / "astronaut.jpg")))
    points = found + np.float32([0.05 * side, 0])
    write_labels(
        [AnnotatedFace(photo=photo, subset="", landmarks=points)], "pts", tmp_path, IBUG_68
    )
    monkeypatch.setattr("sys.argv", ["conventions", "asmnet-68", str(tmp_path)])
    main()
    _, count, nme, _, *shifts = capsys.readouterr().out.splitlines()[-1].split()
    assert count == "1"
    assert float(nme) > 5
    np.testing.assert_allclose([float(shift) for shift in shifts], [5, 0, 5, 0], atol=0.6)
