from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox
from asmnet_sdk.detection import AsmnetDetector
from asmnet_sdk.detection.contract import DetectorMetadata
from asmnet_sdk.geometry import transform_points
from lab.detection.assignment import (
    FACE,
    NO_FACE,
    UNDECIDED,
    assign_cells,
)
from lab.detection.backgrounds import Backgrounds
from lab.detection.batches import SIZES, make_batches
from lab.detection.export import export_detector
from lab.detection.inference import judge, validation_mosaics, whole_photo
from lab.detection.labels import LabelledFace, PhotoLabels
from lab.detection.losses import (
    box_overlaps,
    detection_losses,
    quality_focal_loss,
    roll_losses,
)
from lab.detection.mosaics import PhotoPool, make_example, make_mosaic
from lab.detection.networks import (
    DetectionNetwork,
    RawDetections,
    cell_centers,
    decode_boxes,
    decode_rolls,
)
from lab.detection.photos import (
    DetectionPhoto,
    is_validation_photo,
    load_photo,
)
from lab.detection.placement import (
    place_on_face,
    place_on_region,
    tile_labels,
)
from lab.detection.trainer import (
    DetectionRecipe,
    DetectionTrainer,
)
from lab.detection.weights import start_from
from tests.framed_photos import framed_photo, outline, write_face


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


METADATA = DetectorMetadata(
    name="tiny",
    stride=32,
    long_side=320,
    smallest_face=14.0,
    score_threshold=0.0,
    training_data="none",
    licence="Apache-2.0",
)


UPRIGHT = np.zeros(1, np.float32)


def cells(size: int) -> tuple[np.ndarray, np.ndarray]:
    centers, strides = cell_centers(size, size)
    return centers.numpy(), strides.numpy()


def rows(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def pool_of(photos: list[DetectionPhoto]) -> PhotoPool:
    """Draw these photos alone; dark parts of a photo without faces lie around them."""
    empty = framed_photo((300, 300), [])
    backgrounds = Backgrounds([empty], [], count=2, generator=np.random.default_rng(0))
    return PhotoPool(photos={"framed": photos}, shares={"framed": 1.0}, backgrounds=backgrounds)


def test_network_is_small_and_gives_each_cell_a_score_a_box_and_a_tilt():
    network = DetectionNetwork().eval()
    with torch.inference_mode():
        found = network(torch.zeros(1, 3, 96, 160))
    assert sum(p.numel() for p in network.parameters()) <= 0.25e6
    assert found.score_logits.shape == (1, 12 * 20 + 6 * 10 + 3 * 5)
    assert found.log_distances.shape == (1, 12 * 20 + 6 * 10 + 3 * 5, 4)
    assert found.directions.shape == (1, 12 * 20 + 6 * 10 + 3 * 5, 2)


def test_cell_centers_lie_in_the_middle_of_their_pixels():
    """A cell of stride 8 covers pixels 0..7, whose middle is 3.5."""
    centers, strides = cell_centers(64, 32)
    assert strides.tolist() == [8] * 32 + [16] * 8 + [32] * 2
    assert centers[0].tolist() == [3.5, 3.5]
    assert centers[5].tolist() == [11.5, 11.5]
    assert centers[-1].tolist() == [15.5, 47.5]


def test_decoded_boxes_are_distances_in_strides_from_the_center():
    raw = torch.randn(84, 4)
    boxes = decode_boxes(raw, *cell_centers(64, 64)).numpy()
    centers, strides = cells(64)
    distances = np.exp(raw.numpy()) * strides[:, None]
    expected = np.concatenate([centers - distances[:, :2], centers + distances[:, 2:]], axis=1)
    np.testing.assert_allclose(boxes, expected, rtol=1e-6, atol=1e-5)


def test_rolls_are_read_from_their_directions():
    directions = torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, -0.1], [-3.0, 0.0]])
    assert decode_rolls(directions).tolist() == pytest.approx([0, 90, -90, 180])


@pytest.mark.parametrize("side", [11, 16, 31, 33, 43, 45, 75, 77, 99, 101, 300])
@pytest.mark.parametrize("offset", [0.0, 3.7, 10.2])
def test_faces_of_every_size_have_a_cell_near_their_middle(side, offset):
    centers, strides = cells(320)
    middle = 150 + offset
    box = rows((middle - side / 2, middle - side / 2, middle + side / 2, middle + side / 2))
    labels = assign_cells(box, np.array([30.0], np.float32), rows(), centers, strides)
    found = labels.kinds == FACE
    assert found.any()
    reach = max(0.25 * side, 0.75 * strides[found].max())
    assert np.abs(centers[found] - middle).max() <= reach
    assert (labels.boxes[found] == box).all()
    assert (labels.rolls[found] == 30).all()
    assert np.isnan(labels.rolls[~found]).all()


def test_small_faces_go_to_fine_cells_and_large_ones_to_coarse_cells():
    centers, strides = cells(320)
    labels = assign_cells(rows((100, 100, 120, 120)), UPRIGHT, rows(), centers, strides)
    assert set(strides[labels.kinds == FACE]) == {8}
    labels = assign_cells(rows((50, 50, 250, 250)), UPRIGHT, rows(), centers, strides)
    assert set(strides[labels.kinds == FACE]) == {32}


def test_smaller_of_two_faces_gets_the_cells_that_both_want():
    centers, strides = cells(320)
    large, small = (100, 100, 140, 140), (110, 110, 130, 130)
    labels = assign_cells(rows(small, large), UPRIGHT.repeat(2), rows(), centers, strides)
    middle = np.flatnonzero((strides == 8) & (np.abs(centers - 120).max(axis=1) < 5))
    assert (labels.boxes[middle] == small).all()


def test_cells_in_doubtful_places_are_undecided_unless_they_find_a_face():
    centers, strides = cells(320)
    face, doubtful = (100, 100, 124, 124), (80, 80, 200, 200)
    labels = assign_cells(rows(face), UPRIGHT, rows(doubtful), centers, strides)
    inside = ((centers >= 80) & (centers <= 200)).all(axis=1)
    assert set(labels.kinds[inside]) == {FACE, UNDECIDED}
    assert set(labels.kinds[~inside]) == {NO_FACE}


def test_overlaps_of_known_boxes():
    """Two squares of 2 x 2 that share 1 x 2, and two that are one side apart."""
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.0, 0, 1, 1]])
    others = torch.tensor([[1.0, 0, 3, 2], [2.0, 0, 3, 1]])
    overlap, generalised = box_overlaps(boxes, others)
    assert overlap.tolist() == pytest.approx([1 / 3, 0])
    assert generalised.tolist() == pytest.approx([1 / 3, -1 / 3])


def test_quality_focal_loss_values():
    logits, qualities = torch.tensor([0.0, 0.0]), torch.tensor([0.5, 1.0])
    expected = [0.0, 0.25 * math.log(2)]
    assert quality_focal_loss(logits, qualities).tolist() == pytest.approx(expected)


def test_only_decided_cells_count():
    kinds = torch.tensor([[FACE, NO_FACE, UNDECIDED]], dtype=torch.int8)
    boxes = torch.tensor([[[0.0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 1, 1]]])
    raw = RawDetections(torch.tensor([[0.0, 0.0, 7.0]]), boxes, torch.ones(1, 3, 2))
    losses = detection_losses(raw, boxes, kinds, boxes, torch.tensor([[45.0, 0, 0]]))
    assert losses["box"].item() == pytest.approx(0)
    assert losses["score"].item() == pytest.approx(2 * 0.25 * math.log(2))
    assert losses["roll"].item() == pytest.approx(0, abs=1e-6)


def test_faces_of_unknown_tilt_teach_none():
    kinds = torch.tensor([[FACE, FACE]], dtype=torch.int8)
    boxes = torch.tensor([[[0.0, 0, 2, 2], [0, 0, 1, 1]]])
    raw = RawDetections(torch.zeros(1, 2), boxes, torch.tensor([[[1.0, 0], [-1.0, 0]]]))
    losses = detection_losses(raw, boxes, kinds, boxes, torch.tensor([[60.0, math.nan]]))
    assert losses["roll"].item() == pytest.approx(0.5 / 2)


def test_roll_loss_grows_with_the_angle_and_not_with_the_length():
    directions = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-0.1, 0.0]])
    assert roll_losses(directions, torch.zeros(3)).tolist() == pytest.approx([0, 1, 2])


def test_losses_of_a_batch_without_faces_are_finite():
    kinds = torch.zeros(1, 3, dtype=torch.int8)
    boxes, rolls = torch.zeros(1, 3, 4), torch.full((1, 3), math.nan)
    raw = RawDetections(torch.zeros(1, 3), boxes, torch.zeros(1, 3, 2))
    losses = detection_losses(raw, boxes, kinds, boxes, rolls)
    assert all(math.isfinite(loss.item()) for loss in losses.values())


def bright_box(tile: np.ndarray) -> list[float]:
    """Return the outer edges of the bright pixels."""
    y, x = np.nonzero(tile[:, :, 0] > 127)
    return [x.min() - 0.5, y.min() - 0.5, x.max() + 0.5, y.max() + 0.5]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("tile_wh", [(64, 50), (200, 320)])
def test_placed_boxes_are_tight_around_their_faces(seed, tile_wh):
    photo = framed_photo((300, 260), [(120, 90, 179, 139)])
    matrix = place_on_face(photo, tile_wh, np.random.default_rng(seed))
    tile = photo.cut(matrix, tile_wh)
    labels = tile_labels(photo, matrix, tile_wh)
    if len(labels.boxes) and (labels.boxes[0] > 0).all() and (labels.boxes[0, 2:] < tile_wh).all():
        np.testing.assert_allclose(bright_box(tile), labels.boxes[0], atol=2)


@pytest.mark.parametrize(
    ("linear", "before", "after"),
    [
        ([(0, -1), (1, 0)], 10, 100),  # turned clockwise by 90 degrees
        ([(-1, 0), (0, -1)], -170, 10),
        ([(-1, 0), (0, 1)], 30, -30),  # mirrored
        ([(3, 0), (0, 3)], 77, 77),
    ],
)
def test_tilt_follows_the_photo(linear, before, after):
    photo = replace(framed_photo((200, 200), [(50, 50, 99, 99)]), rolls=np.array([before]))
    middle = np.array([74.5, 74.5])
    matrix = np.column_stack([linear, 150 - np.array(linear) @ middle])
    assert tile_labels(photo, matrix, (300, 300)).rolls == pytest.approx([after], abs=1e-3)


def test_placed_faces_have_all_sizes():
    photo = framed_photo((300, 260), [(120, 90, 179, 139)])
    generator = np.random.default_rng(0)
    sides = []
    for _ in range(60):
        matrix = place_on_face(photo, (100, 100), generator)
        box = BoundingBox.around(transform_points(matrix, photo.faces[0]))
        sides.append(max(box.width, box.height))
    assert min(sides) < 24
    assert max(sides) > 75


def test_faces_cut_off_or_tiny_are_neither_taught_nor_denied():
    photo = framed_photo((200, 200), [(50, 50, 99, 99)], doubtful=[(150, 150, 170, 170)])
    cut = np.array([[1.0, 0, -80], [0, 1, 0]])
    labels = tile_labels(photo, cut, (100, 100))
    assert len(labels.boxes) == 0
    np.testing.assert_allclose(labels.ignored, [(-0.5, 49.5, 19.5, 99.5)])
    halved = np.array([[1.0, 0, -75], [0, 1, 0]])
    np.testing.assert_allclose(
        tile_labels(photo, halved, (100, 100)).boxes, [(-25.5, 49.5, 24.5, 99.5)]
    )
    shrunk = np.array([[0.18, 0, 0], [0, 0.18, 0]])
    labels = tile_labels(photo, shrunk, (100, 100))
    assert len(labels.boxes) == 0
    expected = [(8.91, 8.91, 17.91, 17.91), (27, 27, 30.6, 30.6)]
    np.testing.assert_allclose(labels.ignored, expected, atol=1e-3)


def test_regions_fill_their_tile_in_any_place():
    photo = framed_photo((300, 260), [])
    photo.levels[0][:] = photo.levels[1][:] = photo.levels[2][:] = 200
    matrix = place_on_region(photo, (40, 40), np.random.default_rng(3))
    assert (photo.cut(matrix, (40, 40))[18:22, 18:22] > 0).all()


@pytest.mark.parametrize("grid", [1, 3, 6])
def test_mosaics_keep_boxes_on_faces(grid):
    pool = pool_of([framed_photo((200, 150), [(60, 40, 119, 99)]) for _ in range(3)])
    example = make_mosaic(pool, grid, 256, np.random.default_rng(grid))
    brightness = example.picture.mean(axis=2)
    assert len(example.boxes) >= grid * grid // 3
    assert len(example.rolls) == len(example.boxes)
    low, high = example.boxes[:, :2].clip(0, 255), example.boxes[:, 2:].clip(0, 255)
    x, y = ((low + high) / 2).astype(int).T
    assert (brightness[y, x] > 60).all()


def test_tiles_without_a_photo_show_no_face():
    pool = replace(pool_of([]), photos={})
    example = make_example(pool, 64, np.random.default_rng(0))
    assert example.picture.shape == (64, 64, 3)
    assert len(example.boxes) == len(example.rolls) == len(example.ignored) == 0


def test_examples_repeat_with_the_seed():
    pool = pool_of([framed_photo((200, 150), [(60, 40, 119, 99)])])
    first, second = (make_example(pool, 128, np.random.default_rng(5)) for _ in range(2))
    assert (first.picture == second.picture).all()
    assert (first.boxes == second.boxes).all()


def test_batches_hold_about_as_many_pixels_as_wanted():
    pool = pool_of([framed_photo((200, 150), [(60, 40, 119, 99)])])
    generator = np.random.default_rng(0)
    for batch in make_batches(pool, batches=3, pixels=2 * 256**2, generator=generator):
        count, side, _, _ = batch.pictures.shape
        assert side in SIZES
        assert count == max(1, round(2 * 256**2 / side**2))
        cells_per_picture = sum((side // stride) ** 2 for stride in (8, 16, 32))
        assert batch.kinds.shape == batch.rolls.shape == (count, cells_per_picture)
        assert batch.boxes.shape == (count, cells_per_picture, 4)
        assert batch.pictures.dtype == torch.uint8


def test_each_picture_comes_again_mirrored():
    pool = pool_of([framed_photo((200, 150), [(60, 40, 119, 99)])])
    first, again = make_batches(pool, batches=2, pixels=256**2, generator=np.random.default_rng(3))
    assert (again.pictures == first.pictures.flip(2)).all()
    side = first.pictures.shape[1]
    assert (first.kinds == 1).any()
    boxes, mirrored = (batch.boxes[batch.kinds == 1].unique(dim=0) for batch in (first, again))
    back = mirrored[:, [2, 1, 0, 3]]
    back[:, [0, 2]] = side - 1 - back[:, [0, 2]]
    torch.testing.assert_close(back.sort(dim=0).values, boxes.sort(dim=0).values)
    assert sorted(first.rolls[first.kinds == 1].unique().tolist()) == pytest.approx(
        sorted((-again.rolls[again.kinds == 1]).unique().tolist())
    )


def labelled(name: str, *boxes: tuple[int, int, int, int]) -> PhotoLabels:
    faces = tuple(LabelledFace(points=outline(box), roll=5.0) for box in boxes)
    return PhotoLabels(photo=name, faces=faces, doubtful=rows((100, 100, 120, 120)))


def test_large_photos_are_shrunk_with_their_faces(tmp_path):
    write_face(tmp_path / "helen", "large", (1280, 640), (200, 100, 399, 299))
    photo = load_photo(labelled("helen/large.png", (200, 100, 399, 299)), tmp_path)
    assert photo.size_wh == (640, 320)
    assert list(BoundingBox.around(photo.faces[0])) == pytest.approx([99.5, 49.5, 199.5, 149.5])
    assert photo.rolls.tolist() == [5]
    np.testing.assert_allclose(photo.doubtful, [(49.75, 49.75, 59.75, 59.75)])


def test_validation_keeps_the_files_of_one_photo_together():
    sides = {
        number: {is_validation_photo(labelled(f"afw/{number}_{i}.jpg"), share=0.5) for i in (1, 2)}
        for number in range(20)
    }
    assert all(len(side) == 1 for side in sides.values())
    assert {True, False} == set().union(*sides.values())


class OracleNetwork(torch.nn.Module):
    """Finds one known box, and a second one that is wrong."""

    def __init__(self, box: tuple[float, ...], wrong: tuple[float, ...], size: int) -> None:
        super().__init__()
        centers, strides = cell_centers(size, size)
        self.scores = torch.full((1, len(centers)), -9.0)
        self.distances = torch.zeros(1, len(centers), 4)
        for index, corners in ((400, box), (900, wrong)):
            low, high = torch.tensor(corners[:2]), torch.tensor(corners[2:])
            reach = torch.cat([centers[index] - low, high - centers[index]])
            self.distances[0, index] = (reach / strides[index]).log()
            self.scores[0, index] = 4.0

    def forward(self, pictures: torch.Tensor) -> RawDetections:
        return RawDetections(self.scores, self.distances, torch.ones(*self.scores.shape, 2))


def test_judging_counts_faces_found_and_spurious_boxes():
    """Cells 400 and 900 of a 320 px picture lie around (3.5, 83.5) and (163.5, 179.5)."""
    example = whole_photo(framed_photo((320, 320), [(-20, 60, 39, 109), (200, 10, 249, 59)]), 320)
    network = OracleNetwork((-20.5, 59.5, 39.5, 109.5), (150.0, 170, 180, 190), 320)
    figures = judge(network, [example], score_threshold=0.5)
    assert figures.recall == pytest.approx(0.5)
    assert figures.mean_overlap == pytest.approx(1, abs=1e-4)
    assert figures.roll_error == pytest.approx(45)
    assert figures.spurious == 1


def test_losses_pull_the_network_towards_the_face():
    torch.manual_seed(0)
    face, centers, strides = (40, 30, 70, 60), *cells(96)
    pictures = torch.zeros(1, 3, 96, 96)
    pictures[:, :, 30:60, 40:70] = 1
    labels = assign_cells(rows(face), UPRIGHT, rows(), centers, strides)
    kinds, boxes = torch.from_numpy(labels.kinds)[None], torch.from_numpy(labels.boxes)[None]
    rolls = torch.from_numpy(labels.rolls)[None] + 90
    network = DetectionNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    history = []
    for _ in range(30):
        found = network(pictures)
        predicted = decode_boxes(found.log_distances, *cell_centers(96, 96))
        losses = detection_losses(found, predicted, kinds, boxes, rolls)
        optimizer.zero_grad()
        (losses["score"] + losses["box"] + losses["roll"]).backward()
        optimizer.step()
        history.append(losses["box"].item())
    assert history[-1] < 0.4 * history[0]
    rolls_found = decode_rolls(found.directions[kinds == FACE])
    assert rolls_found.mean().item() == pytest.approx(90, abs=20)
    assert found.score_logits[kinds == FACE].min() > found.score_logits[kinds == NO_FACE].max()


def trainer_in(folder: Path, *, minutes: float = 60.0) -> DetectionTrainer:
    torch.manual_seed(0)
    photos = [framed_photo((200, 150), [(60, 40, 119, 99)]) for _ in range(2)]
    pool = pool_of(photos)
    return DetectionTrainer(
        DetectionNetwork(),
        DetectionRecipe(minutes=minutes, batches=2, pixels=60, average_decay=0.5),
        pool=pool,
        validation={
            "photos": [whole_photo(photos[0], 64)],
            "mosaics": validation_mosaics(pool, size=64, count=2),
        },
        folder=folder,
    )


def test_training_ends_in_time_and_continues_from_its_checkpoint(tmp_path):
    first = trainer_in(tmp_path, minutes=1e-6)
    trained = first.run()
    assert (first.epoch, first.schedule.last_epoch) == (1, 1)
    finished = trainer_in(tmp_path, minutes=1e-6).run()
    states = trained.state_dict(), finished.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    resumed = trainer_in(tmp_path, minutes=2 * first.minutes)
    resumed.run()
    assert resumed.schedule.last_epoch > 1
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == list(range(1, resumed.epoch + 1))
    assert {"photos_recall", "mosaics_spurious"} <= records[0].keys()


def test_frozen_layers_stay_as_they_are(tmp_path):
    trainer = trainer_in(tmp_path, minutes=1e-6)
    trainer.recipe = replace(trainer.recipe, frozen=1)
    before = {name: values.clone() for name, values in trainer.network.state_dict().items()}
    trainer.run()
    changed = {
        name
        for name, values in trainer.network.state_dict().items()
        if not torch.equal(values, before[name])
    }
    assert not any(name.startswith(("stem", "stride_4", "stages.0")) for name in changed)
    assert any(name.startswith("stages.1") for name in changed)


def test_learning_rate_rises_by_batches_and_falls_by_time():
    recipe = DetectionRecipe(minutes=10, cooldown=0.5, warmup=4)
    assert recipe.rate_share(0, 0.0) == 0.25
    assert recipe.rate_share(50, 4.9) == 1
    assert recipe.rate_share(80, 7.5) == pytest.approx(0.5)
    assert recipe.rate_share(99, 10.1) == 0


def test_exported_detector_finds_what_torch_finds(tmp_path):
    torch.manual_seed(0)
    network = DetectionNetwork().eval()
    path = tmp_path / "tiny.onnx"
    export_detector(network, METADATA, path)
    picture = np.random.default_rng(0).integers(0, 256, (192, 320, 3), np.uint8)
    boxes = AsmnetDetector(path, threads=1, overlap_threshold=0.99).detect(picture)
    with torch.inference_mode():
        found = network(torch.from_numpy(picture / 255).float().permute(2, 0, 1)[None])
        expected = decode_boxes(found.log_distances[0], *cell_centers(192, 320)).numpy()
    assert len(boxes) > 100
    for box in boxes[:20]:
        assert np.abs(expected - list(box)).max(axis=1).min() < 0.05
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_size <= 1e6


def test_a_published_file_is_a_start(tmp_path):
    """Exporting folds batch norms; a network started from the file scores as the one exported."""
    torch.manual_seed(0)
    network = DetectionNetwork().eval()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.1, 0.1)
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    path = tmp_path / "tiny.onnx"
    export_detector(network, METADATA, path)
    started = DetectionNetwork()
    pictures = torch.rand(2, 3, 96, 96)
    start_from(started, path, pictures)
    with torch.inference_mode():
        expected, found = network(pictures), started.eval()(pictures)
    torch.testing.assert_close(found.score_logits, expected.score_logits, rtol=0, atol=1e-2)
