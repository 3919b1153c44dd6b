"""Aligned crops of faces, and their way back into the photo."""

from asmnet_sdk.warping.faces import TEMPLATES, WarpedFace, warp_face

__all__ = ["TEMPLATES", "WarpedFace", "warp_face"]
