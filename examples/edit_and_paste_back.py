"""Cut out an FFHQ-style crop, edit it, and put it back into the photo.

Usage: python edit_and_paste_back.py OUT.png
"""

import sys
from pathlib import Path

import cv2

from asmnet_sdk import FaceAligner, warp_face

photo = Path(__file__).with_name("astronaut.jpg")
[face] = FaceAligner().predict(photo, (179, 87, 272, 179))
warped = warp_face(photo, face, "ffhq", 256)
softened = cv2.bilateralFilter(warped.image, 9, 60, 9)
cv2.imwrite(sys.argv[1], warped.paste_back(photo, softened))
