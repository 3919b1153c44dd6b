"""Label photos that have 68 landmarks with the 98 of WFLW, by another network and the labels.

``python -m lab.dense_labels --help``. The 68 points that both layouts share stay
as they are; the other 30 come from the other network, and move as its error at the shared points
beside them says; pupils come from MediaPipe's mesh where both agree on them. The result is a folder
in 300-W layout, or for packed faces (``lab.training_sets``) such a file.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, crop_to_image, cut_crop
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.layouts import WFLW_98
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.placing import jitter_box
from asmnet_sdk.training.samples import FaceSamples, box_around_known
from lab.dense_map import SHARED
from lab.label_files import link_photo, write_head_poses, write_pts
from lab.mesh_points import MESH_TO_WFLW
from lab.mirroring import mirror_box, mirror_points

__all__ = [
    "BESIDE",
    "Labeller",
    "Teachers",
    "complete_landmarks",
    "label_folder",
    "label_samples",
    "load_mesh_pupils",
    "load_pfld",
    "mean_of_views",
]

logger = logging.getLogger("asmnet_sdk.training")

Image: TypeAlias = NDArray[np.uint8]
Landmarks: TypeAlias = NDArray[np.float32]

Labeller: TypeAlias = Callable[[Image, BoundingBox], Landmarks]
"""Gives the (K, 2) landmarks, in image pixels, of the face in a box of an RGB image."""

_PUPILS = [96, 97]
_VIEWS = 6
_LEAST_PRESENCE = 0.9
_PUPILS_AGREE = 0.2  # share of the width of the eye

BESIDE = MappingProxyType(
    {
        **{i: (i - 1, i + 1) for i in range(1, 32, 2)},
        **{38: (37,), 39: (36,), 40: (35,), 41: (34,)},
        **{50: (42,), 49: (43,), 48: (44,), 47: (45,)},
        **{62: (61, 63), 66: (65, 67), 70: (69, 71), 74: (73, 75)},
        **{96: (60, 61, 63, 64, 65, 67), 97: (68, 69, 71, 72, 73, 75)},
    }
)
"""Each point that only WFLW has -> the shared points beside it."""


def complete_landmarks(found: Landmarks, truth: Landmarks) -> Landmarks:
    """Return 98 landmarks that keep 68 given ones.

    Args:
        found: (98, 2) of a network.
        truth: (68, 2) labels, same unit.
    """
    shift = np.zeros_like(found)
    shift[SHARED] = truth - found[SHARED]
    for point, beside in BESIDE.items():
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


def load_mesh_pupils(task_file: Path) -> Labeller:
    """Load what gives the (2, 2) pupils, right and left, of a face that MediaPipe's mesh fits."""
    from lab.mesh import MeshTeacher  # needs ai-edge-litert, as nothing else here does

    teacher = MeshTeacher(task_file)

    def label(image: Image, box: BoundingBox) -> Landmarks:
        mesh = teacher.predict(image, box)
        if mesh.presence < _LEAST_PRESENCE:
            return np.full((2, 2), np.nan, np.float32)
        return mesh.points[MESH_TO_WFLW[_PUPILS, 0], :2].astype(np.float32)

    return label


@dataclass(frozen=True, slots=True, kw_only=True)
class Teachers:
    """Two networks that label a face.

    Attributes:
        dense: Gives all 98 points.
        pupils: Gives the two pupils, NaN where it sees none; None leaves them to ``dense``.
        highest_error: Faces at whose shared points ``dense`` errs by more, as a mean share of the
            longer side of the face box, are not labelled.
    """

    dense: Labeller
    pupils: Labeller | None = None
    highest_error: float = 0.05

    def complete(
        self, image: Image, truth: Landmarks, generator: np.random.Generator
    ) -> Landmarks | None:
        """Return the (98, 2) landmarks of a face with 68 known ones, or None where they disagree.

        Points without a label, and those beside them, are NaN.
        """
        box = box_around_known(truth)
        found = mean_of_views(self.dense, image, box, generator=generator)
        errors = np.linalg.norm(found[SHARED] - truth, axis=1)
        if np.nanmean(errors) > self.highest_error * box.longer_side:
            return None
        completed = complete_landmarks(found, truth)
        if self.pupils is not None:
            completed[_PUPILS] = _agreed_pupils(self.pupils(image, box), completed)
        return completed


def _agreed_pupils(pupils: Landmarks, dense: Landmarks) -> Landmarks:
    """Return the (2, 2) pupils where they lie near those of (98, 2) landmarks, else the latter."""
    widths = np.linalg.norm(dense[[60, 68]] - dense[[64, 72]], axis=1)
    apart = np.linalg.norm(pupils - dense[_PUPILS], axis=1)
    return np.where((apart < _PUPILS_AGREE * widths)[:, None], pupils, dense[_PUPILS])


def label_folder(teachers: Teachers, faces: Sequence[AnnotatedFace], out: Path) -> int:
    """Label annotated faces into a folder in 300-W layout.

    Args:
        teachers: The networks.
        faces: Faces with 68 landmarks.
        out: Receives SUBSET/NAME.pts, links to the photos and head_pose.csv.

    Returns:
        The number of faces kept.
    """
    generator = np.random.default_rng(0)
    out.mkdir(parents=True, exist_ok=True)
    poses = []
    kept = 0
    for face in faces:
        image = load_image(face.photo)
        landmarks = teachers.complete(image, face.landmarks, generator)
        if landmarks is None:
            continue
        kept += 1
        folder = out / face.subset
        folder.mkdir(parents=True, exist_ok=True)
        write_pts(folder / f"{face.name}.pts", landmarks)
        link_photo(face.photo, folder)
        if (pose := face.head_pose) is not None:
            angles = (pose.yaw, pose.pitch, pose.roll, face.head_pose_spread)
            poses.append((out.name, face.subset, face.name, *(f"{value:.3f}" for value in angles)))
    write_head_poses(out / "head_pose.csv", poses)
    return kept


def label_samples(teachers: Teachers, samples: FaceSamples) -> FaceSamples:
    """Return packed faces with 98 points; those that only WFLW has are NaN where nobody knows.

    They are trusted, and seen, as the least of the points beside them.
    """
    generator = np.random.default_rng(0)
    landmarks = np.full((len(samples), 98, 2), np.nan, np.float32)
    landmarks[:, SHARED] = samples.landmarks
    for points, canvas, truth in zip(landmarks, samples.canvases, samples.landmarks, strict=True):
        completed = teachers.complete(canvas, truth, generator)
        if completed is not None:
            points[:] = completed
    return replace(
        samples,
        landmarks=landmarks,
        landmark_weights=_least_beside(samples.landmark_weights),
        landmark_visible=_least_beside(samples.landmark_visible),
    )


def _least_beside(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, 98) of (N, 68) values: those of the shared points, and the least beside."""
    dense = np.full((len(values), 98), np.nan, np.float32)
    dense[:, SHARED] = values
    for point, beside in BESIDE.items():
        dense[:, point] = dense[:, list(beside)].min(axis=1)
    return dense


def main() -> None:
    """Label folders and files from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.dense_labels", description=__doc__)
    parser.add_argument("network", type=Path, help="PFLD_GhostOne_112_1_opt_sim.onnx")
    parser.add_argument(
        "photos", type=Path, help="folder in 300-W layout with 68 points a face, or packed faces"
    )
    parser.add_argument("out", type=Path, help="folder or file that receives the labels")
    parser.add_argument("--mesh", type=Path, help="face_landmarker.task, for the pupils")
    arguments = parser.parse_args()
    teachers = Teachers(
        dense=load_pfld(arguments.network),
        pupils=load_mesh_pupils(arguments.mesh) if arguments.mesh else None,
    )
    if arguments.photos.suffix == ".npz":
        labelled = label_samples(teachers, FaceSamples.load(arguments.photos))
        labelled.save(arguments.out)
        count = int(np.isfinite(labelled.landmarks[:, _PUPILS]).all(axis=(1, 2)).sum())
        logger.info("%d of %d faces labelled in %s", count, len(labelled), arguments.out)
        return
    faces = read_annotations(arguments.photos)
    count = label_folder(teachers, faces, arguments.out)
    logger.info("%d of %d faces labelled in %s", count, len(faces), arguments.out)


if __name__ == "__main__":
    main()
