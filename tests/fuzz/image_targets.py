"""Targets that take pictures: encoded files, their headers, and arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.headers import read_image_header
from asmnet_sdk.images.loading import MAX_IMAGE_PIXELS, load_image
from tests.fuzz.mutation import mend_png_checksums, mutate_bytes
from tests.fuzz.pictures import largest_files, seed_files
from tests.fuzz.watching import Case

BYTES_A_PIXEL = 16
SECONDS_A_PIXEL = 1e-8
"""What decoding may take for each pixel that the header of a file declares."""


def _damaged_files() -> Callable[[Random], bytes]:
    files = seed_files()

    def damaged(random: Random) -> bytes:
        data = mutate_bytes(random, random.choice(files), files)
        return mend_png_checksums(data) if random.random() < 0.9 else data

    return damaged


def headers(_: Path) -> Callable[[Random], Case]:
    """Read the headers of damaged picture files."""
    damaged = _damaged_files()

    def case_of(random: Random) -> Case:
        data = damaged(random)
        return Case(run=lambda: read_image_header(data))

    return case_of


def images(_: Path) -> Callable[[Random], Case]:
    """Load damaged picture files."""
    damaged = _damaged_files()

    return lambda random: _loading(damaged(random))


def _declared_pixels(data: bytes) -> int:
    try:
        header = read_image_header(data)
    except InvalidImageError:
        return 0
    pixels = header.width * header.height
    return pixels if pixels <= MAX_IMAGE_PIXELS else 0


def _load(data: bytes) -> None:
    picture = load_image(data)
    header = read_image_header(data)
    assert picture.dtype == np.uint8
    assert sorted(picture.shape[:2]) == sorted((header.height, header.width))


def bombs(_: Path) -> Callable[[Random], Case]:
    """Load small files that hold as many pixels as are allowed."""
    files = largest_files()
    return lambda random: _loading(random.choice(files))


def _loading(data: bytes) -> Case:
    pixels = _declared_pixels(data)
    return Case(
        run=lambda: _load(data),
        more_bytes=BYTES_A_PIXEL * pixels,
        more_seconds=SECONDS_A_PIXEL * pixels,
    )


_DTYPES = (*["u1"] * 20, "i1", "<u2", ">u2", "f4", "f8", "f2", "c8", "?", "O", "S3", "U2", "M8[s]")
_SIDES = (0, 1, 1, 2, 3, 7, 64, 1000)
_CHANNELS = (0, 1, 1, 2, 3, 3, 3, 4, 4, 5)
_GIANT_SHAPES = ((90_000, 90_000, 3), (2**31, 3), (2**20, 2**12), (5000, 3000, 4), (9, 9))


def arrays(_: Path) -> Callable[[Random], Case]:
    """Load arrays of odd types, shapes and strides."""

    def case_of(random: Random) -> Case:
        array = any_array(random)
        color = random.choice((*["bgr", "rgb"] * 5, "RGB", "", None))
        pixels = array.size if array.size <= 4 * MAX_IMAGE_PIXELS else 0
        return Case(run=lambda: _load_array(array, color), more_bytes=7 * pixels)

    return case_of


def any_array(random: Random) -> NDArray[np.generic]:
    shape = tuple(random.choice(_SIDES) for _ in range(random.choice((*[2, 3, 3] * 5, 0, 1, 4))))
    if len(shape) == 3 and random.random() < 0.9:
        shape = (*shape[:2], random.choice(_CHANNELS))
    if np.prod(shape, dtype=float) > 3e6:
        shape = shape[:1]
    array = np.zeros(shape, random.choice(_DTYPES))
    changes = (
        lambda a: a[::-1] if a.ndim else a,
        lambda a: a[..., ::-1] if a.ndim else a,
        lambda a: a.T,
        lambda a: a[::2] if a.ndim else a,
        np.asfortranarray,
        lambda a: np.broadcast_to(a[:1], a.shape) if a.size and a.ndim else a,
        lambda a: as_strided(a, a.shape, (0,) * a.ndim),
        np.ma.masked_array,
        lambda a: a.view(np.recarray),
    )
    for _ in range(random.choice((0, 1, 1, 2))):
        array = random.choice(changes)(array)
    if random.random() < 0.1:
        array = np.broadcast_to(np.uint8(7), random.choice(_GIANT_SHAPES))
    array.flags.writeable = False
    return array


def _load_array(array: NDArray[np.generic], color: str | None) -> None:
    picture = load_image(array, color=color)  # type: ignore[arg-type]
    assert type(picture) is np.ndarray
    assert picture.shape == (*array.shape[:2], 3)
    assert not np.shares_memory(picture, array)
