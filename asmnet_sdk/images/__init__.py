"""Pictures: from paths, bytes, files, PIL images and arrays to RGB pixels."""

from asmnet_sdk.images.headers import SUPPORTED_FORMATS, ImageHeader, read_image_header
from asmnet_sdk.images.loading import (
    MAX_IMAGE_BYTES,
    MAX_IMAGE_PIXELS,
    ColorOrder,
    ImageInput,
    PilImage,
    load_image,
)
from asmnet_sdk.images.samples import sample_photo

__all__ = [
    "MAX_IMAGE_BYTES",
    "MAX_IMAGE_PIXELS",
    "SUPPORTED_FORMATS",
    "ColorOrder",
    "ImageHeader",
    "ImageInput",
    "PilImage",
    "load_image",
    "read_image_header",
    "sample_photo",
]
