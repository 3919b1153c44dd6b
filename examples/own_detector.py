"""Use boxes of a detector of your own: any object with ``detect(image)``.

Detectors draw their boxes differently. The aligner wants the tight box around eyebrows, chin and
cheeks, so a box that starts at the hair line has its top edge moved down first.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, FaceAligner


class SkinDetector:
    """Stands in for your detector: gives one box from the hair line to the chin."""

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        x_min, y_min, x_max, y_max = 177, 57, 274, 180
        return [BoundingBox(x_min, y_min + 0.245 * (y_max - y_min), x_max, y_max, score=0.98)]


aligner = FaceAligner(detector=SkinDetector())
[face] = aligner.predict(Path(__file__).with_name("astronaut.jpg"))
print("five points:\n", face.five_points)
