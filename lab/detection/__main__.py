"""Train the face detector: ``python -m lab.detection --help``."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path

import cv2
import numpy as np
import torch

from asmnet_sdk.training.loop import CHECKPOINT_FILE
from lab.detection.backgrounds import Backgrounds
from lab.detection.batches import make_batches, to_network_input
from lab.detection.inference import validation_mosaics, whole_photo
from lab.detection.labels import PhotoLabels, read_labels
from lab.detection.mosaics import PhotoPool
from lab.detection.networks import DetectionNetwork
from lab.detection.photos import DetectionPhoto, is_validation_photo, load_photos
from lab.detection.trainer import DetectionRecipe, DetectionTrainer
from lab.detection.weights import start_from

SHARES = {
    "300w": 0.32,
    "wflw": 0.18,
    "aflw": 0.12,
    "portraits": 0.05,
    "masks": 0.09,
    "turned": 0.05,
    "infants": 0.04,
    "lighting": 0.02,
}
"""How often a tile shows a photo of a source; the other tiles show no face."""

_SIZE = 320
_PARTS, _VALIDATION_PARTS = 1200, 60
_WHOLE_PHOTOS, _MOSAICS = 48, 30


def main() -> None:
    """Train and leave checkpoint, log and averaged weights in the folder given."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args()
    recipe = DetectionRecipe(
        **{field.name: getattr(options, field.name) for field in fields(DetectionRecipe)}
    )
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)  # a forked process hangs where OpenCV has threads
    labels = {path.stem: read_labels(path) for path in sorted(options.labels.glob("*.jsonl"))}
    pool = _pool(labels, options, is_validation=False)
    network = DetectionNetwork()
    if options.start_from and not (options.out / CHECKPOINT_FILE).exists():
        [batch] = make_batches(
            pool, batches=1, pixels=4_000_000, generator=np.random.default_rng(recipe.seed)
        )
        if options.start_from.suffix == ".pt":
            network.load_state_dict(torch.load(options.start_from, weights_only=True))
        else:
            start_from(network, options.start_from, to_network_input(batch.pictures))
    held_out = _pool(labels, options, is_validation=True)
    trainer = DetectionTrainer(
        network,
        recipe,
        pool=pool,
        validation={
            "photos": [whole_photo(p, _SIZE) for p in held_out.photos["300w"][:_WHOLE_PHOTOS]],
            "mosaics": validation_mosaics(held_out, size=_SIZE, count=_MOSAICS),
        },
        folder=options.out,
    )
    torch.save(trainer.run().state_dict(), options.out / "weights.pt")


def _pool(
    labels: Mapping[str, Sequence[PhotoLabels]], options: argparse.Namespace, *, is_validation: bool
) -> PhotoPool:
    photos: dict[str, list[DetectionPhoto]] = {}
    for name, rows in labels.items():
        chosen = [row for row in rows if is_validation_photo(row) == is_validation]
        photos[name] = load_photos(chosen, options.data)
    backgrounds = Backgrounds(
        [*photos["300w"], *photos["wflw"]],
        sorted(options.faceless.iterdir()) if options.faceless else [],
        count=_VALIDATION_PARTS if is_validation else _PARTS,
        generator=np.random.default_rng(options.seed),
    )
    return PhotoPool(photos=photos, shares=SHARES, backgrounds=backgrounds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.detection", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for checkpoint.pt, log.jsonl, weights.pt")
    parser.add_argument("labels", type=Path, help="folder of label files")
    parser.add_argument("data", type=Path, help="folder of all data")
    parser.add_argument("--faceless", type=Path, help="folder of pictures without a face")
    parser.add_argument("--start-from", type=Path, help="an earlier detector's ONNX file")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    for field in fields(DetectionRecipe):
        default = None if field.default is MISSING else field.default
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=int if field.type == "int" else float,
            default=default,
            required=default is None,
        )
    return parser


if __name__ == "__main__":
    main()
