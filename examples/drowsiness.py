"""Tell open from closed eyes by the eye aspect ratio."""

from pathlib import Path

from asmnet_sdk import FaceAligner

CLOSED_BELOW = 0.15

here = Path(__file__).parent
boxes = {"astronaut.jpg": (179, 87, 272, 179), "grace_hopper.jpg": (178, 159, 350, 334)}
aligner = FaceAligner()
for name, box in boxes.items():
    [face] = aligner.predict(here / name, box)
    right, left = face.eye_openness
    state = "closed" if max(right, left) < CLOSED_BELOW else "open"
    print(f"{name}: right {right:.2f}, left {left:.2f}: eyes {state}")
