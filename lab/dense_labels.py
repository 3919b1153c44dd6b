"""Label photos that have 68 landmarks with the 98 of WFLW, by another network and the labels.

``python -m lab.dense_labels --help``. The 68 points that both layouts share stay
as they are; the other 30 come from the other network, and move as its error at the shared points
beside them says. The result is a folder in 300-W layout.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, crop_to_image, cut_crop
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import IBUG_68, WFLW_98, convert_landmarks
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.augmentation import jitter_box
from lab.label_files import link_photo, write_head_poses, write_pts
from lab.mirroring import mirror_box, mirror_points

__all__ = ["Labeller", "complete_landmarks", "label_folder", "load_pfld", "mean_of_views"]

logger = logging.getLogger("asmnet_sdk.training")

Image: TypeAlias = NDArray[np.uint8]
Landmarks: TypeAlias = NDArray[np.float32]

Labeller: TypeAlias = Callable[[Image, BoundingBox], Landmarks]
"""Gives the (98, 2) landmarks, in image pixels, of the face in a box of an RGB image."""

_SHARED = convert_landmarks(np.arange(98, dtype=np.float32), WFLW_98, IBUG_68).astype(int)
_VIEWS = 6

# Each point that only WFLW has -> the shared points beside it.
_BESIDE = MappingProxyType(
    {
        **{i: (i - 1, i + 1) for i in range(1, 32, 2)},
        **{38: (37,), 39: (36,), 40: (35,), 41: (34,)},
        **{50: (42,), 49: (43,), 48: (44,), 47: (45,)},
        **{62: (61, 63), 66: (65, 67), 70: (69, 71), 74: (73, 75)},
        **{96: (60, 61, 63, 64, 65, 67), 97: (68, 69, 71, 72, 73, 75)},
    }
)


def complete_landmarks(found: Landmarks, truth: Landmarks) -> Landmarks:
    """Return 98 landmarks that keep 68 given ones.

    Args:
        found: (98, 2) of a network.
        truth: (68, 2) labels, same unit.
    """
    shift = np.zeros_like(found)
    shift[_SHARED] = truth - found[_SHARED]
    for point, beside in _BESIDE.items():
        shift[point] = shift[list(beside)].mean(axis=0)
    return found + shift


def mean_of_views(
    label: Labeller, image: Image, box: BoundingBox, *, generator: np.random.Generator
) -> Landmarks:
    """Return the mean landmarks of several shaken boxes, half of them in the mirror image."""
    width = image.shape[1]
    mirror_image = np.ascontiguousarray(image[:, ::-1])
    looks = []
    for _ in range(_VIEWS // 2):
        looks.append(label(image, jitter_box(box, generator)))
        found = label(mirror_image, mirror_box(jitter_box(box, generator), width))
        looks.append(mirror_points(found, WFLW_98, width))
    mean: Landmarks = np.mean(looks, axis=0, dtype=np.float32)
    return mean


def load_pfld(path: Path) -> Labeller:
    """Load a 98-point network as PFLD_GhostOne publishes it.

    Input (1, 3, 112, 112) BGR, (x / 255 - 0.5) / 0.5; output (1, 196), x and y in [0, 1] of the
    crop, whose side is 1.15 times the longer side of the face box.
    """
    session = OnnxSession(path, device="cpu", threads=1)
    [name] = session.inputs

    def label(image: Image, box: BoundingBox) -> Landmarks:
        matrix = crop_matrix(box, crop_scale=1.15, size=112)
        blob = cv2.dnn.blobFromImage(
            cut_crop(image, matrix, (112, 112)), 1 / 127.5, mean=(127.5,) * 3, swapRB=True
        )
        [points] = session.run({name: blob}).values()
        return crop_to_image(points.reshape(98, 2), matrix, 112)

    return label


def label_folder(
    label: Labeller, faces: Sequence[AnnotatedFace], out: Path, *, highest_error: float = 0.08
) -> int:
    """Label annotated faces into a folder in 300-W layout.

    Args:
        label: The 98-point network.
        faces: Faces with 68 landmarks.
        out: Receives SUBSET/NAME.pts, links to the photos and head_pose.csv.
        highest_error: Faces at whose shared points the network errs by more, as a mean share of
            the distance of the outer eye corners, are left out.

    Returns:
        The number of faces kept.
    """
    generator = np.random.default_rng(0)
    out.mkdir(parents=True, exist_ok=True)
    poses = []
    kept = 0
    for face in faces:
        image = load_image(face.photo)
        box = BoundingBox.around(face.landmarks)
        found = mean_of_views(label, image, box, generator=generator)
        if _mean_error(found, face.landmarks) > highest_error:
            continue
        kept += 1
        folder = out / face.subset
        folder.mkdir(parents=True, exist_ok=True)
        write_pts(folder / f"{face.name}.pts", complete_landmarks(found, face.landmarks))
        link_photo(face.photo, folder)
        if (pose := face.head_pose) is not None:
            angles = (pose.yaw, pose.pitch, pose.roll, face.head_pose_spread)
            poses.append((out.name, face.subset, face.name, *(f"{value:.3f}" for value in angles)))
    write_head_poses(out / "head_pose.csv", poses)
    return kept


def _mean_error(found: Landmarks, truth: Landmarks) -> float:
    right, left = IBUG_68.eye_corners
    errors = np.linalg.norm(found[_SHARED] - truth, axis=1)
    return float(errors.mean() / np.linalg.norm(truth[right] - truth[left]))


def main() -> None:
    """Label folders from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.dense_labels", description=__doc__)
    parser.add_argument("network", type=Path, help="PFLD_GhostOne_112_1_opt_sim.onnx")
    parser.add_argument("photos", type=Path, help="folder in 300-W layout with 68 points a face")
    parser.add_argument("out", type=Path, help="folder that receives the labels")
    arguments = parser.parse_args()
    faces = read_annotations(arguments.photos)
    kept = label_folder(load_pfld(arguments.network), faces, arguments.out)
    logger.info("%d of %d faces labelled in %s", kept, len(faces), arguments.out)


if __name__ == "__main__":
    main()
