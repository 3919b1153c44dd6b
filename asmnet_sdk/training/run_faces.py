"""The faces of a run: which train, which validate, which are replayed."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.layouts import Layout, convert_landmarks, is_convertible, layout_of_size
from asmnet_sdk.training.configuration import Recipe, RunConfig
from asmnet_sdk.training.samples import (
    FaceSamples,
    load_face_samples,
    load_faceless,
    load_negatives,
)
from asmnet_sdk.training.validation_part import digest_of, is_validation, photo_of

__all__ = ["REPLAY", "load_further", "load_run_negatives", "load_training_faces", "read_faces"]

REPLAY = "replay"
"""What replayed faces that validate are called in the log."""

logger = logging.getLogger("asmnet_sdk.training")

_PER_POINT = ("landmarks", "landmark_visible", "landmark_sigma")
_FEW = 200
_FEWEST = 10
_FEWEST_BATCHES = 4  # of an epoch of a run that starts from a model
_SHARE_OF_FEW = 0.15
_MOST_REPLAYED = 600  # of whom each epoch shows some: more only take memory
_MOST_JUDGING = 120  # of the replayed ones that are kept back


def read_faces(
    config: RunConfig, layout: Layout
) -> tuple[list[AnnotatedFace], list[AnnotatedFace]]:
    """Return the annotated faces that train and those that validate.

    Without ``validation``, 5 % of the photos validate, chosen by a hash of their names; of fewer
    than 200 faces, 15 %.

    Raises:
        InvalidInputError: There are fewer than ten faces to divide, or annotations are bad.
    """
    faces = _read_reviewed(config, config.photos, layout)
    if config.validation:
        return faces, _read_reviewed(config, config.validation, layout)
    if len(faces) < _FEWEST:
        raise InvalidInputError(
            f"{len(faces)} faces are too few to train on some and validate on others: label "
            f"{_FEWEST}, or name photos under validation"
        )
    kept_back = _few_that_validate(faces) if len(faces) < _FEW else None
    validates = [is_validation(f) if kept_back is None else photo_of(f) in kept_back for f in faces]
    training = [face for face, flag in zip(faces, validates, strict=True) if not flag]
    return training, [face for face, flag in zip(faces, validates, strict=True) if flag]


def _few_that_validate(faces: Iterable[AnnotatedFace]) -> set[Path]:
    """Return the photos that validate: those whose names have the lowest hashes."""
    photos = sorted({photo_of(face) for face in faces}, key=lambda photo: (digest_of(photo), photo))
    if len(photos) < 2:
        raise InvalidInputError("all faces are of one photo: name others under validation")
    return set(photos[: math.ceil(_SHARE_OF_FEW * len(photos))])


def load_training_faces(
    config: RunConfig, training: list[AnnotatedFace], layout: Layout
) -> tuple[FaceSamples, Recipe]:
    """Return the faces that train, and the recipe, which says how many an epoch shows.

    They are annotated ones, extra ones, those packed before, and replayed ones, but for the 5 %
    that validate: drawn at random, so that they are ``replay_share`` of what is shown. Of few faces
    of a run that starts from a model an epoch shows each several times, so that it has a few
    batches.
    """
    extra = _read_all(config.extra, layout)
    parts = [load_face_samples(training * config.repeat + extra, layout)]
    shares = config.packed_shares or (1.0,) * len(config.packed)
    for path, share in zip(config.packed, shares, strict=True):
        faces = FaceSamples.load(path)
        parts.append(replace(faces, draw_weights=share * faces.draw_weights))
    if not config.replay:
        faces = FaceSamples.join(parts)
        return faces, _with_enough(config, len(faces))
    shown = sum(float(part.draw_weights.sum()) for part in parts)
    replayed = shown * config.replay_share / (1 - config.replay_share)
    replay, _ = _read_replay(config, layout)
    faces = load_face_samples(replay, layout)
    weights = np.full(len(faces), replayed / len(faces), np.float32)
    recipe = _with_enough(config, round(shown + replayed))
    return (
        FaceSamples.join([*parts, replace(faces, draw_weights=weights)]),
        replace(recipe, epoch_faces=recipe.epoch_faces or round(shown + replayed)),
    )


def _with_enough(config: RunConfig, count: int) -> Recipe:
    """Return the recipe, whose epochs have a few batches where a model is the start."""
    recipe, fewest = config.recipe, _FEWEST_BATCHES * config.recipe.batch_size
    is_short = config.start_from is not None and not recipe.epoch_faces and count < fewest
    return replace(recipe, epoch_faces=fewest) if is_short else recipe


def _read_replay(
    config: RunConfig, layout: Layout
) -> tuple[list[AnnotatedFace], list[AnnotatedFace]]:
    """Return replayed faces that train, and those that validate."""
    faces = _read_all(config.replay, layout)
    parts = [face for face in faces if not is_validation(face)], list(filter(is_validation, faces))
    training, validation = (
        _some(part, most, config.recipe.seed)
        for part, most in zip(parts, (_MOST_REPLAYED, _MOST_JUDGING), strict=True)
    )
    return training, validation


def _some(faces: list[AnnotatedFace], most: int, seed: int) -> list[AnnotatedFace]:
    order = np.random.default_rng(seed).permutation(len(faces))[:most]
    return [faces[index] for index in sorted(order.tolist())]


def load_further(config: RunConfig, layout: Layout) -> dict[str, FaceSamples]:
    """Return further faces that validate: packed ones, by their files' names, and replayed ones."""
    paths = config.validation_packed
    found = {path.stem.removesuffix("_validation"): FaceSamples.load(path) for path in paths}
    _, replay = _read_replay(config, layout)
    return found | ({REPLAY: load_face_samples(replay, layout)} if replay else {})


def load_run_negatives(config: RunConfig, faces: list[AnnotatedFace]) -> NDArray[np.uint8]:
    """Return crops without a face: cut out of the annotated photos, and of faceless pictures.

    Raises:
        InvalidInputError: A faceless folder holds no picture.
    """
    photos, folders = (faces, config.faceless) if config.recipe.negatives else ([], ())
    generator = np.random.default_rng(config.recipe.seed)
    crops = load_negatives(photos, per_photo=3, generator=generator)
    return np.concatenate([crops, *map(load_faceless, folders)])


def _read_reviewed(config: RunConfig, paths: Iterable[Path], layout: Layout) -> list[AnnotatedFace]:
    """Return the faces but for those that are all as a model proposed them.

    A start that learned its own answers would stay as it is.
    """
    faces = _read_all(paths, layout)
    if config.trust_proposals:
        return [replace(face, landmark_sigma=None) for face in faces]
    reviewed = [face for face in faces if face.is_by_hand.any()]
    if faces and not reviewed:
        raise InvalidInputError(
            f"all {len(faces)} faces are as a model proposed them: put them right with `asmnet "
            "label LABELS --review`, or set trust_proposals = true if another program did"
        )
    if len(reviewed) < len(faces):
        logger.warning(
            "%d of %d faces are left out: nobody moved or confirmed a point of what a model "
            "proposed (trust_proposals = true takes them as they are)",
            len(faces) - len(reviewed),
            len(faces),
        )
    return reviewed


def _read_all(paths: Iterable[Path], layout: Layout) -> list[AnnotatedFace]:
    faces = [face for path in paths for face in read_annotations(path, layouts=[layout])]
    return [_in_layout(face, layout) for face in faces]


def _in_layout(face: AnnotatedFace, layout: Layout) -> AnnotatedFace:
    """Return a face with its points in a layout, which may be some of those it has."""
    annotated = layout_of_size(len(face.landmarks), [layout])
    if annotated is None or not is_convertible(annotated, layout):
        raise InvalidInputError(
            f"{face.photo} has {len(face.landmarks)} annotated points, {layout.name} has "
            f"{layout.point_count}"
        )
    values = {name: getattr(face, name) for name in _PER_POINT}
    changed: dict[str, Any] = {
        name: convert_landmarks(found, annotated, layout)
        for name, found in values.items()
        if found is not None
    }
    return replace(face, **changed)
