"""Follow the faces of a video and show them: press q to stop.

Usage: python video_overlay.py [VIDEO | CAMERA_NUMBER]     (needs opencv-python, which has windows)
"""

import sys

import cv2

from asmnet_sdk import FaceAligner, FaceTracker, draw_faces

source = sys.argv[1] if len(sys.argv) > 1 else "0"
video = cv2.VideoCapture(int(source) if source.isdigit() else source)
tracker = FaceTracker(FaceAligner(), frame_rate=video.get(cv2.CAP_PROP_FPS) or 30)

while True:
    is_there, frame = video.read()
    if not is_there:
        break
    cv2.imshow("faces", draw_faces(frame, tracker.update(frame), boxes=False))
    if cv2.waitKey(1) == ord("q"):
        break
video.release()
