"""Faces drawn on pictures."""

from asmnet_sdk.drawing.faces import draw_faces

__all__ = ["draw_faces"]
