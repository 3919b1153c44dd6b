"""Training on a graphics card; skipped where torch finds none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.blending import Start
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.objectives import wing_objective
from asmnet_sdk.training.run import finish_run
from asmnet_sdk.training.trainer import Trainer
from tests.training.dotted_batches import batch_source, dotted_samples

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no card")


@pytest.mark.parametrize("frozen_blocks", [0, 3])
def test_run_on_a_card_leaves_weights_for_the_processor(tmp_path, frozen_blocks):
    source = batch_source(epochs=3)
    recipe = replace(source.recipe, frozen_blocks=frozen_blocks, blend=True, patience=3)
    network = SpatialAsmnet()
    trainer = Trainer(
        network,
        wing_objective,
        replace(source, recipe=recipe, workers=2),
        validation=dotted_samples(4),
        folder=tmp_path,
        start=Start.of(network, ()),
        device=torch.device("cuda"),
    )
    trainer.measure_start()
    while not trainer.is_finished:
        record = trainer.run_epoch()
    assert np.isfinite(list(record.values())).all()
    finish_run(trainer)
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert {weight.device.type for weight in weights.values()} == {"cpu"}
    SpatialAsmnet().load_state_dict(weights)
