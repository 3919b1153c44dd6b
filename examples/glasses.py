"""A face filter: glasses that turn with the head.

Usage: python glasses.py OUT.png
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import Face, FaceAligner, load_image

# Lines of the glasses in the head's own frame: x to the subject's left, y up, z to the camera.
# The unit is the distance of the eyes, the origin lies between them.
ANGLES = np.linspace(0, 2 * np.pi, 60)
LENS = 0.38 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES), np.zeros(60)])
LINES = [
    np.add(LENS, (-0.5, -0.05, 0.25)),
    np.add(LENS, (0.5, -0.05, 0.25)),
    np.array([(-0.13, 0.02, 0.25), (0.0, 0.08, 0.28), (0.13, 0.02, 0.25)]),  # bridge
    np.array([(-0.88, 0.0, 0.25), (-0.95, 0.05, -0.3)]),  # temples
    np.array([(0.88, 0.0, 0.25), (0.95, 0.05, -0.3)]),
]


def put_on_glasses(image: NDArray[np.uint8], face: Face) -> None:
    """Draw the glasses into an RGB image."""
    right_eye, left_eye = face.five_points[:2].astype(float)
    rotation = face.head_pose.rotation_matrix
    scale = np.linalg.norm(left_eye - right_eye) / np.linalg.norm(rotation[:2, 0])
    for line in LINES:
        turned = line @ rotation.T
        points = (right_eye + left_eye) / 2 + scale * turned[:, :2] * (1, -1)  # image y runs down
        width = max(1, round(0.05 * scale))
        drawn = np.rint(points * 16).astype(np.int32)
        cv2.polylines(image, [drawn], False, (25, 25, 30), width, cv2.LINE_AA, 4)


photo = Path(__file__).with_name("astronaut.jpg")
[wearer] = FaceAligner().predict(photo, (179, 87, 272, 179))
picture = load_image(photo)
put_on_glasses(picture, wearer)
cv2.imwrite(sys.argv[1], cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
