"""Faces of a video: followed from frame to frame, and smoothed."""

from asmnet_sdk.tracking.tracker import FaceTracker

__all__ = ["FaceTracker"]
