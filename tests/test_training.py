from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import FaceAligner, IBUG_68, ModelFileError  # noqa: E402
from asmnet_sdk.contract import ModelMetadata  # noqa: E402
from asmnet_sdk.training.augmentation import augment_face, augment_negative  # noqa: E402
from asmnet_sdk.training.export import export_network  # noqa: E402
from asmnet_sdk.training.losses import (  # noqa: E402
    error_radius_loss,
    head_pose_loss,
    wing_loss,
)
from asmnet_sdk.training.networks import SpatialAsmnet, Trunk, expected_position  # noqa: E402
from asmnet_sdk.training.samples import FaceSamples  # noqa: E402
from asmnet_sdk.training.trainer import Recipe, Trainer  # noqa: E402

METADATA = ModelMetadata(
    name="tiny",
    layout="IBUG_68",
    input_size=64,
    crop_scale=1.35,
    training_data="none",
    licence="Apache-2.0",
)


def test_wing_loss_values():
    """width 0.1, curvature 0.02: logarithmic below 0.1, linear above."""
    truth = torch.zeros(1, 1, 2)
    near = wing_loss(torch.full((1, 1, 2), 0.02), truth)
    assert near.item() == pytest.approx(0.1 * math.log(2), rel=1e-5)
    far = wing_loss(torch.full((1, 1, 2), 0.5), truth)
    assert far.item() == pytest.approx(0.5 - 0.1 + 0.1 * math.log(6), rel=1e-5)


def test_head_pose_loss_skips_unknown_and_weighs():
    predicted = torch.tensor([[3.0, 3, 3], [5, 5, 5], [9, 9, 9]])
    truth = torch.tensor([[0.0, 0, 0], [0, 0, 0], [math.nan, 0, 0]])
    loss = head_pose_loss(predicted, truth, torch.tensor([3.0, 1.0, 9.0]))
    assert loss.item() == pytest.approx((3 * 2.5 + 1 * 4.5) / 4)


def test_error_radius_loss_is_least_at_the_mean_error():
    truth = torch.zeros(1, 4, 2)
    predicted = torch.tensor([[[0.01, 0], [0.02, 0], [0.0, 0.03], [0.02, 0]]])
    candidates = [0.005, 0.01, 0.02, 0.04, 0.08]
    losses = [
        error_radius_loss(torch.full((1, 4), math.log(s)), predicted, truth).item()
        for s in candidates
    ]
    assert candidates[int(np.argmin(losses))] == 0.02


def test_expected_position_of_a_single_cell_is_its_centre():
    maps = torch.zeros(1, 1, 4, 8)
    maps[0, 0, 1, 6] = 1
    position, spread = expected_position(maps)
    assert position[0, 0].tolist() == pytest.approx([6.5 / 8, 1.5 / 4])
    assert spread.item() == pytest.approx(1e-3)


def test_trunk_has_the_channels_and_strides_of_the_paper():
    with torch.inference_mode():
        outputs = Trunk().eval()(torch.zeros(1, 3, 224, 224))
    shapes = {i: (outputs[i].shape[1], outputs[i].shape[2]) for i in (1, 3, 6, 10, 13, 15)}
    assert shapes == {1: (24, 56), 3: (32, 28), 6: (64, 14), 10: (96, 14), 13: (160, 7), 15: (160, 7)}


def test_default_network_stays_within_the_papers_parameters():
    assert sum(p.numel() for p in SpatialAsmnet().parameters()) <= 1.43e6


def dotted_samples(count: int) -> FaceSamples:
    """Grey canvases with a white dot on each landmark, random faces of plausible shape."""
    generator = np.random.default_rng(0)
    shape = generator.uniform(120, 260, size=(68, 2)).astype(np.float32)
    landmarks = shape + generator.normal(0, 3, size=(count, 68, 2)).astype(np.float32)
    canvases = np.full((count, 384, 384, 3), 60, np.uint8)
    for canvas, points in zip(canvases, landmarks.round().astype(int), strict=True):
        for x, y in points:
            canvas[y - 1 : y + 2, x - 1 : x + 2] = 255
    return FaceSamples(
        canvases=canvases,
        landmarks=landmarks,
        head_poses=np.zeros((count, 3), np.float32),
        pose_weights=np.ones(count, np.float32),
    )


@pytest.mark.parametrize("seed", range(8))
def test_augmented_landmarks_stay_on_their_dots(seed):
    samples = dotted_samples(1)
    crop, points, _ = augment_face(
        samples.canvases[0],
        samples.landmarks[0],
        samples.head_poses[0],
        IBUG_68,
        crop_scale=1.35,
        size=192,
        generator=np.random.default_rng(seed),
    )
    pixels = np.rint(points * 192 - 0.5).astype(int)
    inside = pixels[((pixels >= 0) & (pixels < 192)).all(axis=1)]
    brightness = crop.mean(axis=2)
    assert brightness[inside[:, 1], inside[:, 0]].mean() > brightness.mean() + 15


def test_augmentation_mirrors_points_and_angles_together():
    """Over many draws, landmark 36 stays left of 45 and yaw keeps following the picture."""
    samples = dotted_samples(1)
    points = samples.landmarks[0].copy()
    points[36], points[45] = (150, 180), (230, 180)
    generator = np.random.default_rng(0)
    yaws = []
    for _ in range(20):
        _, moved, pose = augment_face(
            samples.canvases[0],
            points,
            np.array([25, 0, 0], np.float32),
            IBUG_68,
            crop_scale=1.35,
            size=64,
            generator=generator,
        )
        assert moved[36, 0] < moved[45, 0]
        yaws.append(pose[0])
    assert {bool(yaw > 0) for yaw in yaws} == {True, False}


def test_negative_keeps_its_size():
    crop = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    assert augment_negative(crop, size=96, generator=np.random.default_rng(0)).shape == (96, 96, 3)


def trainer_in(folder, epochs: int) -> Trainer:
    torch.manual_seed(0)
    samples = dotted_samples(16)
    recipe = Recipe(epochs=epochs, size=64, batch_size=8, negatives=2)
    negatives = np.random.default_rng(0).integers(0, 256, (4, 160, 160, 3), np.uint8)
    return Trainer(
        SpatialAsmnet(),
        recipe,
        IBUG_68,
        faces=samples,
        validation=samples,
        negatives=negatives,
        folder=folder,
    )


def test_training_learns_and_continues_from_its_checkpoint(tmp_path):
    first = trainer_in(tmp_path, epochs=5)
    first.run()
    resumed = trainer_in(tmp_path, epochs=5)
    resumed.run()
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2, 3, 4, 5]
    assert records[-1]["landmarks"] < 0.9 * records[0]["landmarks"]
    assert "val_nme" in records[-1]
    states = first.network.state_dict(), resumed.network.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_exported_network_runs_in_the_aligner_as_in_torch(tmp_path):
    torch.manual_seed(0)
    network = SpatialAsmnet().eval()
    path = tmp_path / "tiny.onnx"
    export_network(network, METADATA, path)
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    face = FaceAligner(path).predict_crop(crop, color="rgb")
    with torch.inference_mode():
        expected = network(torch.from_numpy(crop / 127.5 - 1).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(face.landmarks, expected.landmarks[0] * 64 - 0.5, atol=1e-2)
    pose = face.head_pose
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(
        expected.head_pose[0].tolist(), abs=1e-2
    )
    assert face.score == pytest.approx(expected.face_logit.sigmoid().item(), abs=1e-3)
    assert list(tmp_path.iterdir()) == [path]


def test_export_that_breaks_the_contract_leaves_no_file(tmp_path):
    metadata = replace(METADATA, layout="WFLW_98")
    with pytest.raises(ModelFileError, match="WFLW_98|98"):
        export_network(SpatialAsmnet().eval(), metadata, tmp_path / "bad.onnx")
    assert list(tmp_path.iterdir()) == []
