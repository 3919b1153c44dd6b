"""The 112 x 112 crop that ArcFace-style recognition networks take.

Usage: python recognition_crop.py OUT.png
"""

import sys
from pathlib import Path

import cv2

from asmnet_sdk import FaceAligner, warp_face

photo = Path(__file__).with_name("grace_hopper.jpg")
[face] = FaceAligner().predict(photo, (178, 159, 350, 334))
cv2.imwrite(sys.argv[1], warp_face(photo, face, "arcface", 112).image)
