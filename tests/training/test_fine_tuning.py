"""Few photos, and a model to start from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import IBUG_68, FaceAligner, InvalidInputError, UnknownModelError, sample_photo
from asmnet_sdk.datasets import AnnotatedFace, read_annotations, write_coco, write_pts
from asmnet_sdk.training.configuration import (
    Recipe,
    RunConfig,
    make_config,
    read_config,
    write_config,
)
from asmnet_sdk.training.estimating import seconds_to_go
from asmnet_sdk.training.fine_tuning import DEFAULTS, start_file
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import PaperAsmnet
from asmnet_sdk.training.objectives import mse_objective
from asmnet_sdk.training.run import prepare_run
from asmnet_sdk.training.run_faces import (
    load_further,
    load_run_negatives,
    load_training_faces,
    read_faces,
)
from asmnet_sdk.training.samples import load_face_samples
from asmnet_sdk.training.start_poses import file_poses, network_poses, with_start_poses
from asmnet_sdk.training.validation_part import is_validation, photo_of
from tests.dotted_faces import write_dotted_photos
from tests.tiny_network import TinyNetwork
from tests.training.test_trainer import make_trainer


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_dotted_photos(tmp_path_factory.mktemp("photos") / "few", 20)


def test_a_model_to_start_from_brings_its_crops_and_the_defaults_of_few_photos(dot_model):
    config = make_config({"out": "a", "photos": ["p"], "start_from": str(dot_model)})
    assert (config.recipe.size, config.recipe.crop_scale) == (64, 1.5)
    assert (config.recipe.early_epochs, config.recipe.early_size) == (95, 32)
    for name, value in DEFAULTS.items():
        assert getattr(config, name, None) == value or getattr(config.recipe, name) == value


def test_keys_that_are_given_hold(dot_model):
    given = {"epochs": 7, "learning_rate": 0.02, "size": 96, "threads": 3}
    config = make_config({"out": "a", "photos": ["p"], "start_from": str(dot_model), **given})
    assert (config.recipe.epochs, config.recipe.size, config.threads) == (7, 96, 3)
    assert config.recipe.early_epochs == 5
    assert config.recipe.learning_rate == 0.02


def test_written_configuration_reads_back(dot_model, tmp_path):
    values = {"out": "a", "photos": ["p"], "start_from": str(dot_model), "replay": ["r"]}
    config = make_config(values)
    write_config(config, tmp_path / "run.toml")
    assert read_config(tmp_path / "run.toml") == config


def test_start_is_a_name_a_file_or_weights(dot_model, tmp_path):
    assert start_file(Path("asmnet-68")).name == "asmnet-68.onnx"
    assert start_file(dot_model) == dot_model
    assert start_file(tmp_path / "weights.pt") == tmp_path / "weights.pt"
    with pytest.raises(UnknownModelError, match="unknown model 'asmnet-69'"):
        start_file(Path("asmnet-69"))


def config_of(photos: Path, **more: object) -> RunConfig:
    return RunConfig(out=Path("none"), photos=(photos,), recipe=Recipe(epochs=1), **more)


def test_of_few_photos_15_percent_validate(photos):
    training, validation = read_faces(config_of(photos), IBUG_68)
    assert (len(training), len(validation)) == (17, 3)
    assert not {f.name for f in training} & {f.name for f in validation}


@pytest.mark.parametrize("name", ["p{0:02d}/1", "20240612_14{0:02d}15", "p/{0}"])
def test_photos_are_told_apart_by_their_paths(tmp_path, photos, name):
    """Folders a person, phones that name photos by the clock, and mere counts."""
    faces = []
    for number, face in enumerate(read_annotations(photos)):
        photo = tmp_path / f"{name.format(number)}.png"
        photo.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(face.photo, photo)
        faces.append(replace(face, photo=photo, source=None))
    write_pts(faces)
    config = config_of(tmp_path)
    training, validation = read_faces(config, IBUG_68)
    assert (len(training), len(validation)) == (17, 3)
    ordinary = read_faces(config_of(photos), IBUG_68)[0]
    crops = [len(load_run_negatives(config, some)) for some in (training, ordinary)]
    assert crops[0] == crops[1] > 0


def test_faces_of_one_photo_of_helen_stay_together(tmp_path, photos):
    face = read_annotations(photos)[0]
    first, second, other = (
        photo_of(replace(face, photo=tmp_path / f"{name}.jpg"))
        for name in ("1130084326_1", "1130084326_2", "1130084327_1")
    )
    assert first == second != other
    assert first == tmp_path / "1130084326"


def test_fewer_than_ten_faces_need_photos_to_validate_on(tmp_path, photos):
    few = write_dotted_photos(tmp_path / "nine", 9)
    with pytest.raises(InvalidInputError, match="9 faces are too few to train on some"):
        read_faces(config_of(few), IBUG_68)
    training, validation = read_faces(config_of(few, validation=(photos,)), IBUG_68)
    assert (len(training), len(validation)) == (9, 20)


def test_replayed_photos_are_their_share_of_what_is_shown(tmp_path, photos):
    few = write_dotted_photos(tmp_path / "ten", 10)
    config = config_of(few, replay=(photos,), replay_share=0.6)
    faces, recipe = load_training_faces(config, read_annotations(few), IBUG_68)
    assert (len(faces), recipe.epoch_faces) == (30, 25)
    shares = faces.draw_weights / faces.draw_weights.sum()
    assert shares[10:].sum() == pytest.approx(0.6)
    with pytest.raises(InvalidInputError, match="replay_share is 1"):
        config_of(few, replay=(photos,), replay_share=1)


def test_some_replayed_photos_only_validate(tmp_path):
    many = write_dotted_photos(tmp_path / "many", 45)
    [held] = [face.name for face in read_annotations(many) if is_validation(face)]
    config = config_of(tmp_path, replay=(many,))
    faces, _ = load_training_faces(config, read_annotations(many)[:10], IBUG_68)
    further = load_further(config, IBUG_68)
    assert (held, len(faces), len(further["replay"])) == ("face43", 10 + 44, 1)


def test_faces_without_pose_label_are_turned_upright_by_eyes_and_mouth(photos):
    face = read_annotations(photos)[0]
    center = face.landmarks.mean(axis=0)
    turn = np.float32([[0, -1], [1, 0]])  # 90 degrees clockwise
    turned = replace(face, head_pose=None, landmarks=(face.landmarks - center) @ turn.T + center)
    upright, lying = load_face_samples([replace(face, head_pose=None), turned]).landmarks
    for points in (upright, lying):
        eyes, mouth = points[36:48].mean(axis=0), points[48:].mean(axis=0)
        assert mouth[0] == pytest.approx(eyes[0], abs=0.01)
        assert mouth[1] > eyes[1]


def test_labels_say_which_points_are_seen(photos):
    visible = np.float32([1, 0.2] * 34)
    face = replace(read_annotations(photos)[0], landmark_visible=visible)
    assert load_face_samples([face]).landmark_visible[0].tolist() == [1, 0] * 34


def test_a_run_that_gains_nothing_ends_and_keeps_its_best_weights(tmp_path, monkeypatch):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=100)
    trainer.recipe = replace(trainer.recipe, patience=2)
    trainer.epochs_a_checkpoint = 5
    errors = iter([9.0, 5.0, 6.0, 7.0])
    monkeypatch.setattr(trainer, "_validate", lambda: {"val_error": next(errors)})
    kept = {}
    while not trainer.is_finished:
        trainer.run_epoch()
        if trainer.epoch == 10:
            kept = {k: v.clone() for k, v in trainer.averaged_network.state_dict().items()}
    assert trainer.epoch == 20
    assert trainer.is_stopped
    trainer.take_best()
    best = trainer.averaged_network.state_dict()
    assert all(torch.equal(kept[name], best[name]) for name in kept)


def test_time_to_go_shrinks_with_the_epochs_done(tmp_path):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=4)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    assert 0 < seconds_to_go(trainer) < 60
    assert all(torch.equal(before[k], v) for k, v in trainer.network.state_dict().items())
    trainer.epoch = 4
    assert seconds_to_go(trainer) == 0


def test_a_run_that_only_loses_ends_with_the_weights_it_started_from(tmp_path, monkeypatch):
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=100)
    trainer.recipe = replace(trainer.recipe, patience=2)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.epochs_a_checkpoint = 5
    errors = iter([4.0, 5.0, 4.5])
    monkeypatch.setattr(trainer, "_validate", lambda: {"val_error": next(errors)})
    assert trainer.measure_start() == {"epoch": 0, "seconds": 0.0, "val_error": 4.0}
    while not trainer.is_finished:
        trainer.run_epoch()
    assert trainer.epoch == 10
    assert trainer.best["epoch"] == 0
    trainer.take_best()
    kept = trainer.averaged_network.state_dict()
    assert all(torch.equal(before[name], kept[name]) for name in before)


def test_ten_faces_make_epochs_of_a_few_batches(tmp_path):
    few = write_dotted_photos(tmp_path / "ten", 10)
    config = config_of(few, start_from=Path("asmnet-68"))
    config = replace(config, recipe=Recipe(epochs=1, batch_size=16))
    faces, recipe = load_training_faces(config, read_annotations(few), IBUG_68)
    assert (len(faces), recipe.epoch_faces) == (10, 64)
    _, recipe = load_training_faces(
        replace(config, start_from=None), read_annotations(few), IBUG_68
    )
    assert recipe.epoch_faces == 0


def test_poses_that_no_label_gives_are_those_of_the_start(photos):
    faces = read_annotations(photos)[:4]
    known, unknown = faces[:2], [replace(face, head_pose=None) for face in faces[2:]]
    samples = load_face_samples([*known, *unknown])
    torch.manual_seed(0)
    network = TinyNetwork()
    teacher = network_poses(network, Recipe(epochs=1, size=64))
    filled = with_start_poses(samples, teacher).head_poses
    np.testing.assert_array_equal(filled[:2], samples.head_poses[:2])
    crops, _ = upright_crops(samples, size=64, crop_scale=1.35)
    predicted = predict_crops(network, crops).head_pose.numpy()
    np.testing.assert_allclose(filled[2:], predicted[2:], atol=1e-5)


@pytest.mark.parametrize("start_poses", [True, False])
def test_start_teaches_its_poses_unless_the_run_says_no(photos, tmp_path, start_poses):
    """A start that knows no faces has nothing to teach."""
    unlabelled = tmp_path / "train"
    shutil.copytree(photos, unlabelled)
    (unlabelled / "head_pose.csv").unlink(missing_ok=True)
    start = tmp_path / "start.pt"
    torch.save(PaperAsmnet().state_dict(), start)
    run = make_config(
        {
            **{"out": tmp_path / "run", "photos": [str(unlabelled)], "start_from": str(start)},
            **{"network": "asmnet-paper", "epochs": 1, "size": 64, "batch_size": 8},
            **{"negatives": 0, "start_poses": start_poses, "device": "cpu", "threads": 1},
        }
    )
    taught = np.isfinite(prepare_run(run).source.faces.head_poses).all(axis=1)
    assert taught.all() if start_poses else not taught.any()


def test_a_model_file_gives_the_poses_that_it_sees():
    """Also to faces of another layout; what it does not take for a face gets none."""
    portrait = sample_photo("portrait")
    [face] = FaceAligner().predict(portrait)
    file = start_file(Path("asmnet-68"))
    for points in (face.landmarks, face.five_points):
        annotated = AnnotatedFace(photo=portrait, subset="", landmarks=points)
        samples = load_face_samples([annotated, annotated])
        samples.canvases[1] = 128
        filled = with_start_poses(samples, file_poses(file)).head_poses
        np.testing.assert_allclose(
            filled[0, :2], [face.head_pose.yaw, face.head_pose.pitch], atol=2
        )
        assert np.isnan(filled[1]).all()


def proposed(faces: list[AnnotatedFace], moved: int = 0) -> list[AnnotatedFace]:
    """Return faces as a model proposes them, of whose points a person has moved the first ones."""
    sigma = np.where(np.arange(68) < moved, 0, 2).astype(np.float32)
    return [replace(face, landmark_sigma=sigma) for face in faces]


def labels_of(folder: Path, faces: list[AnnotatedFace]) -> Path:
    write_coco(faces, folder / "labels.json", IBUG_68)
    return folder / "labels.json"


def test_faces_that_nobody_reviewed_are_left_out(photos, tmp_path, caplog):
    faces = read_annotations(photos)
    labels = labels_of(tmp_path, [*proposed(faces[:5]), *proposed(faces[5:10], 3), *faces[10:]])
    training, validation = read_faces(config_of(labels), IBUG_68)
    names = {face.name for face in (*training, *validation)}
    assert names == {face.name for face in faces[5:]}
    assert "5 of 20 faces are left out" in caplog.text
    training, validation = read_faces(config_of(labels, trust_proposals=True), IBUG_68)
    assert len(training) + len(validation) == 20
    assert all(face.is_by_hand.all() for face in training)


def test_labels_that_nobody_reviewed_are_refused(photos, tmp_path):
    labels = labels_of(tmp_path, proposed(read_annotations(photos)))
    with pytest.raises(InvalidInputError, match="all 20 faces are as a model proposed them"):
        read_faces(config_of(labels), IBUG_68)


def test_points_that_nobody_moved_count_a_quarter_and_judge_nothing(photos, tmp_path):
    samples = load_face_samples(proposed(read_annotations(photos)[:4], moved=3))
    assert samples.landmark_weights[0].tolist() == [1] * 3 + [0.25] * 65
    trainer = make_trainer(tmp_path, TinyNetwork, mse_objective, epochs=5)
    trainer.validation = samples
    before = trainer.measure_start()
    shifted = samples.landmarks + np.where(samples.is_sure, 0, 7)[..., None].astype(np.float32)
    trainer.validation = replace(samples, landmarks=shifted)
    # The box goes with all points, so the figures are close, not equal.
    assert trainer.measure_start()["val_error"] == pytest.approx(before["val_error"], rel=0.05)
    landmarks = trainer._judged(samples).landmarks
    assert np.isfinite(landmarks[:, :3]).all()
    assert np.isnan(landmarks[:, 3:]).all()
