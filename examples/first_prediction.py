"""Landmarks and head pose of one face whose box is known."""

from pathlib import Path

from asmnet_sdk import FaceAligner

photo = Path(__file__).with_name("astronaut.jpg")
box = (179, 87, 272, 179)  # x_min, y_min, x_max, y_max: eyebrows to chin

[face] = FaceAligner().predict(photo, box)

print("nose tip (x, y):", face.landmarks[30])
print(f"yaw {face.head_pose.yaw:+.1f}, pitch {face.head_pose.pitch:+.1f} degrees")
print(f"score {face.score:.3f}, error radius {face.landmark_sigma.mean():.1f} px")
