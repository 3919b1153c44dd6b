"""Teach the face score of a trained network anew; everything else it gives stays as it is.

    python -m lab.fit_face_score MODEL RUN OUT --false-faces CROPS

reads the network of a model file (or of a run's ``weights.pt``), shows it the faces of a run's
configuration, some of them painted or in helmets, and crops without a face (``lab.false_faces``),
fits the layer of ``face_score`` to what the rest of the network makes of them, and leaves a run
folder that ``lab.release`` takes. If more than 0.4 % (``--most-false``) of the false faces kept
back would still score 0.5 or more, all scores are lowered.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from asmnet_sdk.images.loading import load_image
from asmnet_sdk.training.augmentation import augment_negative
from asmnet_sdk.training.batches import BatchSource
from asmnet_sdk.training.run_faces import load_run_negatives, load_training_faces
from asmnet_sdk.training.samples import FaceSamples, box_around_known
from asmnet_sdk.training.validation_part import is_in_share
from lab.detection.disguises import light_stage, paint_face, print_picture, put_on_helmet
from lab.refitting import Evidence, LayerReader, Refit, refit_parser

__all__ = ["disguise", "fit_face_score", "lower_score", "read_false_faces"]

logger = logging.getLogger("asmnet_sdk.training")

_FACES, _OTHERS = 40, 24
_SQUARES_WEIGHT, _FALSE_FACES_WEIGHT = 1.0, 2.5  # all faces together count 1
_VALIDATION_SHARE = 0.15
_SHARES = (0.1, 0.1, 0.06, 0.02)  # painted, in helmets, under stage light, printed
_MARGIN = 1e-3
_SMALLEST_WEIGHTS = 1e-4


def fit_face_score(layer: nn.Linear, evidence: Evidence) -> None:
    """Fit the layer of the face score by weighted cross entropy: the one best fit there is.

    Args:
        layer: The layer; what it was before does not count.
        evidence: What it reads, and (N,) 1 for faces, 0 for the rest.
    """
    mean, spread = evidence.features.mean(dim=0), evidence.features.std(dim=0) + 1e-3
    features = (evidence.features - mean) / spread
    weights = evidence.weights / evidence.weights.sum()
    slope = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([slope, bias], max_iter=400, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits = features @ slope + bias
        loss = F.binary_cross_entropy_with_logits(logits, evidence.truth, weights, reduction="sum")
        loss = loss + _SMALLEST_WEIGHTS * slope.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        layer.weight.copy_((slope / spread)[None])
        layer.bias.copy_(bias - (slope * mean / spread).sum())


@torch.no_grad()
def lower_score(layer: nn.Linear, false_faces: Tensor, *, most: float) -> float:
    """Lower all scores so that at most a share of false faces score 0.5 or more.

    Args:
        layer: The layer of the face score.
        false_faces: (N, C) what it reads of them.
        most: The share.

    Returns:
        By how much, in log odds; 0 where nothing is to do.
    """
    logits = layer(false_faces).squeeze(1).sort(descending=True).values
    lowest_to_fail = float(logits[int(most * len(logits))])
    lowered = max(lowest_to_fail + _MARGIN, 0.0)
    layer.bias.sub_(lowered)
    return lowered


def disguise(faces: FaceSamples, generator: np.random.Generator) -> None:
    """Paint some of the faces in place, put helmets on others, or light or print the picture."""
    kinds = np.searchsorted(np.cumsum(_SHARES), generator.random(len(faces)), side="right")
    for canvas, points, kind in zip(faces.canvases, faces.landmarks, kinds, strict=True):
        box = np.array([*box_around_known(points)], np.float32)
        if kind == 0:
            paint_face(canvas, box, 0.0, generator)
        elif kind == 1:
            put_on_helmet(canvas, box, 0.0, generator)
        elif kind == 2:
            canvas[:] = light_stage(canvas, generator)
        elif kind == 3:
            canvas[:] = print_picture(canvas, generator)


def read_false_faces(folder: Path, *, is_validation: bool) -> NDArray[np.uint8]:
    """Read the (N, S, S, 3) crops of a folder; all crops of one picture are on the same side."""
    paths = [
        path
        for path in sorted(folder.glob("*.png"))
        if is_in_share(path.stem.rpartition("_")[0], _VALIDATION_SHARE) == is_validation
    ]
    return np.stack([load_image(path) for path in paths])


def _damaged(crops: NDArray[np.uint8], size: int, seed: int) -> NDArray[np.uint8]:
    generator = np.random.default_rng(seed)
    return np.stack([augment_negative(crop, size=size, generator=generator) for crop in crops])


def _source(refit: Refit, batches: int) -> BatchSource:
    """Return batches of faces and of what is none, as training shows them."""
    recipe = replace(
        refit.config.recipe,
        batch_size=_FACES,
        negatives=_OTHERS,
        epoch_faces=_FACES * batches,
        early_epochs=0,
    )
    faces, _ = load_training_faces(refit.config, refit.training, refit.layout)
    disguise(faces, np.random.default_rng(recipe.seed))
    return BatchSource(
        faces=faces,
        negatives=load_run_negatives(refit.config, refit.training),
        layout=refit.layout,
        recipe=recipe,
    )


def _show(reader: LayerReader, source: BatchSource, false_faces: NDArray[np.uint8]) -> Evidence:
    """Return evidence of an epoch and of false faces: faces count as much as all that is none."""
    shown = torch.cat([reader.read(batch.images) for batch in source.epoch(0)])
    is_face = torch.arange(len(shown)) % (_FACES + _OTHERS) < _FACES
    return Evidence.join(
        [
            _of_kind(shown[is_face], 1.0).counting(1.0),
            _of_kind(shown[~is_face], 0.0).counting(_SQUARES_WEIGHT),
            _of_kind(reader.read_crops(false_faces), 0.0).counting(_FALSE_FACES_WEIGHT),
        ]
    )


def _of_kind(features: Tensor, truth: float) -> Evidence:
    return Evidence(features, torch.full((len(features),), truth), torch.ones(len(features)))


def _report(layer: nn.Linear, validation: dict[str, Tensor]) -> None:
    """Log the share of each validation set that scores 0.5 or more."""
    for name, features in validation.items():
        with torch.inference_mode():
            share = float((layer(features) >= 0).float().mean())
        logger.info("%s: %.2f %% are faces", name, 100 * share)


def main() -> None:
    """Fit a face score from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parser().parse_args()
    refit = Refit.read(options)
    layer, recipe = refit.network.face, refit.config.recipe
    reader = refit.reader(layer)
    learned, kept_back = (
        _damaged(read_false_faces(options.false_faces, is_validation=flag), recipe.size, seed)
        for flag, seed in ((False, recipe.seed), (True, recipe.seed + 1))
    )
    validation = {
        name: reader.read_crops(refit.crops(faces)) for name, faces in refit.validation.items()
    } | {"without a face": reader.read_crops(kept_back)}
    _report(layer, validation)
    fit_face_score(layer, _show(reader, _source(refit, options.batches), learned))
    logger.info("fitted")
    _report(layer, validation)
    lowered = lower_score(layer, validation["without a face"], most=options.most_false / 100)
    logger.info("lowered by %.2f log odds", lowered)
    _report(layer, validation)
    refit.save()


def _parser() -> argparse.ArgumentParser:
    parser = refit_parser("lab.fit_face_score", __doc__)
    parser.add_argument("--false-faces", type=Path, required=True, help="folder of crops")
    parser.add_argument(
        "--batches", type=int, default=200, help="batches of 40 faces and 24 other crops to show"
    )
    parser.add_argument(
        "--most-false",
        type=float,
        default=0.4,
        help="percent of the false faces kept back that may pass for faces (default: 0.4)",
    )
    return parser


if __name__ == "__main__":
    main()
