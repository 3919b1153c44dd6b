"""Head pose drawn into a photo: the axes of each head, its angles, and where it looks.

Usage: python head_pose_overlay.py OUT.png [PHOTO]
"""

import math
import sys
from pathlib import Path

import cv2

from asmnet_sdk import FaceAligner, HeadPose, draw_faces

STRAIGHT_UP_TO = 10  # degrees


def direction(pose: HeadPose) -> str:
    """Return where a nose points, as seen in the image; right for profiles, too."""
    x, y, _ = pose.direction
    least = math.sin(math.radians(STRAIGHT_UP_TO))
    words = ["up" if y > 0 else "down"] if abs(y) > least else []
    words += ["right" if x > 0 else "left"] if abs(x) > least else []
    return " and ".join(words) or "straight ahead"


photo = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("grace_hopper.jpg"))
faces = FaceAligner().predict(photo)
for face in faces:
    print(f"{face.head_pose}: looks {direction(face.head_pose)}")
cv2.imwrite(sys.argv[1], draw_faces(photo, faces, points=False, contours=False))
