"""Train the default network on 300-W photos: ``python -m asmnet_sdk.training --help``."""

from __future__ import annotations

import argparse
import logging
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
import torch

from asmnet_sdk.datasets import AnnotatedFace, find_head_pose_file, read_300w
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.samples import is_validation, load_face_samples, load_negatives
from asmnet_sdk.training.trainer import Recipe, Trainer


def main() -> None:
    """Train and leave checkpoint, log and averaged weights in the folder given."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments = _parser().parse_args()
    recipe = Recipe(**{field.name: getattr(arguments, field.name) for field in fields(Recipe)})
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(arguments.threads)
    annotated = [face for root in arguments.photos for face in _read(root)]
    training = [face for face in annotated if not is_validation(face)]
    validation = [face for face in annotated if is_validation(face)]
    extra = [face for root in arguments.extra for face in _read(root)]
    generator = np.random.default_rng(recipe.seed)
    network = SpatialAsmnet(IBUG_68.point_count)
    if arguments.start_from:
        network.load_state_dict(torch.load(arguments.start_from, weights_only=True))
    trainer = Trainer(
        network,
        recipe,
        IBUG_68,
        faces=load_face_samples(training * arguments.repeat + extra),
        validation=load_face_samples(validation),
        negatives=load_negatives(training, per_photo=3, generator=generator),
        folder=arguments.out,
    )
    logging.info(
        "%d annotated faces, %d more, %d for validation",
        len(training),
        len(extra),
        len(validation),
    )
    torch.save(trainer.run().state_dict(), arguments.out / "weights.pt")


def _read(root: Path) -> list[AnnotatedFace]:
    return read_300w(root, head_pose_file=find_head_pose_file(root))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m asmnet_sdk.training", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for checkpoint.pt, log.jsonl, weights.pt")
    parser.add_argument(
        "photos", type=Path, nargs="+", help="300-W layout folders: SUBSET/NAME.pts + photo"
    )
    parser.add_argument(
        "--extra",
        type=Path,
        nargs="*",
        default=[],
        help="folders of the same layout that only train, such as pseudo-labelled photos",
    )
    parser.add_argument(
        "--repeat", type=int, default=1, help="how often an epoch shows each annotated face"
    )
    parser.add_argument("--start-from", type=Path, help="weights.pt of an earlier run")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    for field in fields(Recipe):
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
