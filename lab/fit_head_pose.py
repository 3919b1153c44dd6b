"""Teach the head pose of a trained network anew; everything else it gives stays as it is.

    python -m lab.fit_head_pose MODEL RUN OUT --turned-views FILE --renders FILE

reads the network of a model file (or of a run's ``weights.pt``), shows it crops of the run's
photos, of turned views (``lab.training_sets``) and of rendered heads (``lab.rendered_heads``), fits
the two layers of ``head_pose`` to what the rest of the network makes of them, and leaves a run
folder that ``lab.release`` takes. ``--profiles FACES YAWS`` adds real profiles whose yaw was
estimated by eye (``lab.estimated_yaws``): without any, the yaw of real ones comes out 8 to 12
degrees too small. ``--former MODEL FACES ...`` shows packed real faces whose heads are turned, as a
model sees them that has learned so: what it knows of real heads is passed on.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from asmnet_sdk.training.batches import BatchSource
from asmnet_sdk.training.losses import rotation_loss
from asmnet_sdk.training.samples import FaceSamples, load_face_samples
from asmnet_sdk.training.start_poses import file_poses, with_start_poses
from asmnet_sdk.training.tensor_geometry import rotation_of, rotation_to_euler
from lab.estimated_yaws import divide, nose_loss, read_estimated_yaws, yaw_summary
from lab.head_pose_errors import errors_by_yaw, pose_table
from lab.refitting import Evidence, LayerReader, Refit, refit_parser

__all__ = ["as_seen_by", "fit_head_pose"]

logger = logging.getLogger("asmnet_sdk.training")

_CROPS, _PROFILE_CROPS = 3840, 512  # of each kind
_BATCH = 64
_STEPS, _DRAWN, _PROFILES_DRAWN, _LEARNING_RATE = 7000, 448, 24, 1e-3
_WEIGHTS = {"photos": 0.63, "turned views": 0.25, "renders": 0.4, "real heads": 0.4}
_TURNED_YAW = 30.0
_PROFILE_WEIGHT = 0.06


def fit_head_pose(
    layers: nn.Module,
    evidence: Evidence,
    profiles: Evidence | None = None,
    *,
    steps: int = _STEPS,
    seed: int = 0,
) -> None:
    """Fit the layers that give a rotation in six numbers, going on from their weights.

    Args:
        layers: The layers.
        evidence: What they read, and (N, 3) true yaw, pitch, roll in degrees.
        profiles: The same of faces of which only the way the nose points is known.
        steps: How many; each draws crops by their weights and lowers the angles of their errors.
        seed: Seed of what is drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(layers.parameters(), lr=_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    alike = torch.ones(_DRAWN)

    def draw(some: Evidence, count: int) -> tuple[Tensor, Tensor]:
        drawn = some.weights.multinomial(count, replacement=True, generator=generator)
        return rotation_of(layers(some.features[drawn])), some.truth[drawn]

    for _ in range(steps):
        loss = rotation_loss(*draw(evidence, _DRAWN), alike)
        if profiles is not None:
            loss = loss + _PROFILE_WEIGHT * nose_loss(*draw(profiles, _PROFILES_DRAWN))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _show(refit: Refit, reader: LayerReader, faces: FaceSamples, crops: int = _CROPS) -> Evidence:
    """Return what the layers read of augmented crops of faces, each weighed by its label."""
    recipe = replace(
        refit.config.recipe, batch_size=_BATCH, negatives=0, epoch_faces=crops, early_epochs=0
    )
    source = BatchSource(
        faces=_with_pose(faces),
        negatives=np.empty((0, 1, 1, 3), np.uint8),
        layout=refit.layout,
        recipe=recipe,
    )
    return Evidence.join(
        Evidence(reader.read(batch.images), batch.head_poses, batch.pose_weights)
        for batch in source.epoch(0)
    )


def _with_pose(faces: FaceSamples) -> FaceSamples:
    return faces.take(np.flatnonzero(np.isfinite(faces.head_poses).all(axis=1)))


def as_seen_by(model: Path, packed: Sequence[Path]) -> FaceSamples:
    """Return the faces of packed files whose heads are turned, with the poses that a model sees."""
    unknown = np.float32(np.nan)
    joined = FaceSamples.join([FaceSamples.load(path) for path in packed])
    unlabelled = replace(joined, head_poses=np.full_like(joined.head_poses, unknown))
    seen = with_start_poses(unlabelled, file_poses(model))
    turned = np.flatnonzero(np.abs(seen.head_poses[:, 0]) >= _TURNED_YAW)
    return replace(seen.take(turned), pose_weights=np.ones(len(turned), np.float32))


def _look(refit: Refit, reader: LayerReader, faces: FaceSamples) -> Evidence:
    """Return what the layers read of faces at their true boxes."""
    return Evidence(
        reader.read_crops(refit.crops(faces)),
        torch.from_numpy(faces.head_poses),
        torch.from_numpy(faces.pose_weights),
    )


def _report(
    title: str, layers: nn.Module, validation: dict[str, Evidence], held: Evidence | None
) -> None:
    logger.info("\n%s", title)
    for name, seen in validation.items():
        found = _found(layers, seen)
        logger.info("\n%s\n\n%s", name, pose_table(errors_by_yaw(found, seen.truth)))
    if held is not None:
        found = _found(layers, held)
        logger.info("\nestimated by eye: %s", yaw_summary(found[:, 0], held.truth[:, 0]))


@torch.inference_mode()
def _found(layers: nn.Module, seen: Evidence) -> Tensor:
    return rotation_to_euler(rotation_of(layers(seen.features)))


def main() -> None:
    """Fit a head pose from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = _parser()
    options = parser.parse_args()
    if options.former and len(options.former) < 2:
        parser.error("--former takes a model and then at least one file of packed faces")
    refit = Refit.read(options)
    layers = refit.network.pose
    reader = refit.reader(layers)
    shown = {
        "photos": load_face_samples(refit.training, refit.layout),
        "turned views": FaceSamples.load(options.turned_views),
        "renders": FaceSamples.load(options.renders),
    }
    if options.former:
        former, *packed = options.former
        shown["real heads"] = as_seen_by(former, packed)
    evidence = Evidence.join(
        _show(refit, reader, faces).counting(_WEIGHTS[kind]) for kind, faces in shown.items()
    )
    profiles = held = None
    if options.profiles:
        teaching, kept_back = divide(read_estimated_yaws(*options.profiles))
        profiles = _show(refit, reader, teaching, _PROFILE_CROPS)
        held = _look(refit, reader, kept_back)
    sets = dict(refit.validation) | {p.stem: FaceSamples.load(p) for p in options.measure}
    posed = {name: _with_pose(faces) for name, faces in sets.items()}
    validation = {name: _look(refit, reader, some) for name, some in posed.items() if len(some)}
    _report("before", layers, validation, held)
    fit_head_pose(layers, evidence, profiles)
    _report("after", layers, validation, held)
    refit.save()


def _parser() -> argparse.ArgumentParser:
    parser = refit_parser("lab.fit_head_pose", __doc__)
    parser.add_argument("--turned-views", type=Path, required=True, help="packed turned views")
    parser.add_argument("--renders", type=Path, required=True, help="packed rendered heads")
    parser.add_argument(
        "--profiles",
        type=Path,
        nargs=2,
        metavar=("FACES", "YAWS"),
        help="packed faces, and a CSV file of the yaws of some of them: face, yaw",
    )
    parser.add_argument(
        "--former",
        type=Path,
        nargs="+",
        metavar=("MODEL", "FACES"),
        help="a model, and packed faces whose head poses it passes on",
    )
    parser.add_argument(
        "--measure", type=Path, nargs="+", default=[], help="further packed faces to measure on"
    )
    return parser


if __name__ == "__main__":
    main()
