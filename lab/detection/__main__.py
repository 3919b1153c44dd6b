"""Train the face detector: ``python -m lab.detection --help``."""

from __future__ import annotations

import argparse
import logging
from dataclasses import MISSING, fields
from pathlib import Path

import torch

from asmnet_sdk.datasets import read_300w
from asmnet_sdk.training.samples import is_validation
from lab.detection.networks import DetectionNetwork
from lab.detection.photos import load_photos
from lab.detection.teacher import read_other_faces
from lab.detection.trainer import DetectionRecipe, DetectionTrainer


def main() -> None:
    """Train and leave checkpoint, log and averaged weights in the folder given."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args()
    recipe = DetectionRecipe(
        **{field.name: getattr(options, field.name) for field in fields(DetectionRecipe)}
    )
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(options.threads)
    others = read_other_faces(options.others) if options.others else {}
    annotated = [face for root in options.photos for face in read_300w(root)]
    extra = [face for root in options.extra for face in read_300w(root)]
    training = [face for face in annotated if not is_validation(face)]
    trainer = DetectionTrainer(
        DetectionNetwork(),
        recipe,
        photos=load_photos(training, others) * options.repeat + load_photos(extra, others),
        validation=load_photos([face for face in annotated if is_validation(face)], others),
        folder=options.out,
    )
    torch.save(trainer.run().state_dict(), options.out / "weights.pt")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.detection", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for checkpoint.pt, log.jsonl, weights.pt")
    parser.add_argument(
        "photos", type=Path, nargs="+", help="annotated photos in the layout of 300-W"
    )
    parser.add_argument(
        "--extra", type=Path, nargs="*", default=[], help="photos of that layout that only train"
    )
    parser.add_argument("--others", type=Path, help="what the teacher found, a JSON file")
    parser.add_argument(
        "--repeat", type=int, default=1, help="weight of an annotated photo beside an extra one"
    )
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
