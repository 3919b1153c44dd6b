"""Measure how well ``Face.eye_openness`` tells closed eyes from open ones.

Usage: python benchmarks/eyes.py 300W_FOLDER

The truth are the eyes of annotated photos: closed where the annotated lids are apart by less than
0.12 of the eye's width, open from 0.2 on, both in the frame of the head; what lies between is left
out. What is judged are the landmarks and the head pose that the default model finds at the
annotated boxes. Writes ``benchmarks/results/eyes.json``; ``benchmarks/report.py`` makes the table
and the curve in ``docs/guides/eyes.md`` from it.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, Face, FaceAligner, HeadPose
from asmnet_sdk.datasets import AnnotatedFace, read_annotations

RESULT = Path(__file__).resolve().parent / "results" / "eyes.json"
CLOSED_BELOW, OPEN_FROM = 0.12, 0.2  # annotated gap / width
LIMITS = (0.16, 0.18, 0.2, 0.22, 0.24, 0.26, 0.28)
YAWS, PITCHES = (-40, -20, 0, 20, 40), (-20, -10, 0, 10)  # middles of the groups, degrees
EYES = {"right": (36, 37, 38, 39, 40, 41), "left": (45, 44, 43, 42, 47, 46)}


def main(folder: Path) -> None:
    """Measure, write the result and print it."""
    annotated = read_annotations(folder)
    aligner = FaceAligner(device="cpu")
    gaps: list[float] = []
    openness: list[float] = []
    poses: list[tuple[float, float]] = []
    for truth in annotated:
        [face] = aligner.predict(truth.photo, BoundingBox.around(truth.landmarks))
        gaps += annotated_gaps(truth, face.head_pose)
        openness += face.eye_openness
        poses += [(face.head_pose.yaw, face.head_pose.pitch)] * 2
    result = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "model": aligner.model.name,
        "photos": len(annotated),
        **figures(np.array(gaps), np.array(openness), np.array(poses)),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def annotated_gaps(truth: AnnotatedFace, pose: HeadPose) -> list[float]:
    """Return gap between the annotated lids / width of the right and the left eye.

    Both lids are counted alike, which is the only difference to ``Face.eye_openness``.
    """
    flipped = truth.landmarks.copy()
    for eye in EYES.values():
        # With both lids moved by the middle between them, each is as far from it as the other.
        _, upper_a, upper_b, _, lower_b, lower_a = eye
        corners = (truth.landmarks[eye[0]] + truth.landmarks[eye[3]]) / 2
        points = truth.landmarks[[upper_a, upper_b, lower_b, lower_a]]
        flipped[[upper_a, upper_b, lower_b, lower_a]] = points - points.mean(axis=0) + corners
    face = Face(landmarks=flipped, head_pose=pose, box=BoundingBox.around(truth.landmarks))
    return list(face.eye_openness)


def figures(
    gaps: NDArray[np.float64], openness: NDArray[np.float64], poses: NDArray[np.float64]
) -> dict[str, Any]:
    """Return what is said of N eyes: counts, area under the curve, rates, medians by head pose.

    Args:
        gaps: (N,) annotated gap / width.
        openness: (N,) what the model found.
        poses: (N, 2) yaw and pitch of the head in degrees.
    """
    is_closed, is_open = gaps < CLOSED_BELOW, gaps >= OPEN_FROM
    closed, open_ = openness[is_closed], openness[is_open]
    yaws, pitches = poses[is_open].T
    return {
        "closed": int(is_closed.sum()),
        "open": int(is_open.sum()),
        "left_out": int((~is_closed & ~is_open).sum()),
        "auc": round(area_under_curve(closed, open_), 4),
        "median_closed": round(float(np.median(closed)), 3),
        "median_open": round(float(np.median(open_)), 3),
        "rates": [
            {
                "limit": limit,
                "closed_found": round(float((closed < limit).mean()), 4),
                "open_taken_for_closed": round(float((open_ < limit).mean()), 4),
            }
            for limit in LIMITS
        ],
        "curve": curve(closed, open_),
        "median_open_by_yaw": {y: group_median(open_, yaws, y, 10) for y in YAWS},
        "median_open_by_pitch": {p: group_median(open_, pitches, p, 5) for p in PITCHES},
    }


def area_under_curve(closed: NDArray[np.float64], open_: NDArray[np.float64]) -> float:
    """Return the probability that a closed eye is found less open than an open one."""
    ordered = np.sort(open_)
    below = np.searchsorted(ordered, closed, side="left")
    not_above = np.searchsorted(ordered, closed, side="right")
    return float(1 - (below + not_above).mean() / (2 * len(open_)))


def curve(closed: NDArray[np.float64], open_: NDArray[np.float64]) -> list[list[float]]:
    """Return (share of open eyes taken for closed, share of closed eyes found) as limits rise."""
    limits = np.unique(np.concatenate([closed, np.quantile(open_, np.linspace(0, 1, 101))]))
    return [[round(float((x < limit).mean()), 4) for x in (open_, closed)] for limit in limits]


def group_median(
    values: NDArray[np.float64], degrees: NDArray[np.float64], middle: float, reach: float
) -> float | None:
    """Return the median of the eyes within ``reach`` degrees of an angle; None for under 20."""
    inside = values[np.abs(degrees - middle) <= reach]
    return round(float(np.median(inside)), 3) if len(inside) >= 20 else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
