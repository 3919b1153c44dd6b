"""The path under which the documentation of 0.1 shows ``read_image_header``."""

from asmnet_sdk.images.headers import SUPPORTED_FORMATS, ImageHeader, read_image_header

__all__ = ["SUPPORTED_FORMATS", "ImageHeader", "read_image_header"]
