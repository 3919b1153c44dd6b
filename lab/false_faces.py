"""Cut crops out of pictures without a face, as a face score must learn to refuse them.

    python -m lab.false_faces OUT PICTURE [PICTURE ...]

looks at each picture in all four quarter turns. A crop is what the detector takes for a face there,
even if hardly, once around its box and once around the landmarks found in it, as ``predict`` does;
and some squares anywhere. Of the crops that the present score refuses at once a few are kept.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import cut_crop, scaling_matrix
from asmnet_sdk.detection import FaceDetector, load_detector
from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox

__all__ = ["false_faces"]

_LONG_SIDE = 700
_SMALLEST, _FLATTEST = 48, 6
_BOXES, _SQUARES, _EASY = 8, 2, 2
_REFUSED = 0.03
_LOW_THRESHOLD = 0.08


def false_faces(
    picture: NDArray[np.uint8],
    detector: FaceDetector,
    network: LandmarkNetwork,
    generator: np.random.Generator,
) -> Iterator[NDArray[np.uint8]]:
    """Yield (S, S, 3) uint8 RGB crops of an (H, W, 3) picture that shows no face."""
    easy = 0
    for quarters in range(4):
        turned = np.ascontiguousarray(np.rot90(picture, quarters))
        boxes = [*islice(detector.detect(turned), _BOXES), *_squares(turned, generator)]
        first = [network.cut(turned, box) for box in boxes]
        for crop, face in zip(first, network.predict(first), strict=True):
            is_easy = (face.score or 0) < _REFUSED
            easy += is_easy
            if not is_easy:
                yield network.cut_again(turned, face).pixels
            if not is_easy or easy <= _EASY:
                yield crop.pixels


def _squares(picture: NDArray[np.uint8], generator: np.random.Generator) -> Iterator[BoundingBox]:
    height, width = picture.shape[:2]
    for _ in range(_SQUARES):
        side = np.exp(generator.uniform(np.log(24), np.log(0.9 * min(height, width))))
        x, y = generator.uniform(0, width - side), generator.uniform(0, height - side)
        yield BoundingBox(x, y, x + side, y + side)


def _read(path: Path) -> NDArray[np.uint8] | None:
    """Return a picture of handy size; None for what is no picture, too small or too flat."""
    try:
        picture = load_image(path)
    except InvalidImageError:
        return None
    height, width = picture.shape[:2]
    if min(height, width) < _SMALLEST or max(height, width) > _FLATTEST * min(height, width):
        return None
    scale = min(1.0, _LONG_SIDE / max(height, width))
    return cut_crop(picture, scaling_matrix(scale), (round(width * scale), round(height * scale)))


def main() -> None:
    """Cut crops from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.false_faces", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the crops")
    parser.add_argument("pictures", type=Path, nargs="+", help="pictures without a face")
    parser.add_argument("--model", default="asmnet-68", help="network whose crops they are")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    network = LandmarkNetwork(resolve_model(options.model), device="cpu", threads=1)
    detector = load_detector(threads=1, score_threshold=_LOW_THRESHOLD)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.pictures:
        picture = _read(path)
        if picture is None:
            continue
        key = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        generator = np.random.default_rng(int(key, 16))
        for i, crop in enumerate(false_faces(picture, detector, network, generator)):
            cv2.imwrite(str(options.out / f"{key}_{i:02}.png"), crop[:, :, ::-1])


if __name__ == "__main__":
    main()
