from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asmnet_sdk import BoundingBox
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.tracking.exposure import ExposureHold

FRAME_SECONDS = 1 / 30
PICTURE = np.random.default_rng(0).integers(40, 160, (40, 40, 3)).astype(np.float64)


def lit_crop(light: float, *, picture: np.ndarray = PICTURE) -> FaceCrop:
    return FaceCrop(
        pixels=np.clip(picture * light, 0, 255).astype(np.uint8),
        matrix=np.eye(2, 3),
        clockwise_degrees=0.0,
        box=BoundingBox(5, 5, 35, 35),
    )


def levels_under(lights, *, seconds: float = FRAME_SECONDS) -> list[float]:
    hold = ExposureHold()
    crops = [hold.apply(lit_crop(light), elapsed_seconds=seconds) for light in lights]
    return [float(crop.pixels.mean()) for crop in crops]


def test_first_crop_passes_unchanged():
    crop = lit_crop(1.0)
    assert ExposureHold().apply(crop, elapsed_seconds=0.0) is crop


def test_flicker_is_evened_out():
    lights = 1 + 0.2 * np.sin(np.linspace(0, 6 * np.pi, 90))
    levels = levels_under(lights)
    assert np.ptp(levels) < 0.03 * levels[0]


def test_everything_but_the_pixels_stays():
    hold = ExposureHold()
    hold.apply(lit_crop(1.0), elapsed_seconds=FRAME_SECONDS)
    crop = lit_crop(0.8)
    evened = hold.apply(crop, elapsed_seconds=FRAME_SECONDS)
    assert evened.pixels.dtype == np.uint8
    assert np.abs(evened.pixels - PICTURE).max() < 3
    assert replace(evened, pixels=crop.pixels).box == crop.box
    assert evened.matrix is crop.matrix


def test_lasting_change_is_followed():
    levels = levels_under([1.0, *[0.7] * 100], seconds=1.0)
    assert levels[1] > 0.9 * levels[0]
    assert levels[-1] == pytest.approx(0.7 * levels[0], rel=0.01)


def test_darkness_is_not_brightened_without_limit():
    hold = ExposureHold()
    hold.apply(lit_crop(1.0), elapsed_seconds=FRAME_SECONDS)
    dark = hold.apply(lit_crop(0.1), elapsed_seconds=FRAME_SECONDS)
    assert dark.pixels.mean() == pytest.approx(0.2 * PICTURE.mean(), rel=0.1)
    black = hold.apply(lit_crop(0.0), elapsed_seconds=FRAME_SECONDS)
    assert not black.pixels.any()


def test_only_the_middle_counts():
    bright_edges = PICTURE.copy()
    bright_edges[:10] = bright_edges[-10:] = 255
    hold = ExposureHold()
    hold.apply(lit_crop(1.0), elapsed_seconds=FRAME_SECONDS)
    crop = lit_crop(1.0, picture=bright_edges)
    assert np.array_equal(hold.apply(crop, elapsed_seconds=FRAME_SECONDS).pixels, crop.pixels)


def test_reset_forgets_the_past():
    hold = ExposureHold()
    hold.apply(lit_crop(1.0), elapsed_seconds=FRAME_SECONDS)
    hold.reset()
    crop = lit_crop(0.5)
    assert hold.apply(crop, elapsed_seconds=FRAME_SECONDS) is crop
