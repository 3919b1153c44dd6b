"""Video rendered from two photos, so that the motion is known exactly.

Every frame is a still photo moved by a known transform, lit, then given sensor noise and JPEG
compression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from portraits import EXAMPLES, PORTRAITS

from asmnet_sdk import BoundingBox, FaceAligner, load_image
from asmnet_sdk.geometry import transform_points

FRAME_RATE = 30
SIZE_WH = (640, 480)


class Pose(NamedTuple):
    """How a portrait is shown: where its face is, how large, turned, narrowed and lit."""

    x: float = 0.0
    size: float = 120.0
    clockwise_degrees: float = 0.0
    light: float = 1.0
    width: float = 1.0


Motion = Callable[[float], Pose]
"""The pose at a time in seconds."""


@dataclass(frozen=True)
class Portrait:
    """A photo of one face: (H, W, 3) BGR, its face box, and its (68, 2) landmarks."""

    picture: NDArray[np.uint8]
    box: BoundingBox
    landmarks: NDArray[np.float64]

    def placement(
        self,
        center: tuple[float, float],
        face_size: float,
        clockwise_degrees: float = 0.0,
        width: float = 1.0,
    ) -> NDArray[np.float64]:
        """Return the (2, 3) transform that puts the face there, ``face_size`` pixels large.

        Its width is that share of what belongs to its height.
        """
        angle = np.radians(clockwise_degrees)
        scale = face_size / np.sqrt(self.box.area)
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear *= [width, 1]
        return np.column_stack([linear, np.array(center) - linear @ self.box.center])


@dataclass(frozen=True)
class Frame:
    """One rendered frame, and where the landmarks of each portrait are: (N, 68, 2)."""

    picture: NDArray[np.uint8]
    truth: NDArray[np.float64]


class Camera:
    """Turns a clean picture into a camera's: light, sensor noise, JPEG."""

    def __init__(self, *, noise: float, quality: int) -> None:
        self._random = np.random.default_rng(0)
        self._noise = self._random.normal(0, noise, (2 * SIZE_WH[1], 2 * SIZE_WH[0], 3))
        self._noise = self._noise.astype(np.float32)
        self._quality = quality

    def shoot(self, picture: NDArray[np.uint8], light: float = 1.0) -> NDArray[np.uint8]:
        """Return the picture as this camera would have taken it."""
        top, left = self._random.integers(0, (SIZE_WH[1], SIZE_WH[0]))
        noise = self._noise[top : top + SIZE_WH[1], left : left + SIZE_WH[0]]
        noisy = np.clip(picture * np.float32(light) + noise, 0, 255).astype(np.uint8)
        encoded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR)  # type: ignore[return-value]


def load_portraits(aligner: FaceAligner) -> list[Portrait]:
    """Read the photos and find their landmarks."""
    portraits = []
    for name, box in PORTRAITS.items():
        picture = np.ascontiguousarray(load_image(EXAMPLES / name)[:, :, ::-1])
        [face] = aligner.predict(picture, box)
        landmarks = face.landmarks.astype(np.float64)
        portraits.append(Portrait(picture, BoundingBox.around(landmarks), landmarks))
    return portraits


def render_one(
    portrait: Portrait, camera: Camera, seconds: float, motion: Motion
) -> Iterator[Frame]:
    """Render one portrait in the middle of the picture, moved by ``motion``."""
    for index in range(int(seconds * FRAME_RATE)):
        x, size, angle, light, width = motion(index / FRAME_RATE)
        matrix = portrait.placement((320 + x, 240), size, angle, width)
        picture: NDArray[np.uint8] = cv2.warpAffine(  # type: ignore[assignment]
            portrait.picture,
            matrix,
            SIZE_WH,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        yield Frame(
            camera.shoot(picture, light), transform_points(matrix, portrait.landmarks)[None]
        )


def render_crossing(
    portraits: tuple[Portrait, Portrait], camera: Camera, seconds: float, height_offset: float
) -> Iterator[Frame]:
    """Render two heads that pass each other; the second one is in front."""
    frames = int(seconds * FRAME_RATE)
    for index in range(frames):
        x = 120 + 400 * index / (frames - 1)
        picture = np.full((SIZE_WH[1], SIZE_WH[0], 3), 110, np.uint8)
        truth = []
        for portrait, center in zip(
            portraits, ((x, 240 + height_offset), (640 - x, 240)), strict=True
        ):
            matrix = portrait.placement(center, 120)
            picture = paste_head(picture, portrait, matrix)
            truth.append(transform_points(matrix, portrait.landmarks))
        yield Frame(camera.shoot(picture), np.array(truth))


def paste_head(
    picture: NDArray[np.uint8], portrait: Portrait, matrix: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Paste the head with its hair, cut out by a soft ellipse."""
    box = portrait.box
    mask = np.zeros(portrait.picture.shape[:2], np.float32)
    center = (round(box.center[0]), round(box.center[1] - 0.2 * box.height))
    axes = (round(0.8 * box.width), round(0.95 * box.height))
    cv2.ellipse(mask, center, axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.03 * box.width)
    opacity = cv2.warpAffine(soft, matrix, SIZE_WH)[..., None]
    head = cv2.warpAffine(portrait.picture, matrix, SIZE_WH)
    return (picture + opacity * (head.astype(np.float32) - picture)).astype(np.uint8)


def still(_: float) -> Pose:
    """Keep still."""
    return Pose()


def flickering(exposure: float) -> Motion:
    """Keep still while the light goes up and down by 20 % around an exposure."""
    return lambda seconds: Pose(light=exposure * (1 + 0.2 * np.sin(np.pi * seconds)))


def panning(face_sizes_per_second: float) -> Motion:
    """Go to and fro at a constant speed, at most one face size each way."""
    period = min(4 / face_sizes_per_second, 2.0)
    reach = 120 * face_sizes_per_second * period / 4

    def motion(seconds: float) -> Pose:
        phase = (seconds / period + 0.25) % 1
        return Pose(x=reach * (4 * abs(phase - 0.5) - 1))

    return motion


def zooming(seconds: float) -> Pose:
    """Come nearer and go back, once in 2 seconds."""
    return Pose(size=120 * 1.5 ** np.sin(np.pi * seconds))


def rolling(seconds: float) -> Pose:
    """Roll to and fro, once in 2 seconds."""
    return Pose(clockwise_degrees=25 * np.sin(np.pi * seconds))


def narrowing(seconds: float) -> Pose:
    """Narrow as a flat face does that turns 40 degrees away and back, once in 2 seconds."""
    return Pose(width=np.cos(np.radians(40 * np.sin(np.pi * seconds / 2))))
