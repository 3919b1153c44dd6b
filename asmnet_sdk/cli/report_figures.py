"""The columns of the report: what each says of a face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.results import Face

__all__ = ["FIGURES", "LEGEND"]

# What a cell shows, and what it is sorted by.
_Figure: TypeAlias = "tuple[str, float | None]"

_NO_FIGURE: _Figure = ("–", None)

LEGEND: Mapping[str, str] = MappingProxyType(
    {
        "box": "Width and height in pixels of the box that the face was looked for in. Sorted and "
        "filtered by the longer side.",
        "yaw, pitch, roll": "Degrees: positive where the nose points to the left of the picture, "
        "where it points up, and where the head is turned clockwise.",
        "score": "Probability that there is a face.",
        "sigma": "How sure the model is of the landmarks, the smaller the surer: the mean radius "
        "within which a true point lies with a probability of about 68 %, in % of the distance "
        "of the outer eye corners.",
        "visible": "How many points can more likely be seen than not: neither turned away nor "
        "covered.",
        "eyes": "Height / width of the subject's right and left eye, in the frame of the head: "
        "about 0.37 when open, below 0.24 when closed. Sorted by the smaller one.",
        "mouth": "Height / width of the inner lips: 0 when closed.",
    }
)


def _box_size(face: Face) -> _Figure:
    return f"{face.box.width:.0f} × {face.box.height:.0f}", face.box.longer_side


def _score(face: Face) -> _Figure:
    return _NO_FIGURE if face.score is None else (f"{face.score:.2f}", face.score)


def _sigma(face: Face) -> _Figure:
    right, left = face.landmarks[list(face.layout.eye_corners)].astype(np.float64)
    eye_distance = float(np.linalg.norm(right - left))
    if face.landmark_sigma is None or not eye_distance:
        return _NO_FIGURE
    percent = 100 * float(face.landmark_sigma.mean()) / eye_distance
    return f"{percent:.1f} %", percent


def _visible(face: Face) -> _Figure:
    if face.landmark_visible is None:
        return _NO_FIGURE
    seen = int((face.landmark_visible >= 0.5).sum())
    return f"{seen} / {face.layout.point_count}", float(face.landmark_visible.mean())


def _eyes(face: Face) -> _Figure:
    try:
        right, left = face.eye_openness
    except InvalidInputError:  # a layout without the points of the lids
        return _NO_FIGURE
    return f"{right:.2f} / {left:.2f}", min(right, left)


def _mouth(face: Face) -> _Figure:
    try:
        openness = face.mouth_openness
    except InvalidInputError:
        return _NO_FIGURE
    return f"{openness:.2f}", openness


def _angle(degrees: float) -> _Figure:
    return f"{degrees:+.1f}°", degrees


FIGURES: Mapping[str, Callable[[Face], _Figure]] = MappingProxyType(
    {
        "box": _box_size,
        "yaw": lambda face: _angle(face.head_pose.yaw),
        "pitch": lambda face: _angle(face.head_pose.pitch),
        "roll": lambda face: _angle(face.head_pose.roll),
        "score": _score,
        "sigma": _sigma,
        "visible": _visible,
        "eyes": _eyes,
        "mouth": _mouth,
    }
)
