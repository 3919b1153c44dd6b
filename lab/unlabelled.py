"""Pack faces of unlabelled photos, labelled by two teachers that must agree.

``python -m lab.unlabelled DATA PRETRAINED PACKED OUT --yunet FILE`` writes one file a source. The
teachers are the mean of several views by a network of this project, and MediaPipe's mesh mapped to
the 68 points (``MeshMap``, fitted to ``PACKED/w300.npz``). Where both agree, their mean is the
label, weighed by how well they agree; where only the mesh is sure of itself, its inner points are a
weak label.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.crops import crop_matrix, cut_crop
from asmnet_sdk.detection.yunet import YuNetDetector
from asmnet_sdk.geometry import invert, scale_of, transform_points
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import CANVAS_SCALE, CANVAS_SIZE, FaceSamples, sure_samples
from lab.mesh import MeshTeacher
from lab.mesh_map import MeshMap, MeshPose, read_canonical
from lab.pseudo_labels import average_views

__all__ = ["SOURCES", "Teachers", "main"]

logger = logging.getLogger("asmnet_sdk.lab")

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "lfw": "lfw",
        "portraits": "faces/portraits",
        "masks": "faces/masks",
        "wflw": "wflw/unlabelled",
        "utkface": "faces/utkface",
        "lighting": "faces/lighting",
    }
)
_VIEWS = 3
_SMALLEST_FACE = 28.0
_AGREE, _DISAGREE = 0.035, 0.10
_JAW = slice(0, 17)


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """Both teachers, and how the mesh is read."""

    aligner: FaceAligner
    mesh: MeshTeacher
    mesh_map: MeshMap
    mesh_pose: MeshPose

    @classmethod
    def load(cls, model: str, pretrained: Path, w300: FaceSamples) -> Teachers:
        """Load the teachers; map and pose of the mesh are fitted to annotated faces."""
        mesh = MeshTeacher(pretrained / "face_landmarker.task")
        pairs = zip(w300.canvases, w300.landmarks, strict=True)
        meshes = np.array([mesh.predict(c, BoundingBox.around(p)).points for c, p in pairs])
        canonical = read_canonical(pretrained / "canonical_face_model.obj")
        known = np.isfinite(w300.head_poses).all(axis=1)
        return cls(
            FaceAligner(model, threads=1, passes=1),  # views stay where they are placed
            mesh,
            MeshMap.fit(meshes, w300.landmarks.astype(np.float64), ridge=1.0),
            MeshPose.fit(canonical, meshes[known], w300.head_poses[known].astype(np.float64)),
        )

    def label(
        self, picture: NDArray[np.uint8], box: BoundingBox, generator: np.random.Generator
    ) -> FaceSamples | None:
        """Return one face with its labels, or None where the teachers do not know."""
        placed = self._upright_canvas(picture, box)
        if placed is None:
            return None
        canvas, box = placed
        mesh = self.mesh.predict(canvas, box)
        mapped = self.mesh_map.apply(mesh.points)
        own, disagreement, score = average_views(
            self.aligner, canvas, box, views=_VIEWS, generator=generator
        )
        side = max(box.width, box.height)
        apart = float(np.linalg.norm(own - mapped, axis=1)[17:].mean()) / side
        if mesh.presence < 0.9 or apart > _DISAGREE:
            return None
        pose = self.mesh_pose.angles(mesh.points)
        agrees = apart <= _AGREE and disagreement < 0.03 and score > 0.5
        if not agrees and (mesh.presence < 0.99 or abs(pose[0]) > 50):
            return None
        weights = np.full(68, 0.8 / (1 + (apart / 0.02) ** 2) if agrees else 0.25)
        landmarks = (own + mapped) / 2 if agrees else mapped
        if not agrees:
            weights[_JAW] = 0.05
        samples = sure_samples(
            canvas[None], landmarks[None].astype(np.float32), pose[None].astype(np.float32)
        )
        return replace(
            samples,
            landmark_weights=weights[None].astype(np.float32),
            pose_weights=np.array([0.3 if abs(pose[0]) < 35 else 0.0], np.float32),
        )

    def _upright_canvas(
        self, picture: NDArray[np.uint8], box: BoundingBox
    ) -> tuple[NDArray[np.uint8], BoundingBox] | None:
        """Cut a canvas, place it better by two looks of the mesh; return it and the face box."""
        roll = 0.0
        for _ in range(3):
            matrix = crop_matrix(
                box, crop_scale=CANVAS_SCALE, size=CANVAS_SIZE, clockwise_degrees=roll
            )
            canvas = cut_crop(picture, matrix, (CANVAS_SIZE, CANVAS_SIZE))
            half = CANVAS_SIZE / CANVAS_SCALE / 2
            middle = (CANVAS_SIZE - 1) / 2
            inner = BoundingBox(middle - half, middle - half, middle + half, middle + half)
            mesh = self.mesh.predict(canvas, inner)
            if mesh.presence < 0.5:
                return None
            around = BoundingBox.around(self.mesh_map.apply(mesh.points))
            roll += float(np.clip(self.mesh_pose.angles(mesh.points)[2], -60, 60))
            # The centre goes back into the picture; the side keeps its scale.
            x, y = transform_points(invert(matrix), around.center)
            side = max(around.width, around.height) / scale_of(matrix)
            box = BoundingBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        return canvas, around


def pack_folder(
    teachers: Teachers, folder: Path, yunet: YuNetDetector, *, limit: int | None
) -> tuple[FaceSamples, int]:
    """Label the faces of a folder's photos; return them and how many faces were looked at."""
    generator = np.random.default_rng(0)
    found, looked_at = [], 0
    for photo in sorted(folder.glob("*.jpg"))[:limit]:
        picture = load_image(photo)
        for box in _boxes(picture, yunet):
            looked_at += 1
            face = teachers.label(picture, box, generator)
            if face is not None:
                found.append(face)
    return FaceSamples.join(found), looked_at


def _boxes(picture: NDArray[np.uint8], yunet: YuNetDetector) -> Iterator[BoundingBox]:
    """Yield YuNet's boxes; where it finds none in a small picture, the middle of it."""
    boxes = [box for box in yunet.detect(picture) if max(box.width, box.height) > _SMALLEST_FACE]
    yield from boxes
    height, width = picture.shape[:2]
    if not boxes and max(height, width) <= 260:
        half = 0.3 * min(height, width)
        x, y = width / 2, 0.55 * height
        yield BoundingBox(x - half, y - half, x + half, y + half)


def main() -> None:
    """Pack sources from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.unlabelled", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pretrained", type=Path, help="folder with face_landmarker.task")
    parser.add_argument("packed", type=Path, help="folder with w300.npz")
    parser.add_argument("out", type=Path, help="folder that receives the files")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet's model file")
    parser.add_argument("--model", default="asmnet-68", help="the network that teaches")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--limit", type=int, help="take only that many photos of each")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    w300 = FaceSamples.load(arguments.packed / "w300.npz")
    teachers = Teachers.load(arguments.model, arguments.pretrained, w300)
    yunet = YuNetDetector(arguments.yunet, threads=1)
    for source in arguments.sources:
        folder = arguments.data / SOURCES[source]
        faces, looked_at = pack_folder(teachers, folder, yunet, limit=arguments.limit)
        faces.save(arguments.out / f"{source}.npz")
        sure = float((faces.landmark_weights[:, 0] > 0.1).mean())
        logger.info("%s: %d of %d faces, %.0f %% sure", source, len(faces), looked_at, 100 * sure)


if __name__ == "__main__":
    main()
