from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox, HeadPose
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation.accuracy import evaluate
from lab.robustness import area_under_roc, measure_robustness, shaken_box
from tests.dot_model import picture_with_dots

DOTS = np.array([(240, 230), (260, 234), (252, 260)], np.float32)
TRUTH = DOTS[np.arange(68) % 3]
TRUTH[45] = (260, 230)


def annotated(folder: Path, yaw: float) -> AnnotatedFace:
    path = folder / f"dots{yaw}.png"
    cv2.imwrite(str(path), picture_with_dots((500, 490), *DOTS.astype(int).tolist())[:, :, ::-1])
    pose = HeadPose(yaw, 0, 0)
    return AnnotatedFace(photo=path, subset="a", landmarks=TRUTH, head_pose=pose)


def test_area_under_roc_of_known_scores():
    assert area_under_roc([0.9, 0.8], [0.1, 0.2, 0.85]) == pytest.approx(5 / 6)
    assert area_under_roc([0.5], [0.5]) == 0.5


def test_shaken_boxes_stay_within_their_limits(tmp_path):
    face = annotated(tmp_path, 0)
    box = BoundingBox.around(TRUTH)
    side = max(box.width, box.height)
    generator = np.random.default_rng(0)
    shaken = [shaken_box(face, generator) for _ in range(300)]
    scales = [b.width / box.width for b in shaken]
    shifts = np.abs([np.subtract(b.center, box.center) for b in shaken]) / side
    assert 0.9 <= min(scales) < 0.92
    assert 1.08 < max(scales) <= 1.1
    assert 0.075 < shifts.max() <= 0.08


def test_faces_are_grouped_by_the_size_of_their_yaw(dot_aligner, tmp_path):
    faces = [annotated(tmp_path, yaw) for yaw in (-10, 20, -25, 40)]
    figures = measure_robustness(dot_aligner, faces, evaluate(dot_aligner, faces))
    groups = {row.group: row.faces for row in figures.groups}
    assert list(groups.values())[:3] == [1, 2, 1]
    assert figures.shaken_nme_percent == pytest.approx(100 / 68, abs=0.6)


def test_score_that_is_always_the_same_tells_nothing(dot_aligner, tmp_path):
    faces = [annotated(tmp_path, 0)]
    figures = measure_robustness(dot_aligner, faces, evaluate(dot_aligner, faces))
    assert figures.face_score_auc == pytest.approx(0.5, abs=0.5)
