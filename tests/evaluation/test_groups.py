from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.evaluation import FaceResult, mean_interval, summarise
from asmnet_sdk.evaluation.groups import groups_by, subsets_and_attributes

POINTS = np.random.default_rng(0).uniform(0, 1, (68, 2)).astype(np.float32)
POINTS[:2] = (0, 0), (1, 1)


def result(
    *,
    pose: HeadPose | None = None,
    found: HeadPose | None = None,
    side: float = 100,
    nme: float = 2,
    **fields: object,
) -> FaceResult:
    annotated = AnnotatedFace(
        photo=Path("a.jpg"), subset="s", landmarks=POINTS * side, head_pose=pose, **fields
    )
    face = found and Face(
        landmarks=annotated.landmarks, head_pose=found, box=BoundingBox.around(annotated.landmarks)
    )
    return FaceResult(annotated=annotated, face=face, nme_percent=nme)


def names(grouping: str, results: list[FaceResult]) -> dict[str, int]:
    return {name: len(group) for name, group in groups_by(grouping, results)}


def test_angles_are_those_annotated():
    angles = [(-50, -40, 10), (10, 0, -20), (14.9, 29, 170)]
    results = [result(pose=HeadPose(*pose), found=HeadPose(0, 0, 0)) for pose in angles]
    assert names("yaw", results) == {"yaw 0 to 15°": 2, "yaw 45 to 60°": 1}
    assert names("pitch", results) == {
        "pitch below -30°": 1, "pitch -15 to 15°": 1, "pitch 15 to 30°": 1,
    }  # fmt: skip
    assert names("roll", results) == {
        "roll 0 to 15°": 1, "roll 15 to 30°": 1, "roll from 120°": 1,
    }  # fmt: skip


def test_without_annotated_angles_the_predicted_ones_say_so():
    results = [result(found=HeadPose(-70, 0, 0)), result(found=None)]
    assert names("yaw", results) == {"predicted yaw from 60°": 1}


def test_visibility_and_size_are_ranges_too():
    half = np.repeat(np.float32([1, 0]), 34)
    results = [
        result(landmark_visible=half, side=20),
        result(landmark_visible=np.ones(68)),
        result(),
    ]
    assert names("visibility", results) == {
        "seen 50 to 75 %": 1, "seen 100 %": 1,
    }  # fmt: skip
    assert names("size", results) == {"size 0 to 32 px": 1, "size 64 to 128 px": 2}


def test_attributes_of_any_name_are_groups_those_of_wflw_first():
    results = [result(attributes=frozenset({"blur", "beard"})), result(attributes={"blur"})]
    groups = [(name, len(group)) for name, group in subsets_and_attributes(results)]
    assert groups == [("s", 2), ("blur", 2), ("beard", 1)]


def test_summary_has_a_row_a_range_and_an_interval():
    results = [result(found=HeadPose(0, 0, 0), nme=nme) for nme in (1, 2, 3, 4)]
    rows = {row.subset: row for row in summarise(results, by=["yaw", "size"])}
    assert list(rows) == ["s", "predicted yaw 0 to 15°", "size 64 to 128 px", "all"]
    low, high = rows["all"].nme_interval_percent
    assert 1.25 <= low < 2
    assert 3 < high <= 3.75


def test_interval_holds_the_mean_as_often_as_it_says():
    """Of 200 samples of 40 numbers, about 95 % of the intervals hold the true mean of 0."""
    generator = np.random.default_rng(3)
    samples = generator.normal(0, 1, (200, 40))
    held = [low <= 0 <= high for low, high in map(mean_interval, samples)]
    assert 0.88 <= np.mean(held) <= 0.99
    assert mean_interval([1.0]) is None
    assert mean_interval([2.0, 2.0]) == pytest.approx((2, 2))
