"""Teach the face score of a trained network anew; everything else it gives stays as it is.

    python -m lab.face_score MODEL RUN OUT --false-faces CROPS

reads the network of a model file (or of a run's ``weights.pt``), shows it the faces of a run's
configuration and crops without a face (``lab.false_faces``), fits the layer of ``face_score`` to
what the rest of the network makes of them, and leaves a run folder that ``lab.release`` takes.
That layer sees each crop many times, the rest of the network only once: minutes on a CPU.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from asmnet_sdk.images.loading import load_image
from asmnet_sdk.training.augmentation import augment_negative
from asmnet_sdk.training.batches import BatchSource, to_network_input
from asmnet_sdk.training.choices import layout_of
from asmnet_sdk.training.configuration import RunConfig, read_config, write_config
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.run import take_start
from asmnet_sdk.training.run_faces import (
    load_further,
    load_run_negatives,
    load_training_faces,
    read_faces,
)
from asmnet_sdk.training.run_folder import CONFIG_FILE, WEIGHTS_FILE
from asmnet_sdk.training.samples import FaceSamples, is_in_share, load_face_samples
from asmnet_sdk.training.torch_files import save_state

__all__ = ["Evidence", "fit_face_score", "gather", "read_false_faces"]

logger = logging.getLogger("asmnet_sdk.training")

_FACES, _OTHERS = 40, 24
_VALIDATION_SHARE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the layer of the face score sees of N crops.

    Attributes:
        features: (N, C) their input.
        is_face: (N,) 1 for faces, 0 for the rest.
        weights: (N,) how much each counts.
    """

    features: Tensor
    is_face: Tensor
    weights: Tensor

    @classmethod
    def of(cls, features: Tensor, *, is_face: bool, weight: float) -> Evidence:
        """Return evidence of one kind, which counts ``weight`` in all."""
        count = len(features)
        return cls(
            features,
            torch.full((count,), float(is_face)),
            torch.full((count,), weight / max(count, 1)),
        )

    @classmethod
    def join(cls, parts: Iterable[Evidence]) -> Evidence:
        """Return all evidence together."""
        rows = [(part.features, part.is_face, part.weights) for part in parts]
        return cls(*(torch.cat(column) for column in zip(*rows, strict=True)))


@torch.inference_mode()
def gather(network: SpatialAsmnet, images: Iterable[Tensor]) -> Tensor:
    """Return what the face score's layer sees of batches of (N, 3, S, S) crops in [-1, 1]."""
    seen: list[Tensor] = []
    hook = network.face.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    network.eval()
    for batch in images:
        network(batch)
    hook.remove()
    return torch.cat(seen)


def fit_face_score(
    network: SpatialAsmnet, evidence: Evidence, *, epochs: int, seed: int = 0
) -> None:
    """Fit the layer of the face score, from random weights, by weighted cross entropy."""
    torch.manual_seed(seed)
    network.face.reset_parameters()
    count, weights = len(evidence.features), evidence.weights / evidence.weights.mean()
    optimizer = torch.optim.AdamW(network.face.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = epochs * -(-count // 256)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for chosen in torch.randperm(count).split(256):
            logits = network.face(evidence.features[chosen]).squeeze(1)
            loss = F.binary_cross_entropy_with_logits(
                logits, evidence.is_face[chosen], weights[chosen]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def read_false_faces(folder: Path, *, is_validation: bool) -> NDArray[np.uint8]:
    """Read the (N, S, S, 3) crops of a folder; all crops of one picture are on the same side."""
    paths = [
        path
        for path in sorted(folder.glob("*.png"))
        if is_in_share(path.stem.rpartition("_")[0], _VALIDATION_SHARE) == is_validation
    ]
    return np.stack([load_image(path) for path in paths])


def _batches_of(crops: NDArray[np.uint8]) -> Iterator[Tensor]:
    for start in range(0, len(crops), _FACES):
        yield to_network_input(crops[start : start + _FACES])


def _damaged(crops: NDArray[np.uint8], size: int, seed: int) -> NDArray[np.uint8]:
    generator = np.random.default_rng(seed)
    return np.stack([augment_negative(crop, size=size, generator=generator) for crop in crops])


def _learn(network: SpatialAsmnet, source: BatchSource, false_faces: NDArray[np.uint8]) -> Evidence:
    """Return evidence of an epoch and of false faces: faces count as much as all that is none."""
    recipe = source.recipe
    shown = gather(network, (batch.images for batch in source.epoch(0)))
    is_face = torch.arange(len(shown)) % (_FACES + _OTHERS) < _FACES
    hard = gather(network, _batches_of(_damaged(false_faces, recipe.size, recipe.seed)))
    return Evidence.join(
        [
            Evidence.of(shown[is_face], is_face=True, weight=1.0),
            Evidence.of(shown[~is_face], is_face=False, weight=0.4),
            Evidence.of(hard, is_face=False, weight=0.6),
        ]
    )


def _report(
    network: SpatialAsmnet,
    faces: dict[str, FaceSamples],
    false_faces: NDArray[np.uint8],
    config: RunConfig,
) -> None:
    """Log the share of each validation set that scores 0.5 or more."""
    recipe = config.recipe
    for name, samples in faces.items():
        crops, _ = upright_crops(samples, size=recipe.size, crop_scale=recipe.crop_scale)
        logger.info("%s: %.2f %% are faces", name, _faces_percent(network, crops))
    logger.info("without a face: %.2f %% are faces", _faces_percent(network, false_faces))


def _faces_percent(network: SpatialAsmnet, crops: NDArray[np.uint8]) -> float:
    logits = predict_crops(network, crops).face_logit
    assert logits is not None
    return float(100 * (logits > 0).float().mean())


def main() -> None:
    """Fit a face score from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parser().parse_args()
    config = replace(read_config(options.run), out=options.out)
    recipe = replace(
        config.recipe,
        batch_size=_FACES,
        negatives=_OTHERS,
        epoch_faces=_FACES * options.batches,
    )
    layout = layout_of(config)
    torch.set_num_threads(config.threads)
    training, validation = read_faces(config, layout)
    validating = load_face_samples(validation, layout)
    network = SpatialAsmnet(layout.point_count)
    take_start(network, replace(config, start_from=options.model), validating)
    faces, _ = load_training_faces(config, training, layout)
    source = BatchSource(
        faces=faces, negatives=load_run_negatives(config, training), layout=layout, recipe=recipe
    )
    false_faces = read_false_faces(options.false_faces, is_validation=False)
    fit_face_score(network, _learn(network, source, false_faces), epochs=30)
    held_out = _damaged(read_false_faces(options.false_faces, is_validation=True), recipe.size, 1)
    _report(network, {"photos": validating} | load_further(config, layout), held_out, config)
    options.out.mkdir(parents=True, exist_ok=True)
    write_config(config, options.out / CONFIG_FILE)
    save_state(network.state_dict(), options.out / WEIGHTS_FILE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.face_score", description=__doc__)
    parser.add_argument("model", type=Path, help="model file, or weights.pt of a run")
    parser.add_argument("run", type=Path, help="configuration file of its training")
    parser.add_argument("out", type=Path, help="run folder to leave")
    parser.add_argument("--false-faces", type=Path, required=True, help="folder of crops")
    parser.add_argument(
        "--batches", type=int, default=300, help="batches of 40 faces and 24 other crops to show"
    )
    return parser


if __name__ == "__main__":
    main()
