"""Find the faces of photos, then their landmarks.

Usage: python find_faces.py PHOTO...
"""

import sys

from asmnet_sdk import FaceAligner

aligner = FaceAligner()
for photo in sys.argv[1:]:
    for face in aligner.predict(photo):
        x, y = face.box.center
        print(f"{photo}: face at ({x:.0f}, {y:.0f}), yaw {face.head_pose.yaw:+.0f} degrees")
