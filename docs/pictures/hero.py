"""The picture at the head of README and home page: the sample photo, a baby, a mask, a crowd."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import Face, FaceAligner, draw_faces, load_image, sample_photo

__all__ = ["draw_hero"]

_BABY = Path(__file__).with_name("baby.jpg")
_TILE = 320
_MASKED = 2  # the tile whose face gets a mask, from the left of the first row
_MASK_COLOR = (176, 208, 214)
_CROWD = ((0, 2, 3), (4, 1, 5), (3, 5, 0))  # tiles by row
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]


def draw_hero(folder: Path) -> None:
    """Draw five tiles of the sample photo, a baby for the first, one with a mask, and a crowd."""
    aligner = FaceAligner(device="cpu")
    photo = load_image(sample_photo())
    masked = _put_on_mask(_tiles(photo)[_MASKED], aligner)
    picture = np.hstack([photo, np.vstack([masked, _crowd(photo)])])
    picture[:_TILE, :_TILE] = load_image(_BABY)
    drawn = draw_faces(picture, aligner.predict(picture, color="rgb"), color="rgb")
    cv2.imwrite(str(folder / "hero.jpg"), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), _QUALITY)


def _tiles(photo: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return the square tiles of the sample photo, row by row."""
    return [tile for row in np.vsplit(photo, 2) for tile in np.hsplit(row, 3)]


def _crowd(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a tile of nine small faces."""
    side = _TILE // len(_CROWD) + 1
    small = [cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA) for tile in _tiles(photo)]
    rows = [np.hstack([small[number] for number in row]) for row in _CROWD]
    crowd: NDArray[np.uint8] = np.vstack(rows)[:_TILE, :_TILE]
    return crowd


def _put_on_mask(image: NDArray[np.uint8], aligner: FaceAligner) -> NDArray[np.uint8]:
    """Return the image with a mask painted over nose, mouth and chin of its only face."""
    [face] = aligner.predict(image, color="rgb")
    jaw, nose = face.landmarks[2:15], face.landmarks[28]
    outline = np.vstack([jaw, (jaw[-1] + nose) / 2 - (0, 4), nose, (jaw[0] + nose) / 2 - (0, 4)])
    cover = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    shares = cv2.GaussianBlur(cover, (0, 0), 0.8)[..., None] / 255
    paper = _pleated(image.shape[0], face) * np.array(_MASK_COLOR)
    return np.round(image * (1 - shares) + paper * shares).astype(np.uint8)


def _pleated(side: int, face: Face) -> NDArray[np.float64]:
    """Return the light on a mask, (side, side, 1): round from cheek to cheek, with three pleats."""
    y, x = np.mgrid[:side, :side].astype(np.float64)
    left, right = face.landmarks[2], face.landmarks[14]
    across = (x - (left[0] + right[0]) / 2) / (right[0] - left[0])
    height = (face.landmarks[8, 1] - y) / (face.landmarks[8, 1] - face.landmarks[28, 1])
    pleats = sum(np.exp(-(((height - at) / 0.02) ** 2)) for at in (0.3, 0.5, 0.7))
    light: NDArray[np.float64] = 1.05 - 0.9 * across**2 - 0.16 * pleats
    return light[..., None]
