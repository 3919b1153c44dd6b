"""A face's crops at an even brightness, whatever lamps, clouds and the camera do meanwhile."""

from __future__ import annotations

from dataclasses import replace

import cv2

from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.tracking.low_pass import smoothing_weight

__all__ = ["ExposureHold"]

# A lasting change of light is followed this slowly; a swell within seconds is evened out.
_CUTOFF_HZ = 0.02
_LARGEST_GAIN = 2.0
_DARKEST_LEVEL = 1.0


class ExposureHold:
    """Evens out the brightness of one face's crops over time.

    Landmarks depend a little on how bright the crop is, so under light that swells and fades they
    would wander. Brightness is the mean of the crop's middle, where the face is; what the camera
    has clipped to white stays clipped.
    """

    def __init__(self) -> None:
        self._level: float | None = None

    def reset(self) -> None:
        """Forget the past: the next crop passes unchanged."""
        self._level = None

    def apply(self, crop: FaceCrop, *, elapsed_seconds: float) -> FaceCrop:
        """Return the crop as bright as those before it.

        Args:
            crop: The next crop of the face.
            elapsed_seconds: Time since the crop before, above 0; the first call ignores it.
        """
        size = len(crop.pixels)
        middle = slice(size // 4, size - size // 4)
        level = max(float(crop.pixels[middle, middle].mean()), _DARKEST_LEVEL)
        if self._level is None:
            self._level = level
            return crop
        change = self._level / level
        gain = min(max(change, 1 / _LARGEST_GAIN), _LARGEST_GAIN)
        self._level /= change ** float(smoothing_weight(_CUTOFF_HZ, elapsed_seconds))
        pixels = cv2.convertScaleAbs(crop.pixels, alpha=gain)
        return replace(crop, pixels=pixels)  # type: ignore[arg-type]
