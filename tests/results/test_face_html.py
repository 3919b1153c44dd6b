from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from asmnet_sdk import BoundingBox, Face, HeadPose
from asmnet_sdk.layouts import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_drawing_has_a_dot_a_point_within_its_frame(layout):
    points = np.random.default_rng(0).uniform(-500, 900, (layout.point_count, 2))
    visible = np.linspace(0, 1, layout.point_count)
    face = Face(
        landmarks=points,
        head_pose=HeadPose(1, -2, 3.26),
        box=BoundingBox(1, 2, 31, 42),
        layout=layout,
        landmark_visible=visible,
        track_id=4,
    )
    tree = ElementTree.fromstring(face._repr_html_())
    dots = list(tree.iter("circle"))
    assert len(dots) == layout.point_count
    positions = np.array([[float(dot.get("cx")), float(dot.get("cy"))] for dot in dots])
    assert positions.min() >= 9.9
    assert positions.max() <= 170.1
    assert [dot.get("fill") == "none" for dot in dots] == (visible < 0.5).tolist()
    figures = {row[0].text: row[1].text for row in tree.iter("tr")}
    assert figures["box"] == "30 x 40 px at (1, 2)"
    assert figures["head pose"] == "yaw +1.0°, pitch -2.0°, roll +3.3°"
    assert figures["track"] == "4"
    assert ("eyes open" in figures) == (layout.name != "FIVE_POINT")


def test_points_that_are_not_finite_are_still_shown():
    face = Face(
        landmarks=np.full((68, 2), np.nan), head_pose=HeadPose(0, 0, 0), box=BoundingBox(0, 0, 1, 1)
    )
    assert "nan" not in face._repr_html_().split("<table>")[0]
