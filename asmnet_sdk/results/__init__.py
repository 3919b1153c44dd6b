"""What a prediction returns: frozen, typed faces, boxes and head poses."""

from asmnet_sdk.results.bounding_box import BoundingBox
from asmnet_sdk.results.face import Face
from asmnet_sdk.results.head_pose import HeadPose

__all__ = ["BoundingBox", "Face", "HeadPose"]
