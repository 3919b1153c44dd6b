from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox  # noqa: E402
from asmnet_sdk.datasets import read_300w  # noqa: E402
from asmnet_sdk.detection import AsmnetDetector  # noqa: E402
from asmnet_sdk.detection.contract import DetectorMetadata  # noqa: E402
from asmnet_sdk.geometry import transform_points  # noqa: E402
from lab.detection.assignment import (  # noqa: E402
    FACE,
    NO_FACE,
    UNDECIDED,
    assign_cells,
)
from lab.detection.batches import SIZES, make_batches  # noqa: E402
from lab.detection.export import export_detector  # noqa: E402
from lab.detection.inference import judge, whole_photo  # noqa: E402
from lab.detection.losses import (  # noqa: E402
    box_overlaps,
    detection_losses,
    quality_focal_loss,
)
from lab.detection.mosaics import make_example, make_mosaic  # noqa: E402
from lab.detection.networks import (  # noqa: E402
    DetectionNetwork,
    RawDetections,
    cell_centers,
    decode_boxes,
)
from lab.detection.photos import load_photos  # noqa: E402
from lab.detection.placement import (  # noqa: E402
    place_on_face,
    place_on_region,
    tile_labels,
)
from lab.detection.teacher import (  # noqa: E402
    OtherFaces,
    find_other_faces,
    read_other_faces,
    write_other_faces,
)
from lab.detection.trainer import (  # noqa: E402
    DetectionRecipe,
    DetectionTrainer,
)
from tests.dot_model import picture_with_dots  # noqa: E402
from tests.framed_photos import framed_photo, outline, write_face  # noqa: E402


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


def cells(size: int) -> tuple[np.ndarray, np.ndarray]:
    centers, strides = cell_centers(size, size)
    return centers.numpy(), strides.numpy()


def rows(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def test_network_is_small_and_gives_each_cell_a_score_and_a_box():
    network = DetectionNetwork().eval()
    with torch.inference_mode():
        found = network(torch.zeros(1, 3, 96, 160))
    assert sum(p.numel() for p in network.parameters()) <= 0.25e6
    assert found.score_logits.shape == (1, 12 * 20 + 6 * 10 + 3 * 5)
    assert found.log_distances.shape == (1, 12 * 20 + 6 * 10 + 3 * 5, 4)


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


@pytest.mark.parametrize("side", [11, 16, 31, 33, 43, 45, 75, 77, 99, 101, 300])
@pytest.mark.parametrize("offset", [0.0, 3.7, 10.2])
def test_faces_of_every_size_have_a_cell_near_their_middle(side, offset):
    centers, strides = cells(320)
    middle = 150 + offset
    box = rows((middle - side / 2, middle - side / 2, middle + side / 2, middle + side / 2))
    labels = assign_cells(box, rows(), centers, strides)
    found = labels.kinds == FACE
    assert found.any()
    reach = max(0.25 * side, 0.75 * strides[found].max())
    assert np.abs(centers[found] - middle).max() <= reach
    assert (labels.boxes[found] == box).all()


def test_small_faces_go_to_fine_cells_and_large_ones_to_coarse_cells():
    centers, strides = cells(320)
    labels = assign_cells(rows((100, 100, 120, 120)), rows(), centers, strides)
    assert set(strides[labels.kinds == FACE]) == {8}
    labels = assign_cells(rows((50, 50, 250, 250)), rows(), centers, strides)
    assert set(strides[labels.kinds == FACE]) == {32}


def test_smaller_of_two_faces_gets_the_cells_that_both_want():
    centers, strides = cells(320)
    large, small = (100, 100, 140, 140), (110, 110, 130, 130)
    labels = assign_cells(rows(small, large), rows(), centers, strides)
    middle = np.flatnonzero((strides == 8) & (np.abs(centers - 120).max(axis=1) < 5))
    assert (labels.boxes[middle] == small).all()


def test_cells_in_doubtful_places_are_undecided_unless_they_find_a_face():
    centers, strides = cells(320)
    face, doubtful = (100, 100, 124, 124), (80, 80, 200, 200)
    labels = assign_cells(rows(face), rows(doubtful), centers, strides)
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
    logits = torch.tensor([[0.0, 0.0, 7.0]])
    losses = detection_losses(logits, boxes, kinds, boxes)
    assert losses["box"].item() == pytest.approx(0)
    assert losses["score"].item() == pytest.approx(2 * 0.25 * math.log(2))


def test_losses_of_a_batch_without_faces_are_finite():
    kinds = torch.zeros(1, 3, dtype=torch.int8)
    losses = detection_losses(torch.zeros(1, 3), torch.zeros(1, 3, 4), kinds, torch.zeros(1, 3, 4))
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
    if len(labels.boxes):
        expected = np.clip(labels.boxes[0], -0.5, np.tile(tile_wh, 2) - 0.5)
        np.testing.assert_allclose(bright_box(tile), expected, atol=2)


def test_placed_faces_have_all_sizes():
    photo = framed_photo((300, 260), [(120, 90, 179, 139)])
    generator = np.random.default_rng(0)
    sides = []
    for _ in range(60):
        matrix = place_on_face(photo, (100, 100), generator)
        box = BoundingBox.around(transform_points(matrix, photo.faces[0]))
        sides.append(max(box.width, box.height))
    assert min(sides) < 22
    assert max(sides) > 75


def test_faces_cut_off_or_tiny_are_neither_taught_nor_denied():
    photo = framed_photo((200, 200), [(50, 50, 99, 99)], doubtful=[(150, 150, 170, 170)])
    halved = np.array([[1.0, 0, -75], [0, 1, 0]])
    labels = tile_labels(photo, halved, (100, 100))
    assert len(labels.boxes) == 0
    np.testing.assert_allclose(labels.ignored, [(-0.5, 49.5, 24.5, 99.5)])
    shrunk = np.array([[0.2, 0, 0], [0, 0.2, 0]])
    labels = tile_labels(photo, shrunk, (100, 100))
    assert len(labels.boxes) == 0
    np.testing.assert_allclose(labels.ignored, [(9.9, 9.9, 19.9, 19.9), (30, 30, 34, 34)])


def test_regions_fill_their_tile_in_any_place():
    photo = framed_photo((300, 260), [])
    photo.levels[0][:] = photo.levels[1][:] = photo.levels[2][:] = 200
    matrix = place_on_region(photo, (40, 40), np.random.default_rng(3))
    assert (photo.cut(matrix, (40, 40))[18:22, 18:22] > 0).all()


@pytest.mark.parametrize("grid", [1, 3, 6])
def test_mosaics_keep_boxes_on_faces(grid):
    photos = [framed_photo((200, 150), [(60, 40, 119, 99)]) for _ in range(3)]
    example = make_mosaic(photos, grid, 256, np.random.default_rng(grid))
    brightness = example.picture.mean(axis=2)
    inside = np.zeros((256, 256), bool)
    for box in np.clip(example.boxes.round().astype(int), 0, 255):
        centre = brightness[(box[1] + box[3]) // 2, (box[0] + box[2]) // 2]
        assert centre > 60
        inside[box[1] : box[3] + 2, box[0] : box[2] + 2] = True
    for box in np.clip(example.ignored.round().astype(int), 0, 255):
        inside[box[1] : box[3] + 2, box[0] : box[2] + 2] = True
    assert len(example.boxes) >= grid * grid // 3
    assert np.median(brightness[inside]) > np.percentile(brightness[~inside], 90)


def test_examples_repeat_with_the_seed():
    photos = [framed_photo((200, 150), [(60, 40, 119, 99)])]
    first, second = (make_example(photos, 128, np.random.default_rng(5)) for _ in range(2))
    assert (first.picture == second.picture).all()
    assert (first.boxes == second.boxes).all()


def test_batches_hold_about_as_many_pixels_as_wanted():
    photos = [framed_photo((200, 150), [(60, 40, 119, 99)])]
    generator = np.random.default_rng(0)
    for batch in make_batches(photos, batches=3, pixels=2 * 256**2, generator=generator):
        count, _, side, _ = batch.pictures.shape
        assert side in SIZES
        assert count == max(1, round(2 * 256**2 / side**2))
        cells_per_picture = sum((side // stride) ** 2 for stride in (8, 16, 32))
        assert batch.kinds.shape == (count, cells_per_picture)
        assert batch.boxes.shape == (count, cells_per_picture, 4)
        assert 0 <= batch.pictures.min() <= batch.pictures.max() <= 1


def test_photos_stored_once_a_face_become_one_where_sizes_agree(tmp_path):
    write_face(tmp_path / "afw", "77_1", (400, 300), (10, 20, 59, 69))
    write_face(tmp_path / "afw", "77_2", (400, 300), (200, 20, 249, 69))
    write_face(tmp_path / "afw", "88_1", (400, 300), (10, 20, 59, 69))
    write_face(tmp_path / "afw", "88_2", (300, 225), (150, 15, 187, 52))
    photos = load_photos(read_300w(tmp_path), {})
    assert [len(photo.faces) for photo in photos] == [2, 1, 1]


def test_large_photos_are_shrunk_with_their_faces(tmp_path):
    write_face(tmp_path / "helen", "large", (1280, 640), (200, 100, 399, 299))
    [photo] = load_photos(read_300w(tmp_path), {})
    assert photo.size_wh == (640, 320)
    box = BoundingBox.around(photo.faces[0])
    assert list(box) == pytest.approx([99.5, 49.5, 199.5, 149.5])


def test_faces_of_the_teacher_are_added_unless_they_are_annotated(tmp_path):
    write_face(tmp_path / "afw", "77_1", (400, 300), (10, 20, 59, 69))
    others = {
        "afw/77_1.png": OtherFaces(
            np.stack([outline((12, 22, 61, 66)), outline((300, 20, 339, 59))]),
            rows((5, 15, 62, 70), (100, 100, 120, 120)),
        )
    }
    [photo] = load_photos(read_300w(tmp_path), others)
    boxes = [list(BoundingBox.around(points)) for points in photo.faces]
    assert boxes == [[9.5, 19.5, 59.5, 69.5], [299.5, 19.5, 339.5, 59.5]]
    np.testing.assert_allclose(photo.doubtful, [(100, 100, 120, 120)])


class StubDetector:
    """Gives the boxes it was made with."""

    def __init__(self, boxes: list[BoundingBox]) -> None:
        self.boxes = boxes

    def detect(self, image: np.ndarray) -> list[BoundingBox]:
        return self.boxes


def test_teacher_parts_sure_faces_from_doubtful_ones(dot_aligner):
    """The dot model's landmarks span the dots: (100, 100) to (140, 140)."""
    picture = picture_with_dots((300, 300), (100, 100), (140, 100), (120, 140))
    agreeing = BoundingBox(99, 99, 141, 141, score=0.9)
    unsure = BoundingBox(99, 99, 141, 141, score=0.4)
    disagreeing = BoundingBox(90, 90, 190, 190, score=0.9)
    found = find_other_faces(picture, StubDetector([agreeing, unsure, disagreeing]), dot_aligner)
    assert found.landmarks.shape == (1, 68, 2)
    np.testing.assert_allclose(
        list(BoundingBox.around(found.landmarks[0])), (100, 100, 140, 140), atol=0.5
    )
    np.testing.assert_allclose(found.doubtful, [list(unsure), list(disagreeing)])


def test_what_the_teacher_found_survives_its_file(tmp_path):
    found = OtherFaces(outline((12, 22, 61, 66))[np.newaxis], rows((100, 100, 120.25, 120)))
    write_other_faces({"a/b.jpg": found, "a/c.jpg": OtherFaces.none()}, tmp_path / "found.json")
    read = read_other_faces(tmp_path / "found.json")
    assert list(read) == ["a/b.jpg"]
    np.testing.assert_allclose(read["a/b.jpg"].landmarks, found.landmarks, atol=0.01)
    np.testing.assert_allclose(read["a/b.jpg"].doubtful, found.doubtful)


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
        return RawDetections(self.scores, self.distances)


def test_judging_counts_faces_found_and_spurious_boxes():
    """Cells 400 and 900 of a 320 px picture lie around (3.5, 83.5) and (163.5, 179.5)."""
    example = whole_photo(framed_photo((320, 320), [(-20, 60, 39, 109), (200, 10, 249, 59)]), 320)
    network = OracleNetwork((-20.5, 59.5, 39.5, 109.5), (150.0, 170, 180, 190), 320)
    figures = judge(network, [example], score_threshold=0.5)
    assert figures.recall == pytest.approx(0.5)
    assert figures.mean_overlap == pytest.approx(1, abs=1e-4)
    assert figures.spurious == 1


def test_losses_pull_the_network_towards_the_face():
    torch.manual_seed(0)
    face, centers, strides = (40, 30, 70, 60), *cells(96)
    pictures = torch.zeros(1, 3, 96, 96)
    pictures[:, :, 30:60, 40:70] = 1
    labels = assign_cells(rows(face), rows(), centers, strides)
    kinds, boxes = torch.from_numpy(labels.kinds)[None], torch.from_numpy(labels.boxes)[None]
    network = DetectionNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    history = []
    for _ in range(30):
        found = network(pictures)
        predicted = decode_boxes(found.log_distances, *cell_centers(96, 96))
        losses = detection_losses(found.score_logits, predicted, kinds, boxes)
        optimizer.zero_grad()
        (losses["score"] + losses["box"]).backward()
        optimizer.step()
        history.append(losses["box"].item())
    assert history[-1] < 0.4 * history[0]
    assert found.score_logits[kinds == FACE].min() > found.score_logits[kinds == NO_FACE].max()


def trainer_in(folder: Path) -> DetectionTrainer:
    torch.manual_seed(0)
    photos = [framed_photo((200, 150), [(60, 40, 119, 99)]) for _ in range(2)]
    return DetectionTrainer(
        DetectionNetwork(),
        DetectionRecipe(epochs=2, batches=2, pixels=60, average_decay=0.5),
        photos=photos,
        validation=photos[:1],
        folder=folder,
        mosaics=2,
    )


def test_training_continues_from_its_checkpoint(tmp_path):
    first = trainer_in(tmp_path)
    trained = first.run()
    resumed = trainer_in(tmp_path).run()
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2]
    assert {"photos_recall", "mosaics_spurious"} <= records[0].keys()
    states = trained.state_dict(), resumed.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


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
