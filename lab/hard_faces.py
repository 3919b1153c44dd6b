"""How models bear hard faces, all kinds in one table.

``python -m lab.hard_faces MODEL [MODEL ...] --data DATA --packed PACKED`` prints: the 300-W common
test set as it is and damaged, WFLW's test slice by attribute, the validation parts of the other
sources (``lab.training_sets``), turned views by yaw, and how far ``landmark_visible`` and
``landmark_sigma`` hold. Crops come from the true boxes, one look each unless ``--passes`` says
otherwise; all is measured at iBUG's 68 points.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.evaluation.metrics import inter_ocular_nme
from asmnet_sdk.landmarks.looks import Passes
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.results import BoundingBox, Face
from asmnet_sdk.training.samples import FaceSamples, box_around_known, load_face_samples
from lab.conventions import nme_beyond_offsets
from lab.damages import DAMAGES
from lab.robustness import area_under_roc

__all__ = [
    "YAW_BINS",
    "Seen",
    "labelled_visibility",
    "look_at",
    "main",
    "measure",
    "read_wflw_slice",
]

_ATTRIBUTES = ("pose", "expression", "illumination", "make_up", "occlusion", "blur")
YAW_BINS = (0, 15, 30, 45, 60, 75, 90)
"""Limits of |yaw| in degrees between which errors are told apart."""
Figures = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A prediction beside the labels: landmarks NaN and pose NaN where unknown."""

    face: Face
    landmarks: NDArray[np.float32]
    head_pose: NDArray[np.float32]
    visible: NDArray[np.float32]

    @property
    def errors(self) -> NDArray[np.float64]:
        """The (68,) distances in pixels, NaN where unknown."""
        errors: NDArray[np.float64] = np.linalg.norm(self.face.landmarks - self.landmarks, axis=1)
        return errors

    @property
    def size_percent(self) -> float:
        """The mean error in percent of the longer side of the face box."""
        box = box_around_known(self.landmarks)
        return float(100 * np.nanmean(self.errors) / box.longer_side)

    @property
    def nme_percent(self) -> float:
        """The inter-ocular NME."""
        return float(inter_ocular_nme(self.face.landmarks, self.landmarks, IBUG_68))


def look_at(aligner: FaceAligner, samples: FaceSamples) -> list[Seen]:
    """Predict each face of samples at its true box."""
    return [
        Seen(_look(aligner, canvas, box_around_known(points)), points, pose, visible)
        for canvas, points, pose, visible in zip(
            samples.canvases,
            samples.landmarks,
            samples.head_poses,
            samples.landmark_visible,
            strict=True,
        )
    ]


def _look(aligner: FaceAligner, image: Path | NDArray[np.uint8], box: BoundingBox) -> Face:
    """Return the face in a box of a photo or RGB picture, with iBUG's points."""
    return aligner.predict(image, box, color="rgb")[0].to_layout(IBUG_68)


def read_wflw_slice(folder: Path) -> list[AnnotatedFace]:
    """Read ``faces.csv`` of a folder: photo, attributes, 68 points a row."""
    with (folder / "faces.csv").open(newline="", encoding="utf-8") as file:
        return [
            AnnotatedFace(
                photo=folder / f"{row['photo']}.jpg",
                subset="wflw",
                landmarks=np.array([[row[f"{a}{k}"] for a in "xy"] for k in range(68)], np.float32),
                attributes=frozenset(name for name in _ATTRIBUTES if row[name] == "1"),
            )
            for row in csv.DictReader(file)
        ]


def measure(model: str, data: Path, packed: Path, *, every: int = 1, passes: Passes = 1) -> Figures:
    """Return all figures of a model by name."""
    with FaceAligner(model, passes=passes, threads=1) as aligner:
        figures = _common(aligner, data / "300w" / "test", every)
        figures |= _wflw(aligner, data / "wflw" / "test")
        for source in ("infants", "aflw", "turned_views"):
            seen = look_at(aligner, FaceSamples.load(packed / f"{source}_validation.npz"))
            figures |= {f"{source} {name}": value for name, value in _of_source(seen).items()}
            if source == "turned_views":
                figures |= dict(_by_yaw(seen))
    return figures


def _common(aligner: FaceAligner, test: Path, every: int) -> Figures:
    faces = read_annotations(test)[::every]
    at_boxes = [
        Seen(
            _look(aligner, face.photo, BoundingBox.around(face.landmarks)),
            face.landmarks,
            _angles(face),
            np.full(68, np.nan, np.float32),
        )
        for face in faces
    ]
    nme = np.array([seen.nme_percent for seen in at_boxes])
    apart = np.abs([_pose_error(seen) for seen in at_boxes])
    figures = {"common NME": float(nme.mean()), "common above 8 %": float(100 * (nme > 8).mean())}
    found = [seen.face.landmarks for seen in at_boxes]
    beyond = nme_beyond_offsets(found, [face.landmarks for face in faces])
    figures["common NME, less mean offsets"] = float(beyond.mean())
    figures |= dict(zip(("common yaw", "common pitch", "common roll"), apart.mean(0), strict=True))
    figures["common sigma holds %"] = _coverage(at_boxes)
    samples = load_face_samples(faces)
    for name, damage in DAMAGES.items():
        generator = np.random.default_rng(0)
        seen = []
        for canvas, points in zip(samples.canvases, samples.landmarks, strict=True):
            damaged, moved = damage(canvas, points, generator)
            face = _look(aligner, damaged, BoundingBox.around(points))
            seen.append(inter_ocular_nme(face.landmarks, moved, IBUG_68))
        figures[f"common, {name}"] = float(np.mean(seen))
    return figures


def _angles(face: AnnotatedFace) -> NDArray[np.float32]:
    pose = face.head_pose
    return np.array([np.nan] * 3 if pose is None else [*pose], np.float32)


def _pose_error(seen: Seen) -> NDArray[np.float64]:
    error: NDArray[np.float64] = np.array([*seen.face.head_pose]) - seen.head_pose
    return error


def _coverage(seen: Sequence[Seen]) -> float:
    """Return the share of points within their predicted radius, in percent."""
    within = [one.errors <= _sigma(one.face) for one in seen]
    known = [np.isfinite(one.errors) for one in seen]
    return float(100 * np.concatenate(within)[np.concatenate(known)].mean())


def _wflw(aligner: FaceAligner, folder: Path) -> Figures:
    faces = read_wflw_slice(folder)
    truth = np.stack([face.landmarks for face in faces])
    found = np.stack(
        [_look(aligner, face.photo, BoundingBox.around(face.landmarks)).landmarks for face in faces]
    )
    nme, beyond = inter_ocular_nme(found, truth), nme_beyond_offsets(found, truth)
    figures = {
        "wflw NME": float(nme.mean()),
        "wflw above 8 %": float(100 * (nme > 8).mean()),
        "wflw NME, less mean offsets": float(beyond.mean()),
        "wflw above 8 %, less mean offsets": float(100 * (beyond > 8).mean()),
    }
    for name in _ATTRIBUTES:
        chosen = [name in face.attributes for face in faces]
        figures[f"wflw {name}"] = float(nme[chosen].mean())
    return figures


def _of_source(seen: Sequence[Seen]) -> Figures:
    figures = {"error, % of the face": float(np.mean([one.size_percent for one in seen]))}
    if seen[0].face.landmark_sigma is not None:
        figures["sigma holds %"] = _coverage(seen)
    if seen[0].face.landmark_visible is not None and any(
        np.isfinite(s.visible).any() for s in seen
    ):
        figures |= _visibility(seen)
    return figures


def _visibility(seen: Sequence[Seen]) -> Figures:
    """Return AUROC and expected calibration error (ten bins) of ``landmark_visible``."""
    found, truth = labelled_visibility(seen)
    bins = np.clip((found * 10).astype(int), 0, 9)
    gaps = [
        (bins == b).mean() * abs(found[bins == b].mean() - truth[bins == b].mean())
        for b in range(10)
        if (bins == b).any()
    ]
    some = np.random.default_rng(0).permutation(len(found))[:6000]
    chosen, is_seen = found[some], truth[some]
    return {
        "visible AUROC": area_under_roc(chosen[is_seen], chosen[~is_seen]),
        "visible calibration error": float(np.sum(gaps)),
    }


def _sigma(face: Face) -> NDArray[np.float32]:
    assert face.landmark_sigma is not None
    return face.landmark_sigma


def labelled_visibility(seen: Sequence[Seen]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return how likely each labelled point can be seen, by a model that tells, and whether it can.

    Two arrays (N,), for the points of all faces whose visibility is known.
    """
    truth = np.concatenate([one.visible for one in seen])
    known = np.isfinite(truth)
    return np.concatenate([_visible(one.face) for one in seen])[known], truth[known] > 0.5


def _visible(face: Face) -> NDArray[np.float32]:
    assert face.landmark_visible is not None
    return face.landmark_visible


def _by_yaw(seen: Sequence[Seen]) -> Iterator[tuple[str, float]]:
    """Yield error and yaw error of each bin of |yaw|, and the slope of predicted on true yaw."""
    yaw = np.array([one.head_pose[0] for one in seen])
    found = np.array([one.face.head_pose.yaw for one in seen])
    size = np.array([one.size_percent for one in seen])
    for low, high in pairwise(YAW_BINS):
        chosen = (np.abs(yaw) >= low) & (np.abs(yaw) < high)
        yield f"turned {low} to {high}: error, % of the face", float(size[chosen].mean())
        yield f"turned {low} to {high}: yaw error", float(np.abs(found - yaw)[chosen].mean())
    yield "turned: slope of yaw", float(np.polyfit(yaw, found, 1)[0])


def _table(figures: Mapping[str, Figures]) -> str:
    names = list(dict.fromkeys(name for column in figures.values() for name in column))
    lines = [f"{'':44}" + "".join(f"{Path(model).parent.name[-16:]:>18}" for model in figures)]
    for name in names:
        cells = [
            f"{column[name]:18.3f}" if name in column else f"{'-':>18}"
            for column in figures.values()
        ]
        lines.append(f"{name:44}" + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    """Measure models from the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.hard_faces", description=__doc__)
    parser.add_argument("models", nargs="+", help="registry names or model files")
    parser.add_argument("--data", type=Path, required=True, help="folder with 300w and wflw")
    parser.add_argument("--packed", type=Path, required=True, help="files of lab.training_sets")
    parser.add_argument("--every", type=int, default=1, help="take every n-th common face")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument(
        "--passes",
        type=lambda text: text if text == "auto" else int(text),
        choices=("auto", 1, 2),
        default=1,
        help="looks at each face",
    )
    options = parser.parse_args()
    figures = {
        model: measure(
            model, options.data, options.packed, every=options.every, passes=options.passes
        )
        for model in options.models
    }
    print(_table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
