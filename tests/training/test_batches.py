from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.configuration import Recipe
from tests.training.dotted_batches import batch_source


def test_batch_holds_faces_then_negatives():
    batches = list(batch_source().epoch(0))
    assert len(batches) == 2
    assert batches[0].images.shape == (10, 3, 64, 64)
    assert batches[0].landmarks.shape == (8, 68, 2)
    assert batches[0].crops.dtype == torch.uint8
    assert -1 <= batches[0].images.min() <= batches[0].images.max() <= 1


def test_batches_depend_on_the_epoch_alone():
    first, again, other = (next(batch_source().epoch(epoch)) for epoch in (0, 0, 1))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.landmarks, other.landmarks)


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_make_the_same_batches(workers):
    source = batch_source()
    made = list(replace(source, workers=workers).epoch(1))
    assert len(made) == 2
    for batch, expected in zip(made, source.epoch(1), strict=True):
        assert torch.equal(batch.crops, expected.crops)
        assert torch.equal(batch.landmarks, expected.landmarks)


def test_batch_does_not_depend_on_those_before_it():
    source = batch_source()
    _, second = source.epoch(3)
    alone = source.batch(3, 1, source.order(3)[8:16])
    assert torch.equal(alone.crops, second.crops)


def test_early_epochs_have_smaller_crops():
    recipe = Recipe(epochs=3, early_epochs=2, early_size=32, size=64, batch_size=8, negatives=1)
    source = replace(batch_source(), recipe=recipe)
    early, last = next(source.epoch(1)), next(source.epoch(2))
    assert early.images.shape == (9, 3, 32, 32)
    assert last.images.shape == (9, 3, 64, 64)


def test_fewer_faces_than_a_batch_are_refused():
    with pytest.raises(InvalidInputError, match="7 faces are less than a batch of 8"):
        batch_source(faces=7)


def test_epoch_faces_draws_by_weight():
    """Faces of weight 0 are never shown."""
    source = batch_source()
    faces = replace(source.faces, draw_weights=np.eye(1, 16, 5, dtype=np.float32)[0])
    source = replace(source, faces=faces, recipe=replace(source.recipe, epoch_faces=24))
    assert len(source) == 3
    assert set(source._order(np.random.default_rng(0)).tolist()) == {5}


def test_faces_turned_away_are_drawn_by_weight():
    """What the few photos of a run show upside down is what it learns to be no face."""
    source = batch_source()
    only = np.eye(1, 16, 5, dtype=np.float32)[0]
    canvases = source.faces.canvases.copy()
    canvases[5] = 200
    canvases[np.arange(16) != 5] = 0
    faces = replace(source.faces, canvases=canvases, draw_weights=only)
    source = replace(source, faces=faces)
    crops = [source._turned_away(64, np.random.default_rng(seed)) for seed in range(8)]
    assert all(crop[32, 32].max() > 60 for crop in crops)
