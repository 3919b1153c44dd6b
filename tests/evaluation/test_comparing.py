from __future__ import annotations

from dataclasses import replace

import pytest

from asmnet_sdk import FIVE_POINT, HeadPose, InvalidInputError
from asmnet_sdk.evaluation import compare
from asmnet_sdk.evaluation.comparing import with_most_at_stake
from tests.evaluation.test_groups import result

FRONT = HeadPose(0, 0, 0)
NOT_FOUND = float("inf")


def pair(first: list[float], second: list[float]):
    one = [result(found=FRONT, nme=nme) for nme in first]
    other = [replace(r, nme_percent=nme) for r, nme in zip(one, second, strict=True)]
    return one, other


def test_means_difference_and_who_is_nearer():
    [row] = compare(*pair([2, 4, 3], [1, 5, 1]))
    assert row.nme_percent == (3, pytest.approx(7 / 3))
    assert row.difference_percent == pytest.approx(-2 / 3)
    assert row.nearer == (1, 2)
    low, high = row.difference_interval_percent
    assert -2 <= low < -2 / 3 < high <= 1
    assert (row.subset, row.faces) == ("s", 3)


def test_faces_that_one_missed_do_not_count():
    first, second = pair([2, 4], [1, 5])
    second[1] = replace(second[1], face=None, nme_percent=NOT_FOUND)
    [row] = compare(first, second)
    assert (row.faces, row.nme_percent) == (1, (2, 1))
    with pytest.raises(InvalidInputError, match="no face was found by both"):
        compare(first[1:], second[1:])


def test_results_of_other_faces_or_points_are_refused():
    first, second = pair([2, 4], [1, 5])
    with pytest.raises(InvalidInputError, match="not of the same faces"):
        compare(first, second[::-1])
    second[0] = replace(second[0], face=second[0].face.to_layout(FIVE_POINT))
    with pytest.raises(InvalidInputError, match=r"different points \(FIVE_POINT, IBUG_68\)"):
        compare(first, second)


def test_cases_are_losses_gains_and_what_both_get_wrong():
    first, second = pair([1, 9, 8, 2, 2], [7, 2, 8.5, 2, 2])
    assert with_most_at_stake(first, second, count=3) == [0, 1, 2]
