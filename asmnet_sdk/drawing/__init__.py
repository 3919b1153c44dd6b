"""Faces drawn on pictures."""

from asmnet_sdk.drawing.faces import draw_faces
from asmnet_sdk.drawing.style import DrawingStyle

__all__ = ["DrawingStyle", "draw_faces"]
