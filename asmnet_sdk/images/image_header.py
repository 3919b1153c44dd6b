"""What a picture file says of itself before it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImageHeader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What a picture file says of itself.

    Attributes:
        file_format: One of ``SUPPORTED_FORMATS``, or ``"HEIC"``.
        width: Width in pixels as stored, before the orientation is applied.
        height: Height in pixels as stored.
        orientation: The EXIF orientation, 1 (upright) to 8.
        passes: How often the decoder goes over the whole picture: the scans of a JPEG file.
        overwrites: (position, bytes) to write into the file before OpenCV decodes it, so that it
            neither turns a TIFF, nor multiplies its colours by alpha, nor refuses a GIF whose
            background is outside its palette.
    """

    file_format: str
    width: int
    height: int
    orientation: int = 1
    passes: int = 1
    overwrites: tuple[tuple[int, bytes], ...] = ()
