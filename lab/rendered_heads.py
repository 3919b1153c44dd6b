"""Pack rendered heads whose rotation is known exactly.

``python -m lab.rendered_heads OUT.npz`` draws heads of all ages (``lab.head_shapes``,
``lab.head_pictures``), each turned by a random yaw, pitch and roll, and packs those that a model
finds (``FaceSamples``). They teach and measure head pose, nothing else: their landmarks are the
model's, good enough to cut crops by, and count for nothing.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.geometry import (
    euler_to_rotation,
    roll_in_image,
    rotate_head_pose,
)
from asmnet_sdk.results import HeadPose
from asmnet_sdk.training.samples import FaceSamples, sure_samples, upright_canvas
from lab.head_pictures import draw_surface, paint_head
from lab.head_shapes import HeadShapes, draw_targets, find_makehuman

__all__ = ["NEUTRAL_PITCH", "RenderedHead", "draw_heads", "pack_heads"]

logger = logging.getLogger("asmnet_sdk.lab")

NEUTRAL_PITCH: Mapping[str, float] = MappingProxyType(
    {"adult": -4.6, "old": -7.6, "child": -4.6, "baby": -0.3}
)
"""Age -> the pitch that our labels give a head that MakeHuman holds upright.

Medians of what asmnet-68 sees in heads turned by less than 20 degrees, less the pitch they were
turned by.
"""

_AGES = ("adult", "adult", "old", "child", "baby")  # in turn
_YAW, _PITCH, _ROLL = 90.0, 30.0, 20.0
_SIZE = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RenderedHead:
    """A picture of one head.

    Attributes:
        picture: (256, 256, 3) uint8 RGB.
        age: A key of ``NEUTRAL_PITCH``.
        head_pose: How it is turned.
    """

    picture: NDArray[np.uint8]
    age: str
    head_pose: HeadPose


def draw_heads(shapes: HeadShapes, count: int, *, seed: int = 0) -> Iterator[RenderedHead]:
    """Yield heads of all ages, evenly turned; the same for the same seed."""
    generator = np.random.default_rng(seed)
    for age in islice(cycle(_AGES), count):
        turned = euler_to_rotation(generator.uniform(-1, 1, 3) * (_YAW, _PITCH, _ROLL))
        vertices = shapes.shaped(draw_targets(age, generator))
        surface = paint_head(shapes, vertices, age, generator)
        picture = draw_surface(surface, turned, size=_SIZE, generator=generator)
        upright = euler_to_rotation([0.0, NEUTRAL_PITCH[age], 0.0])
        yield RenderedHead(
            picture=picture, age=age, head_pose=HeadPose.from_matrix(turned @ upright)
        )


def pack_heads(heads: Iterable[RenderedHead], aligner: FaceAligner) -> FaceSamples:
    """Cut upright canvases of the heads that an aligner finds, by the landmarks it gives them."""
    canvases, landmarks, head_poses = [], [], []
    for head in heads:
        faces = aligner.predict(head.picture, color="rgb")
        if not faces:
            continue
        found = max(faces, key=lambda face: face.box.area).landmarks
        roll = roll_in_image(head.head_pose)
        canvas, points = upright_canvas(head.picture, found, roll)
        canvases.append(canvas)
        landmarks.append(points)
        head_poses.append(rotate_head_pose([*head.head_pose], -roll))
    samples = sure_samples(
        np.stack(canvases),
        np.asarray(landmarks, np.float32),
        np.asarray(head_poses, np.float32),
    )
    return replace(samples, landmark_weights=np.zeros_like(samples.landmark_weights))


def main() -> None:
    """Draw and pack heads from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.rendered_heads", description=__doc__)
    parser.add_argument("out", type=Path, help="file that receives the packed heads")
    parser.add_argument("--count", type=int, default=2000, help="heads to draw (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds give other heads")
    parser.add_argument("--model", default="asmnet-68", help="model that finds and places them")
    parser.add_argument("--picture", type=Path, help="write the first twenty there, to look at")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    shapes = HeadShapes.load(find_makehuman())
    with FaceAligner(options.model, device="cpu", threads=1) as aligner:
        samples = pack_heads(draw_heads(shapes, options.count, seed=options.seed), aligner)
    samples.save(options.out)
    logger.info("%d of %d heads found and packed", len(samples), options.count)
    if options.picture:
        rows = [np.hstack(list(samples.canvases[i : i + 5])) for i in range(0, 20, 5)]
        cv2.imwrite(str(options.picture), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
