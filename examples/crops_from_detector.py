"""Landmarks in a crop that another detector has cut, and back in the photo.

The crop of this detector reaches from the hair line to the chin. The aligner wants the box around
eyebrows, chin and cheeks, so the box within the crop starts 24.5 % lower: the share that YuNet's
boxes need. Measure it for your detector: see docs/guides/boxes.md.
"""

from pathlib import Path

import cv2
import numpy as np

from asmnet_sdk import FaceAligner

photo = cv2.imread(str(Path(__file__).with_name("astronaut.jpg")))
x, y, width, height = 177, 57, 98, 124  # what the detector found, in whole pixels
crop = photo[y : y + height, x : x + width]

[face] = FaceAligner().predict(crop, (0, 0.245 * height, width - 1, height - 1))

in_photo = np.add(face.landmarks, (x, y))  # the corner of the crop is its pixel (0, 0)
print("nose tip in the crop:", face.landmarks[30])
print("nose tip in the photo:", in_photo[30])
