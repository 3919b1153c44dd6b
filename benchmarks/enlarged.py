"""NME on annotated photos enlarged n times: large faces must not alias when their crops are cut.

Usage: python benchmarks/enlarged.py 300w/test [--factors 1 2 4] [--limit N]

Photos grow by bicubic interpolation, boxes and landmarks with them. Real large photos have noise
and detail in every pixel: the second column adds noise (standard deviation 30 of 255) after
enlarging, the third is what a plain bilinear warp, without averaging by area, gives there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, FaceAligner, load_image
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import ProgressBar, print_table
from asmnet_sdk.crops import resize_matrix
from asmnet_sdk.datasets import AnnotatedFace, read_300w
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.geometry import transform_points
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.landmarks.network import LandmarkNetwork

NOISE = 30


def enlarge(
    image: NDArray[np.uint8], landmarks: NDArray[np.float32], factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the larger photo, around the face alone, and its landmarks."""
    box = BoundingBox.around(landmarks)
    margin = box.longer_side
    low = np.maximum(np.array([box.x_min, box.y_min]) - margin, 0).astype(int)
    high = (np.array([box.x_max, box.y_max]) + margin).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    size_wh = (part.shape[1] * factor, part.shape[0] * factor)
    larger = cv2.resize(part, size_wh, interpolation=cv2.INTER_CUBIC)
    moved = transform_points(resize_matrix((1, 1), (factor, factor)), landmarks - low)
    return larger, moved.astype(np.float32)  # type: ignore[return-value]


def errors_of(
    face: AnnotatedFace, factor: int, aligner: FaceAligner, network: LandmarkNetwork
) -> tuple[float, float, float]:
    """Return the NME of one face: by the package; with noise; with noise and a plain warp."""
    image, truth = enlarge(load_image(face.photo), face.landmarks, factor)
    noise = np.random.default_rng(0).normal(0, NOISE, image.shape[:2]).astype(np.int16)
    noisy = np.clip(image + noise[..., np.newaxis], 0, 255).astype(np.uint8)
    box = BoundingBox.around(truth)
    found = [aligner.predict(photo, box, color="rgb")[0] for photo in (image, noisy)]
    crop = network.cut(noisy, box)
    plain = cv2.warpAffine(noisy, crop.matrix, crop.pixels.shape[1::-1], flags=cv2.INTER_LINEAR)
    found += network.predict([replace(crop, pixels=plain)])  # type: ignore[arg-type]
    clean, averaged, aliased = (float(inter_ocular_nme(f.landmarks, truth)) for f in found)
    return clean, averaged, aliased


def measure(faces: Sequence[AnnotatedFace], factors: Sequence[int]) -> list[list[str]]:
    """Return a row a factor: the mean of each error."""
    aligner = FaceAligner(device="cpu", threads=1)
    network = LandmarkNetwork(resolve_model("asmnet-68"), device="cpu", threads=1)
    rows = []
    for factor in factors:
        errors = []
        with ProgressBar(len(faces), f"{factor} x") as bar:
            for face in faces:
                errors.append(errors_of(face, factor, aligner, network))
                bar.advance()
        rows.append([f"{factor} x", *(f"{mean:.3f}" for mean in np.mean(errors, axis=0))])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder in the layout of 300-W")
    parser.add_argument("--factors", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--limit", type=int, help="only so many photos, spread evenly")
    options = parser.parse_args()
    faces = read_300w(options.photos)
    if options.limit:
        chosen = np.unique(np.linspace(0, len(faces) - 1, options.limit).astype(int))
        faces = [faces[i] for i in chosen]
    header = ["enlarged", "NME %", "with noise", "with noise, plain warp"]
    print_table(header, measure(faces, options.factors))
    print(f"{len(faces)} faces;", describe_machine())


if __name__ == "__main__":
    main()
