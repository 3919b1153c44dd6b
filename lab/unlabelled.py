"""Pack faces of unlabelled photos, labelled by two teachers that must agree.

``python -m lab.unlabelled DATA DENSE PACKED OUT`` writes one file a source. The teachers are the
mean of several views by a network of this project, and that of a network of WFLW's 98 points,
mapped to the 68 (``DenseMap``, fitted to ``PACKED/w300.npz``). The mean of both is the label, each
point weighed by how far they agree on it.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.samples import (
    FaceSamples,
    roll_of_points,
    sure_samples,
    upright_canvas,
)
from lab.dense_labels import Labeller, load_pfld, mean_of_views
from lab.dense_map import DenseMap
from lab.pseudo_labels import average_views

__all__ = ["SOURCES", "Teachers", "label_weights", "main"]

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
_VIEWS = 2
_LEAST_SCORE = 0.3
_SMALLEST_FACE = 36
_AGREE, _STEADY = 0.035, 0.02  # at which a weight has fallen to a half; shares of the face
_DISAGREE, _UNSTEADY = 0.09, 0.05  # beyond which a face is left out
_TURNED_YAW = 30.0
_TURNED_DRAWN = 2.5
_HIDDEN_WEIGHT = 0.4
_INNER = np.arange(68) >= 17


@dataclass(frozen=True, slots=True, eq=False)
class Teachers:
    """Both teachers, and how the second one is read."""

    aligner: FaceAligner
    dense: Labeller
    dense_map: DenseMap

    @classmethod
    def load(cls, model: str, dense: Path, w300: FaceSamples) -> Teachers:
        """Load the teachers; the map is fitted to annotated faces."""
        generator = np.random.default_rng(0)
        label = load_pfld(dense)
        found = [
            mean_of_views(label, canvas, BoundingBox.around(points), generator=generator)
            for canvas, points in zip(w300.canvases, w300.landmarks, strict=True)
        ]
        return cls(
            # Views stay where they are placed.
            FaceAligner(model, threads=1, passes=1, min_score=_LEAST_SCORE),
            label,
            DenseMap.fit(np.asarray(found, np.float64), w300.landmarks.astype(np.float64)),
        )

    def label(
        self, canvas: NDArray[np.uint8], points: NDArray[np.float32], generator: np.random.Generator
    ) -> FaceSamples | None:
        """Return one face with its labels, or None where the teachers do not know.

        Args:
            canvas: (256, 256, 3) uint8 RGB, the face upright in the middle.
            points: (68, 2) where its landmarks are about.
            generator: Places the views.
        """
        box = BoundingBox.around(points)
        side = box.longer_side
        own, unsteady, score = average_views(
            self.aligner, canvas, box, views=_VIEWS, generator=generator
        )
        mapped = self.dense_map.apply(mean_of_views(self.dense, canvas, box, generator=generator))
        apart = np.linalg.norm(own - mapped, axis=1) / side
        if apart.mean() > _DISAGREE or unsteady > _UNSTEADY or score < _LEAST_SCORE:
            return None
        [look] = self.aligner.predict(canvas, [BoundingBox.around(own)], color="rgb")
        assert look.landmark_visible is not None
        is_turned = abs(look.head_pose.yaw) > _TURNED_YAW
        is_hidden = _INNER & (look.landmark_visible < 0.5)  # WFLW has those on the outline
        weights = label_weights(apart, unsteady, is_turned=is_turned)
        weights[is_hidden] *= _HIDDEN_WEIGHT
        landmarks = np.where(is_hidden[:, None], own, (own + mapped) / 2)
        samples = sure_samples(
            canvas[None], landmarks[None].astype(np.float32), np.full((1, 3), np.nan, np.float32)
        )
        return replace(
            samples,
            landmark_weights=weights[None],
            pose_weights=np.zeros(1, np.float32),
            draw_weights=np.full(1, _TURNED_DRAWN if is_turned else 1, np.float32),
        )

    def faces(
        self, picture: NDArray[np.uint8]
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
        """Find the faces of a photo: upright canvases, and about where their landmarks are."""
        found = []
        for face in self.aligner.predict(picture, color="rgb"):
            box = BoundingBox.around(face.landmarks)
            if box.longer_side < _SMALLEST_FACE:
                continue
            roll = roll_of_points(face.landmarks)
            canvas, points = upright_canvas(picture, face.landmarks, roll)
            found.append((canvas, points.astype(np.float32)))
        return found


def label_weights(
    apart: NDArray[np.floating], unsteady: float, *, is_turned: bool
) -> NDArray[np.float32]:
    """Weigh the points of a face by how far the teachers agree.

    Args:
        apart: (K,) distances of the two teachers' points, as shares of the face.
        unsteady: How far the views of one teacher disagree, likewise.
        is_turned: Whether the head is turned away: there teachers are less sure, and there is
            more to learn, so weights count by their square root.

    Returns:
        (K,) float32 in (0, 1].
    """
    weights = 1 / (1 + np.square(apart / _AGREE)) / (1 + (unsteady / _STEADY) ** 2)
    result: NDArray[np.float32] = (np.sqrt(weights) if is_turned else weights).astype(np.float32)
    return result


def pack_folder(
    teachers: Teachers, folder: Path, *, limit: int | None = None
) -> tuple[FaceSamples, int]:
    """Label the faces of a folder's photos; return them and how many faces were looked at."""
    generator = np.random.default_rng(0)
    packed, looked_at = [], 0
    for photo in sorted(folder.glob("*.jpg"))[:limit]:
        for canvas, points in teachers.faces(load_image(photo)):
            looked_at += 1
            face = teachers.label(canvas, points, generator)
            if face is not None:
                packed.append(face)
    return FaceSamples.join(packed), looked_at


def main() -> None:
    """Pack sources from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m lab.unlabelled", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("dense", type=Path, help="PFLD_GhostOne's model file, or one like it")
    parser.add_argument("packed", type=Path, help="folder with w300.npz")
    parser.add_argument("out", type=Path, help="folder that receives the files")
    parser.add_argument("--model", default="asmnet-68", help="the network that teaches")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--limit", type=int, help="take only that many photos of each")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    w300 = FaceSamples.load(arguments.packed / "w300.npz")
    teachers = Teachers.load(arguments.model, arguments.dense, w300)
    for source in arguments.sources:
        folder = arguments.data / SOURCES[source]
        faces, looked_at = pack_folder(teachers, folder, limit=arguments.limit)
        faces.save(arguments.out / f"{source}.npz")
        mean = float(faces.landmark_weights.mean())
        logger.info("%s: %d of %d faces, mean weight %.2f", source, len(faces), looked_at, mean)


if __name__ == "__main__":
    main()
