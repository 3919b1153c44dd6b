"""Pack the training and validation faces of every source, each into one file.

``python -m lab.training_sets DATA PRETRAINED OUT --sources aflw infants turned_views ...`` writes
``OUT/SOURCE.npz`` and, where a source has a validation part, ``OUT/SOURCE_validation.npz``
(``FaceSamples``).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.geometry import rotate_head_pose, transform_points
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import (
    CANVAS_SCALE,
    CANVAS_SIZE,
    FaceSamples,
    load_face_samples,
    roll_of_points,
    sure_samples,
    upright_canvas,
)
from asmnet_sdk.training.validation_part import is_in_share, is_validation
from lab.aflw import read_aflw, validates
from lab.mesh import MeshTeacher
from lab.turned_views import SourceView, read_triangles, turn_view

__all__ = ["SOURCES", "main", "pack_aflw", "pack_infants", "pack_turned_views"]

logger = logging.getLogger("asmnet_sdk.lab")

_SOURCE_SIZE, _SOURCE_SCALE = 480, 3.3
_LARGEST_SOURCE_YAW = 40.0
# Annotated as the camera held them, but stored turned by a quarter: the points miss the faces.
_MISPLACED_INFANTS = frozenset(
    f"youtube2_{number}" for number in ("004", "010", "040", "044", "045", "049", "053")
)
_VALIDATION_YAWS = (0, 7.5, 22.5, 37.5, 52.5, 67.5, 82.5)


def pack_w300(data: Path, _pretrained: Path) -> tuple[FaceSamples, FaceSamples]:
    """Pack the training photos of 300-W."""
    faces = read_annotations(data / "300w" / "train")
    parts = ([f for f in faces if is_validation(f) == flag] for flag in (False, True))
    training, validation = (load_face_samples(part) for part in parts)
    return training, validation


def pack_infants(data: Path, _pretrained: Path) -> tuple[FaceSamples, FaceSamples]:
    """Pack the babies; one in seven validates."""
    found = read_annotations(data / "infants" / "train")
    faces = [face for face in found if face.name not in _MISPLACED_INFANTS]
    parts = [[f for f in faces if is_in_share(f.name, 0.15) == flag] for flag in (0, 1)]
    training, validation = (
        _upright((load_image(face.photo), face.landmarks) for face in part) for part in parts
    )
    return training, validation


def _upright(pictures: Iterable[tuple[NDArray[np.uint8], NDArray[np.float32]]]) -> FaceSamples:
    """Cut canvases, turned upright by the landmarks."""
    canvases, landmarks = [], []
    for picture, points in pictures:
        canvas, placed = upright_canvas(picture, points, roll_of_points(points))
        canvases.append(canvas)
        landmarks.append(placed)
    return sure_samples(
        np.stack(canvases),
        np.asarray(landmarks, np.float32),
        np.full((len(canvases), 3), np.nan, np.float32),
    )


def pack_aflw(data: Path, _pretrained: Path) -> tuple[FaceSamples, FaceSamples]:
    """Pack AFLW's faces, annotated with the visibility of each point; one in ten validates."""
    faces = list(read_aflw(data / "aflw"))
    parts = []
    for flag in (False, True):
        part = [face for face in faces if validates(face) == flag]
        samples = _upright([(load_image(face.photo), face.landmarks) for face in part])
        residual = np.array([face.residual for face in part], np.float32)
        weights = (0.7 / (1 + (residual / 1.5) ** 2))[:, None] * np.ones((1, 68))
        visible = np.stack([face.visible for face in part])
        parts.append(
            replace(samples, landmark_weights=weights.astype(np.float32), landmark_visible=visible)
        )
    return parts[0], parts[1]


def pack_turned_views(
    data: Path, pretrained: Path, *, views: int = 3
) -> tuple[FaceSamples, FaceSamples]:
    """Turn the photos of 300-W: some views of each for training, fixed yaws for validation.

    Their annotations may be those of ``lab.dense_labels``.
    """
    generator = np.random.default_rng(0)
    faces = [
        face
        for face in read_annotations(data / "300w" / "train")
        if face.head_pose is not None and abs(face.head_pose.yaw) < _LARGEST_SOURCE_YAW
    ]
    sources = _sources(faces, pretrained)
    triangles = read_triangles(pretrained / "canonical_face_model.obj")
    training, validation = [], []
    for face, source in sources:
        yaw, pitch = source.head_pose[:2]
        if is_validation(face):
            if abs(yaw) < 20 and (sign := 1.0 if yaw >= 0 else -1.0):
                poses = [(sign * target, pitch) for target in _VALIDATION_YAWS]
                validation += [_view(source, triangles, pose) for pose in poses]
        else:
            poses = [_random_pose(yaw, pitch, generator) for _ in range(views)]
            training += [_view(source, triangles, pose) for pose in poses]
    return FaceSamples.join(training), FaceSamples.join(validation)


def _sources(
    faces: Sequence[AnnotatedFace], pretrained: Path
) -> Iterator[tuple[AnnotatedFace, SourceView]]:
    teacher = MeshTeacher(pretrained / "face_landmarker.task")
    for face in faces:
        assert face.head_pose is not None
        pose = np.array([face.head_pose.yaw, face.head_pose.pitch, face.head_pose.roll])
        matrix = crop_matrix(
            BoundingBox.around(face.landmarks),
            crop_scale=_SOURCE_SCALE,
            size=_SOURCE_SIZE,
            clockwise_degrees=pose[2],
        )
        picture = cut_crop(load_image(face.photo), matrix, (_SOURCE_SIZE, _SOURCE_SIZE))
        landmarks = transform_points(matrix, face.landmarks).astype(np.float32)
        mesh = teacher.predict(picture, BoundingBox.around(landmarks))
        if mesh.presence > 0.9:
            yield (
                face,
                SourceView(
                    picture=picture,
                    landmarks=landmarks,
                    mesh=mesh.points,
                    head_pose=rotate_head_pose(pose, -pose[2]),
                ),
            )


def _random_pose(yaw: float, pitch: float, generator: np.random.Generator) -> tuple[float, float]:
    """Draw yaw and pitch: mostly turned farther the same way, some only nod, some both."""
    sign = np.sign(yaw) if abs(yaw) > 8 else generator.choice([-1.0, 1.0])
    nod = float(np.clip(pitch + generator.normal(0, 18), -40, 40))
    if generator.random() < 0.25:
        return yaw + generator.normal(0, 4), float(generator.uniform(-40, 35))
    target = generator.uniform(max(20.0, abs(yaw)), 90)
    return float(sign * target), nod if generator.random() < 0.5 else pitch


def _view(
    source: SourceView, triangles: NDArray[np.int64], yaw_pitch: tuple[float, float]
) -> FaceSamples:
    pose = np.array([*yaw_pitch, 0.0])
    view = turn_view(source, triangles, pose, size=CANVAS_SIZE, canvas_scale=CANVAS_SCALE)
    samples = sure_samples(view.canvas[None], view.landmarks[None], pose[None].astype(np.float32))
    return replace(
        samples,
        landmark_weights=np.where(view.visible > 0, 1, 0.5).astype(np.float32)[None],
        landmark_visible=view.visible[None],
    )


_Packer: TypeAlias = Callable[[Path, Path], tuple[FaceSamples, FaceSamples]]

SOURCES: Mapping[str, _Packer] = MappingProxyType(
    {
        "w300": pack_w300,
        "aflw": pack_aflw,
        "infants": pack_infants,
        "turned_views": pack_turned_views,
    }
)


def main() -> None:
    """Pack sources from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.training_sets", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with 300w, aflw, infants, ...")
    parser.add_argument("pretrained", type=Path, help="folder with face_landmarker.task")
    parser.add_argument("out", type=Path, help="folder that receives the files")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument(
        "--views", type=int, default=3, help="turned views of each training photo (default: 3)"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    packers: dict[str, _Packer] = {
        **SOURCES,
        "turned_views": partial(pack_turned_views, views=arguments.views),
    }
    for source in arguments.sources:
        training, validation = packers[source](arguments.data, arguments.pretrained)
        training.save(arguments.out / f"{source}.npz")
        validation.save(arguments.out / f"{source}_validation.npz")
        logger.info("%s: %d faces, %d validate", source, len(training), len(validation))


if __name__ == "__main__":
    main()
