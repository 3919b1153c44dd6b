from __future__ import annotations

import numpy as np
import pytest

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import (
    FIVE_POINT,
    IBUG_68,
    LAYOUTS,
    WFLW_98,
    convert_landmarks,
    is_convertible,
    layout_from_table,
    layout_to_table,
    shared_points,
)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_mirror_is_its_own_inverse_and_keeps_every_point(layout):
    order = np.array(layout.mirror)
    assert sorted(order) == list(range(layout.point_count))
    np.testing.assert_array_equal(order[order], np.arange(layout.point_count))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_contours_cover_every_point_once(layout):
    indices = [i for contour in layout.contours.values() for i in contour.indices]
    assert sorted(indices) == list(range(layout.point_count))


def test_mirror_of_ibug_swaps_eyes_and_mouth_corners():
    assert [IBUG_68.mirror[i] for i in (36, 39, 40, 48, 31, 17, 0, 8, 60)] == [
        45, 42, 47, 54, 35, 26, 16, 8, 64,
    ]  # fmt: skip


def test_mirror_swaps_left_and_right_contours():
    for layout in (IBUG_68, WFLW_98):
        for region in ("eye", "eyebrow"):
            mirrored = {layout.mirror[i] for i in layout.contours[f"right_{region}"].indices}
            assert mirrored == set(layout.contours[f"left_{region}"].indices)


def test_five_points_of_ibug_are_eye_means_nose_tip_and_mouth_corners():
    values = np.arange(68, dtype=np.float32)
    five = convert_landmarks(values, IBUG_68, FIVE_POINT)
    np.testing.assert_allclose(five, [38.5, 44.5, 30, 48, 54])


def test_wflw_to_ibug_keeps_named_points():
    values = np.arange(98, dtype=np.float32)
    points = convert_landmarks(values, WFLW_98, IBUG_68)
    assert points.shape == (68,)
    assert points[[0, 8, 16, 30, 36, 45, 48, 54, 60, 64]].tolist() == [
        0, 16, 32, 54, 60, 72, 76, 82, 88, 92,
    ]  # fmt: skip


def test_conversion_and_mirror_commute():
    """Mirroring first or converting first gives the same points: no left/right mix-up."""
    values = np.random.default_rng(0).normal(size=(98,)).astype(np.float32)
    first = convert_landmarks(values[list(WFLW_98.mirror)], WFLW_98, IBUG_68)
    second = convert_landmarks(values, WFLW_98, IBUG_68)[list(IBUG_68.mirror)]
    np.testing.assert_array_equal(first, second)


def test_impossible_conversion_names_what_is_possible():
    with pytest.raises(InvalidInputError, match=r"FIVE_POINT landmarks cannot.*possible: none"):
        convert_landmarks(np.zeros((5, 2), np.float32), FIVE_POINT, IBUG_68)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_parts_cover_all_points(layout):
    assert {i for part in layout.indices.values() for i in part} == set(range(layout.point_count))
    assert layout.indices.keys() >= layout.contours.keys()


def test_layouts_that_share_points_convert_by_their_names():
    """Also by way of the shared layout: WFLW has all points of iBUG, under other names."""
    lips = layout_from_table(
        {
            "name": "LIPS",
            "points": ["outer_lip_6", "outer_lip_0"],
            "normalise_by": ["outer_lip_0", "outer_lip_6"],
            "shares_points_of": "IBUG_68",
        }
    )
    assert convert_landmarks(np.arange(68, dtype=np.float32), IBUG_68, lips).tolist() == [54, 48]
    assert convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, lips).tolist() == [82, 76]
    assert not is_convertible(lips, IBUG_68)
    table = layout_to_table(IBUG_68) | {"name": "MINE", "shares_points_of": "IBUG_68"}
    mine = layout_from_table(table)
    values = np.arange(68, dtype=np.float32)
    np.testing.assert_array_equal(convert_landmarks(values, mine, IBUG_68), values)
    five = convert_landmarks(values, mine, FIVE_POINT)
    np.testing.assert_allclose(five, [38.5, 44.5, 30, 48, 54])
    assert layout_from_table(layout_to_table(mine)) == mine


def test_equal_names_mean_nothing_where_no_layout_is_shared():
    mine = layout_from_table(layout_to_table(IBUG_68) | {"name": "MINE"})
    assert not is_convertible(mine, IBUG_68)
    assert not is_convertible(IBUG_68, mine)


def test_shared_points_are_those_of_the_conversion_either_way():
    there = shared_points(IBUG_68, WFLW_98)
    assert len(there) == 68
    assert (there[0], there[2], there[60], there[95]) == (0, 1, 36, 67)
    assert shared_points(WFLW_98, IBUG_68) == {old: new for new, old in there.items()}
    assert shared_points(IBUG_68, FIVE_POINT) == {2: 30, 3: 48, 4: 54}
    lips = layout_from_table(
        {
            "name": "LIPS",
            "points": ["outer_lip_6", "mole", "outer_lip_0"],
            "normalise_by": ["outer_lip_0", "outer_lip_6"],
            "shares_points_of": "IBUG_68",
        }
    )
    assert shared_points(IBUG_68, lips) == {0: 54, 2: 48}
    assert shared_points(WFLW_98, lips) == {0: 82, 2: 76}
    stranger = layout_from_table(layout_to_table(IBUG_68) | {"name": "MINE"})
    assert shared_points(IBUG_68, stranger) == {}
