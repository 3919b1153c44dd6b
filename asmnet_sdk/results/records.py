"""The values of a face as plain Python values, ready for ``json.dumps``, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from asmnet_sdk.arguments import check_choice
from asmnet_sdk.layouts import LAYOUTS, Layout, layout_from_table, layout_to_table
from asmnet_sdk.results.bounding_box import BoundingBox
from asmnet_sdk.results.head_pose import HeadPose

__all__ = ["read_record", "write_record"]


def write_record(
    values: Mapping[str, Any], openness: tuple[tuple[float, float], float] | None
) -> dict[str, Any]:
    """Return the record of a face, as ``Face.to_dict`` describes it.

    Args:
        values: The fields of the face by their names.
        openness: Of both eyes and of the mouth; None for a layout without lids and lips.
    """
    layout, box, track_id = values["layout"], values["box"], values["track_id"]
    yaw, pitch, roll = _rounded(list(values["head_pose"]))
    eyes, mouth = openness or (None, None)
    record = {
        "box": _rounded(list(box)),
        "box_score": _rounded(box.score, 4),
        "box_roll": _rounded(box.roll),
        "layout": layout.name,
        "score": _rounded(values["score"], 4),
        "head_pose": {"yaw": yaw, "pitch": pitch, "roll": roll},
        "eye_openness": _rounded(eyes),
        "mouth_openness": _rounded(mouth),
        "landmarks": _rounded(values["landmarks"]),
        "landmark_sigma": _rounded(values["landmark_sigma"]),
        "landmark_visible": _rounded(values["landmark_visible"]),
        "track_id": None if track_id is None else int(track_id),
    }
    if layout.name not in LAYOUTS:
        record["layout_table"] = layout_to_table(layout)
    return record


def read_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a face by their names, the arrays as the record has them.

    Args:
        record: What ``write_record`` gave, also by way of JSON; other keys are ignored.

    Raises:
        LookupError: A value is missing.
        TypeError, AttributeError, ValueError: A value is not what ``write_record`` writes.
    """
    return {
        "landmarks": record["landmarks"],
        "head_pose": HeadPose(**record["head_pose"]),
        "box": BoundingBox(
            *record["box"], score=record.get("box_score"), roll=record.get("box_roll")
        ),
        "layout": _layout_of(record["layout"], record.get("layout_table")),
        "score": record.get("score"),
        "landmark_sigma": record.get("landmark_sigma"),
        "landmark_visible": record.get("landmark_visible"),
        "track_id": record.get("track_id"),
    }


def _layout_of(name: str, table: Mapping[str, Any] | None) -> Layout:
    if table is not None:
        return layout_from_table(table)
    check_choice("layout", name, tuple(LAYOUTS))
    return LAYOUTS[name]


def _rounded(values: ArrayLike | None, digits: int = 3) -> Any:
    return None if values is None else np.asarray(values, np.float64).round(digits).tolist()
