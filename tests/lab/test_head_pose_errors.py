"""Tests of the table of head pose errors by yaw."""

from __future__ import annotations

import numpy as np
import pytest

from lab.head_pose_errors import errors_by_yaw, pose_table


def test_errors_are_told_apart_by_the_true_yaw():
    truth = np.array([[3.0, 0, 0], [-50, 0, 0], [59, 0, 0], [90, 0, 0]])
    found = truth + np.array([[1, 0, 0], [-2, 0, 0], [4, 0, 0], [-8, 0, 0]])
    rows = {(row.low, row.high): row for row in errors_by_yaw(found, truth)}
    assert list(rows) == [(0, 15), (45, 60), (75, 90), (0, 90)]
    assert rows[0, 15].yaw == pytest.approx(1)
    assert (rows[45, 60].faces, rows[45, 60].yaw) == (2, pytest.approx(3))
    assert rows[45, 60].rotation == pytest.approx(3)
    assert rows[0, 90].yaw == pytest.approx(15 / 4)


def test_roll_errors_go_the_short_way_round():
    [row, _] = errors_by_yaw([[0.0, 0, 179]], [[0.0, 0, -179]])
    assert row.roll == pytest.approx(2)
    assert row.rotation == pytest.approx(2)


def test_table_has_a_line_for_each_bin():
    table = pose_table(errors_by_yaw([[10.0, 1, 2]], [[12.0, 0, 0]]))
    assert table.splitlines()[2:] == [
        "| 0 to 15 | 1 | 2.0 | 1.0 | 2.0 | 2.9 |",
        "| 0 to 90 | 1 | 2.0 | 1.0 | 2.0 | 2.9 |",
    ]
