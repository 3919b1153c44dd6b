from __future__ import annotations

import numpy as np
import pytest

from lab.skin_tones import divide, ratio_interval, typology_angle
from tests.training.test_covers import face_shape


@pytest.mark.parametrize(
    ("rgb", "expected"),
    # L* and b* of these sRGB colours: 80.65 and 18.58, 35.82 and 16.86.
    [((228, 194, 166), 58.8), ((114, 75, 58), -40.1)],
)
def test_angle_is_that_of_the_cheeks_alone(rgb, expected):
    points = face_shape() + 40
    picture = np.full((256, 256, 3), 255, np.uint8)
    inside = np.s_[int(points[:, 1].min()) : int(points[:, 1].max()), :]
    picture[inside] = rgb
    assert typology_angle(picture, points) == pytest.approx(expected, abs=0.6)


def test_thirds_go_from_dark_to_light():
    angles = np.array([50.0, -20.0, 10.0, 60.0, 0.0, 30.0])
    parts = divide(angles, angles / 10)
    assert list(parts) == ["dark", "middle", "light"]
    assert parts["dark"].angles == (-20, 0)
    assert sorted(parts["light"].errors) == [5, 6]


def test_interval_holds_the_ratio_and_narrows_with_more_faces():
    generator = np.random.default_rng(1)
    few, many = (generator.uniform(2, 4, n) for n in (20, 2000))
    low, high = ratio_interval(1.5 * few, few)
    assert low < 1.5 < high
    closer = ratio_interval(1.5 * many, many)
    assert closer[1] - closer[0] < (high - low) / 4
