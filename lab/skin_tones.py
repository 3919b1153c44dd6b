"""How the error of models goes with the tone of the skin, as the photos show it.

``python -m lab.skin_tones 300w/test MODEL [MODEL ...]`` divides annotated faces into three equal
parts by the individual typology angle of their cheeks (Chardon et al., 1991: arctan((L* - 50) / b*)
of CIE Lab; high is light), and prints each part's error at the annotated boxes. It is a proxy:
light, exposure and make-up change the angle as skin does, so a dark part holds badly lit faces too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.results import BoundingBox

__all__ = ["Part", "divide", "ratio_interval", "typology_angle"]

# Between jaw, side of the nose and lower lid: iBUG's points of the right and the left cheek.
_CHEEKS = ((2, 3, 31, 40, 41), (13, 14, 35, 46, 47))
_PARTS = ("dark", "middle", "light")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A third of the faces.

    Attributes:
        angles: The lowest and the highest typology angle, in degrees.
        errors: (N,) NME in percent.
    """

    angles: tuple[float, float]
    errors: NDArray[np.float64]


def typology_angle(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> float:
    """Return the individual typology angle, in degrees, of the cheeks of a face.

    Args:
        picture: (H, W, 3) uint8 RGB.
        landmarks: (68, 2) pixels.
    """
    mask = np.zeros(picture.shape[:2], np.uint8)
    for cheek in _CHEEKS:
        hull = cv2.convexHull(np.round(landmarks[list(cheek)]).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[mask > 0]
    lightness, _, yellow = np.median(lab, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1e-3))))


def divide(angles: NDArray[np.float64], errors: NDArray[np.float64]) -> dict[str, Part]:
    """Return the thirds of the faces by their angle, the dark one first."""
    thirds = np.array_split(np.argsort(angles, kind="stable"), len(_PARTS))
    return {
        name: Part(
            angles=(float(angles[third].min()), float(angles[third].max())), errors=errors[third]
        )
        for name, third in zip(_PARTS, thirds, strict=True)
    }


def ratio_interval(
    first: NDArray[np.float64], second: NDArray[np.float64], *, rounds: int = 2000
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the ratio of two means."""
    generator = np.random.default_rng(0)
    ratios = [
        generator.choice(first, len(first)).mean() / generator.choice(second, len(second)).mean()
        for _ in range(rounds)
    ]
    low, high = np.percentile(ratios, [2.5, 97.5]).tolist()
    return low, high


def _errors(model: str, faces: Sequence[AnnotatedFace]) -> NDArray[np.float64]:
    with FaceAligner(model, passes=1, threads=1) as aligner:
        found = [
            aligner.predict(face.photo, BoundingBox.around(face.landmarks))[0] for face in faces
        ]
    return np.array(
        [
            inter_ocular_nme(one.to_layout(IBUG_68).landmarks, face.landmarks, IBUG_68)
            for one, face in zip(found, faces, strict=True)
        ]
    )


def main() -> None:
    """Measure models from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.skin_tones", description=__doc__)
    parser.add_argument("photos", type=Path, help="folder in the layout of 300-W, 68 points a face")
    parser.add_argument("models", nargs="+", help="registry names or model files")
    options = parser.parse_args()
    faces = read_annotations(options.photos)
    angles = np.array([typology_angle(load_image(f.photo), f.landmarks) for f in faces])
    for model in options.models:
        parts = divide(angles, _errors(model, faces))
        for name, part in parts.items():
            low, high = part.angles
            print(
                f"{model}, {name} ({low:.0f} to {high:.0f} degrees): {len(part.errors)} faces, "
                f"NME {part.errors.mean():.2f} %, median {np.median(part.errors):.2f} %"
            )
        dark, light = parts["dark"].errors, parts["light"].errors
        low, high = ratio_interval(dark, light)
        print(f"{model}, dark / light: {dark.mean() / light.mean():.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
