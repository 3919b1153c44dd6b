"""Portraits made harder step by step: how far a model's landmarks then move, and where they lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.geometry import Matrix, transform_points
from asmnet_sdk.results import BoundingBox

__all__ = ["HARD_CASES", "HardCase", "draw_hard_cases", "try_hard_cases"]

Image: TypeAlias = NDArray[np.uint8]

_SIDE = 240
_VIEW_SCALE = 1.8
_TITLE_HEIGHT = 26
_MOVED_TOO_FAR = 8.0
_FINE, _FAILED = (40, 110, 40), (30, 30, 190)  # BGR


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HardCase:
    """One portrait under one difficulty.

    Attributes:
        name: The difficulty.
        picture: (240, 240, 3) uint8 BGR with the landmarks found.
        moved_percent: Mean distance of the landmarks from those of the untouched portrait, in % of
            the distance of its outer eye corners.
    """

    name: str
    picture: Image
    moved_percent: float


def _turned(degrees: float) -> Callable[[Image], tuple[Image, Matrix]]:
    def apply(view: Image) -> tuple[Image, Matrix]:
        centre = ((view.shape[1] - 1) / 2, (view.shape[0] - 1) / 2)
        matrix = cv2.getRotationMatrix2D(centre, -degrees, 1.0)
        turned = cv2.warpAffine(view, matrix, view.shape[1::-1], flags=cv2.INTER_LINEAR)
        return turned, matrix  # type: ignore[return-value]

    return apply


def _in_place(change: Callable[[Image], Image]) -> Callable[[Image], tuple[Image, Matrix]]:
    return lambda view: (change(view), np.eye(2, 3))


def _small(view: Image) -> Image:
    side = round(16 * _VIEW_SCALE)
    reduced = cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, view.shape[1::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _dark(view: Image) -> Image:
    noise = np.random.default_rng(0).normal(0, 6, view.shape)
    return np.clip(0.06 * view + noise, 0, 255).astype(np.uint8)


def _blurred(view: Image) -> Image:
    return cv2.blur(view, (view.shape[1] // 8, 1))  # type: ignore[return-value]


def _covered(part: slice, *, rows: bool) -> Callable[[Image], Image]:
    def apply(view: Image) -> Image:
        view = view.copy()
        view[(part, slice(None)) if rows else (slice(None), part)] = (96, 120, 140)
        return view

    return apply


HARD_CASES: Mapping[str, Callable[[Image], tuple[Image, Matrix]]] = MappingProxyType(
    {
        "turned 45 degrees": _turned(45),
        "turned 90 degrees": _turned(90),
        "upside down": _turned(180),
        "16 px wide": _in_place(_small),
        "motion blur": _in_place(_blurred),
        "dark and noisy": _in_place(_dark),
        "lower face covered": _in_place(_covered(slice(_SIDE * 13 // 24, None), rows=True)),
        "one side covered": _in_place(_covered(slice(None, _SIDE // 2), rows=False)),
    }
)
"""Name -> what is done to a (240, 240, 3) view of the face: the new view, old pixels -> new."""


def try_hard_cases(aligner: FaceAligner, portrait: Image, box: BoundingBox) -> list[HardCase]:
    """Predict a portrait under each difficulty, in the box of its own landmarks.

    Args:
        aligner: The aligner.
        portrait: (H, W, 3) uint8 BGR.
        box: Its face.
    """
    view = cut_crop(portrait, crop_matrix(box, crop_scale=_VIEW_SCALE, size=_SIDE), (_SIDE, _SIDE))
    half = _SIDE / (2 * _VIEW_SCALE)
    middle = (_SIDE - 1) / 2
    box = BoundingBox(middle - half, middle - half, middle + half, middle + half)
    [truth] = aligner.predict(view, box)
    right, left = (truth.landmarks[corner] for corner in truth.layout.eye_corners)
    cases = []
    for name, change in HARD_CASES.items():
        changed, matrix = change(view)
        expected = transform_points(matrix, truth.landmarks)
        [face] = aligner.predict(changed, BoundingBox.around(expected))
        moved = np.linalg.norm(face.landmarks - expected, axis=1).mean()
        cases.append(
            HardCase(
                name=name,
                picture=draw_faces(changed, [face], boxes=False),
                moved_percent=float(100 * moved / np.linalg.norm(right - left)),
            )
        )
    return cases


def draw_hard_cases(cases: Sequence[HardCase], *, columns: int = 4) -> Image:
    """Return one picture of titled panels, red where landmarks moved above 8 %: (H, W, 3) BGR."""
    panels = [_panel(case) for case in cases]
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    return np.vstack([np.hstack(row) for row in rows])


def _panel(case: HardCase) -> Image:
    title = np.full((_TITLE_HEIGHT, _SIDE, 3), 255, np.uint8)
    text = f"{case.name}: {case.moved_percent:.1f} %"
    colour = _FAILED if case.moved_percent > _MOVED_TOO_FAR else _FINE
    cv2.putText(title, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.47, colour, 1, cv2.LINE_AA)
    return np.vstack([title, case.picture])
