"""Pictures that show the public-domain portraits with what the default model finds in them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import (
    BoundingBox,
    Face,
    FaceAligner,
    draw_faces,
    load_image,
    warp_face,
)
from benchmarks.portraits import EXAMPLES, PORTRAITS
from pictures.svg import Drawing

__all__ = [
    "draw_box",
    "draw_error_radius",
    "draw_paste_back",
    "draw_portraits",
    "draw_warps",
]

# The square around the head that the pictures show: left, top, side.
_HEADS = {"astronaut.jpg": (141, 30, 168), "grace_hopper.jpg": (106, 74, 316)}
_WIDER_CUT = (51, 34, 430)
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
_GAP = 8


def _portrait(
    name: str, side: int, cut: tuple[int, int, int] | None = None
) -> tuple[NDArray[np.uint8], Face]:
    """Return a portrait, cut and resized to ``side`` pixels, in RGB, and its face."""
    left, top, cut_side = cut or _HEADS[name]
    part = load_image(EXAMPLES / name)[top : top + cut_side, left : left + cut_side]
    zoom = side / cut_side
    image = cv2.resize(part, (side, side), interpolation=cv2.INTER_CUBIC)
    placed = (np.asarray([*PORTRAITS[name]]) - (left, top, left, top)) * zoom
    [face] = FaceAligner(device="cpu").predict(image, placed, color="rgb")  # type: ignore[arg-type]
    return image, face  # type: ignore[return-value]


def _save(rows: list[NDArray[np.uint8]], path: Path) -> None:
    """Write RGB pictures side by side, white gaps between them."""
    gap = np.full((rows[0].shape[0], _GAP, 3), 255, np.uint8)
    parts = [part for row in rows for part in (row, gap)][:-1]
    cv2.imwrite(str(path), cv2.cvtColor(np.hstack(parts), cv2.COLOR_RGB2BGR), _QUALITY)


def draw_portraits(folder: Path) -> None:
    """Draw both portraits with all overlays, side by side, 1000 px wide."""
    drawn = []
    for name in _HEADS:
        image, face = _portrait(name, (1000 - _GAP) // 2)
        drawn.append(draw_faces(image, [face], color="rgb"))
    _save(drawn, folder / "portraits.jpg")


def draw_warps(folder: Path) -> None:
    """Draw the crops of both templates, of both portraits."""
    crops = []
    for name in _HEADS:
        image, face = _portrait(name, 620)
        crops += [warp_face(image, face, t, 224, color="rgb").image for t in ("arcface", "ffhq")]
    _save(crops, folder / "warps.jpg")


def draw_paste_back(folder: Path) -> None:
    """Draw a portrait, its crop turned grey, and the portrait with that crop pasted back."""
    image, face = _portrait("astronaut.jpg", 320)
    warped = warp_face(image, face, "ffhq", 320, color="rgb")
    grey = cv2.cvtColor(cv2.cvtColor(warped.image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    edited: NDArray[np.uint8] = grey  # type: ignore[assignment]
    _save([image, edited, warped.paste_back(image, edited)], folder / "paste-back.jpg")


def draw_box(folder: Path) -> None:
    """Draw the face box, the box from the hair line, and the crop that the network sees."""
    side = 560
    image, face = _portrait("grace_hopper.jpg", side, _WIDER_CUT)
    tight = BoundingBox.around(face.landmarks)
    hair = BoundingBox(
        tight.x_min, tight.y_min - 0.245 / 0.755 * tight.height, tight.x_max, tight.y_max
    )
    half = FaceAligner(device="cpu").model.crop_scale * tight.longer_side / 2
    x, y = tight.center
    crop = BoundingBox(x - half, y - half, x + half, y + half)
    drawing = Drawing(side, side, title="Face box, detector box and crop")
    drawing.photo(_encode(image), (side, side))
    for point in face.landmarks:
        drawing.dot(point, 2.2, "#ffffff", stroke="#10141c")
    _draw_box(drawing, crop, "what the network sees", "#56b4e9", dash="3 7", below=True)
    _draw_box(drawing, hair, "many detectors: from the hair line", "#f0a020", dash="12 7")
    _draw_box(drawing, tight, "face box", "#00d49c", inside=True)
    drawing.save(folder / "face-box.svg")


def _draw_box(
    drawing: Drawing,
    box: BoundingBox,
    words: str,
    color: str,
    *,
    dash: str = "none",
    below: bool = False,
    inside: bool = False,
) -> None:
    corner, size_wh = (box.x_min, box.y_min), (box.width, box.height)
    drawing.rectangle(corner, size_wh, stroke="#10141c", width=5.5, radius=2)
    drawing.rectangle(corner, size_wh, stroke=color, width=3, radius=2, dash=dash)
    y = box.y_max + 18 if below else box.y_min + (18 if inside else -18)
    width = 9.8 * len(words) + 14
    x = box.center[0]
    drawing.rectangle((x - width / 2, y - 13), (width, 26), fill="#10141c", radius=5)
    drawing.text((x, y), words, color, size=19)


def draw_error_radius(folder: Path) -> None:
    """Draw a circle of ``landmark_sigma`` around each landmark."""
    side = 480
    image, face = _portrait("astronaut.jpg", side)
    drawing = Drawing(side, side, title="Landmarks and their error radius")
    drawing.photo(_encode(image), (side, side))
    if face.landmark_sigma is not None:
        for point, radius in zip(face.landmarks, face.landmark_sigma, strict=True):
            drawing.dot(point, float(radius), "#56b4e940", stroke="#56b4e9")
    for point in face.landmarks:
        drawing.dot(point, 1.8, "#ffffff")
    drawing.save(folder / "error-radius.svg")


def _encode(image: NDArray[np.uint8]) -> bytes:
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), _QUALITY)[1]
    return encoded.tobytes()
