"""Draw landmarks, box and head pose into a photo.

Usage: python draw_faces.py OUT.png
"""

import sys
from pathlib import Path

import cv2

from asmnet_sdk import FaceAligner, draw_faces

photo = Path(__file__).with_name("grace_hopper.jpg")
faces = FaceAligner().predict(photo, (178, 159, 350, 334))
cv2.imwrite(sys.argv[1], draw_faces(photo, faces))
