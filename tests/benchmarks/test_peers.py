"""The comparison with peers: what stands in ``benchmarks/`` beside the package."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from asmnet_sdk import IBUG_68, WFLW_98, BoundingBox, FaceAligner
from asmnet_sdk.layouts import convert_landmarks
from tests.conftest import EXAMPLES, REPOSITORY, SHARED
from tests.example_boxes import ASTRONAUT_BOX

BENCHMARKS = REPOSITORY / "benchmarks"
PORTRAIT = EXAMPLES / "astronaut.jpg"
BOX = BoundingBox(*ASTRONAUT_BOX)
PEERS = SHARED / "peers"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Import a module of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load_module(name: str) -> ModuleType:
        return importlib.import_module(name)

    return load_module


def entrant_of(workers: ModuleType, kind: str, file: Path):
    return workers.Entrant(
        name=kind, kind=kind, file=file, python=Path(sys.executable),
        installation="asmnet-sdk", megabytes=1.0,
    )  # fmt: skip


def test_openseeface_is_decoded_at_the_peak_of_each_point(load):
    models = load("peer_models")
    output = np.zeros((1, 198, 28, 28), np.float32)
    output[:, 66:] = 0.5
    for point in range(66):
        output[0, point, point % 28, 3] = 1
    output[0, 66 + 30, 30 % 28, 3] = 1 / (1 + np.exp(-2))  # point 30: 2/16 of 223 further down
    landmarks = models._of_openseeface(output)
    assert np.flatnonzero(np.isnan(landmarks[:, 0])).tolist() == [60, 64]
    assert landmarks[0] * 224 == pytest.approx([223 * 3 / 27, 0], abs=1e-3)
    assert landmarks[30] * 224 == pytest.approx([223 * 3 / 27, 223 * (2 / 27 + 2 / 16)], abs=1e-3)
    assert landmarks[48, 1] * 224 == pytest.approx(223 * (58 % 28) / 27, abs=1e-3)
    assert landmarks[54, 1] * 224 == pytest.approx(223 * (62 % 28) / 27, abs=1e-3)


def test_98_points_are_picked_as_the_package_does(load):
    points = np.arange(196, dtype=np.float32)
    expected = convert_landmarks(points.reshape(98, 2), WFLW_98, IBUG_68)
    assert np.array_equal(load("peer_models")._of_98(points), expected)


def test_face_without_overlap_by_half_is_none(load):
    models = load("peer_models")
    face = np.array([[0, 0], [10, 10]], np.float32)
    chosen = models.choose_face([face + 100, face + 1], BoundingBox(0, 0, 10, 10))
    assert np.array_equal(chosen, face + 1)
    assert np.isnan(models.choose_face([face + 100], BoundingBox(0, 0, 10, 10))).all()
    assert np.isnan(models.choose_face([], BoundingBox(0, 0, 10, 10))).all()


def test_error_is_over_the_points_that_a_model_has(load):
    errors, workers = load("peer_errors"), load("workers")
    truth = np.zeros((68, 2), np.float32)
    truth[45] = (100, 0)
    landmarks = truth + np.float32([2, 0])
    landmarks[:17] += (4, 0)
    landmarks[60] = np.nan
    answer = workers.Answer(landmarks=landmarks, milliseconds=1.0)
    assert errors.nme(answer, truth, errors.INNER) == pytest.approx(2.0)
    assert errors.nme(answer, truth, slice(68)) == pytest.approx(2 + 4 * 17 / 67)
    nobody = workers.Answer(landmarks=np.full((68, 2), np.nan), milliseconds=1.0)
    assert np.isnan(errors.nme(nobody, truth, slice(68)))


def test_face_without_answer_is_a_failure_and_no_error(load):
    record = {
        "detected": [1.0, 9.0, float("nan"), 2.0],
        "detected_inner": [1.0, 2.0, float("nan"), 3.0],
        "hard": [6.0, 10.0],
        "hard_inner": [5.0, 8.0],
        "turned": [10.0, float("nan")],
        "hard_beyond_offsets": [5.0, 9.0],
    }
    assert load("peer_errors").summarise_errors(record) == {
        "nme_detected": 4.0, "nme_detected_inner": 2.0, "failures_detected": 50.0,
        "no_face_detected": 1,
        "nme_hard": 8.0, "nme_hard_inner": 6.5, "failures_hard": 50.0, "no_face_hard": 0,
        "nme_turned": 10.0, "nme_hard_beyond_offsets": 7.0,
    }  # fmt: skip


def test_every_landmark_model_of_the_hub_takes_part_and_no_detector(load):
    names = [folder.name for folder in load("workers").find_our_models()]
    assert "asmnet-68" in names
    assert "asmnet-detector" not in names


@pytest.mark.parametrize("kind", ["ours", "ours-detector"])
def test_worker_answers_as_the_package_does(load, kind: str):
    workers = load("workers")
    worker = workers.Worker(entrant_of(workers, kind, REPOSITORY / "hub/asmnet-68/model.onnx"), 1)
    answer = worker.ask(PORTRAIT, BOX, warm_up=1)
    worker.close()
    aligner = FaceAligner(device="cpu", threads=1)
    [face] = aligner.predict(PORTRAIT, BOX if kind == "ours" else None)
    assert np.abs(answer.landmarks - face.landmarks).max() < 0.01
    assert answer.milliseconds > 0


def test_worker_that_dies_is_named(load, tmp_path: Path):
    workers = load("workers")
    worker = workers.Worker(entrant_of(workers, "ours", tmp_path / "none.onnx"), 1)
    with pytest.raises(RuntimeError, match="worker of ours ended"):
        worker.ask(PORTRAIT, BOX)
    worker.close()


def test_peers_find_the_portrait(load):
    models, workers = load("peer_models"), load("workers")
    files = [PEERS / peer.file for peer in models.PEERS.values()]
    if not all(file.is_file() for file in files):
        pytest.skip("the models of the peers are not at hand")
    [face] = FaceAligner(device="cpu").predict(PORTRAIT, BOX)
    for file in files:
        worker = workers.Worker(entrant_of(workers, "onnx", file), 1)
        answer = worker.ask(PORTRAIT, BOX)
        worker.close()
        error = np.nanmean(np.linalg.norm(answer.landmarks - face.landmarks, axis=1))
        assert error < 4, file.name


def test_size_of_an_installation_counts_packages_only(load, tmp_path: Path):
    size = load("install_size")
    packages = tmp_path / "lib" / "python3" / "site-packages" / "thing"
    packages.mkdir(parents=True)
    (packages / "data.bin").write_bytes(bytes(2_000_000))
    (tmp_path / "outside.bin").write_bytes(bytes(9_000_000))
    assert size.folder_size(tmp_path) == 2.0
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    wheel.write_bytes(bytes(500_000))
    listed = [{"metadata": {"name": "thing"}, "download_info": {"url": wheel.as_uri()}}]
    assert size.download_size(listed) == 0.5
    source = {"metadata": {"name": "dlib"}, "download_info": {"url": "https://x/dlib.tar.gz"}}
    assert size.download_size([*listed, source]) is None
    assert size.remark_on([*listed, source]) == "no wheel of dlib: pip compiles it"


def test_clock_of_start_up_stops_at_the_first_line(load):
    start_up = load("start_up")
    program = "import time; print(1, flush=True); time.sleep(1)"
    seconds = start_up.time_to_first_line([sys.executable, "-S", "-c", program])
    assert 0 < seconds < 0.9
    with pytest.raises(RuntimeError, match="failed"):
        start_up.time_to_first_line([sys.executable, "-S", "-c", "raise SystemExit(3)"])


def test_pages_show_the_results_that_are_stored(load):
    """``python benchmarks/report.py`` writes them anew."""
    report = load("report")
    names = set()
    for page in report.PAGES:
        text = page.read_text("utf-8")
        names |= {found[2] for found in report.BLOCK.finditer(text)}
        assert report.fill(text) == text, page.name
    assert names == set(report.TABLES)


def test_results_hold_every_figure_of_every_model():
    result = json.loads((BENCHMARKS / "results" / "peers.json").read_text("utf-8"))
    for row in result["rows"]:
        assert {"nme_detected", "milliseconds_1", "milliseconds_all", "megabytes"} <= set(row)
    assert len({row["kind"] for row in result["rows"]}) == 7


def test_models_ahead_of_one_are_named(load):
    report = load("report_peers")
    ours = {"model": "asmnet-68", "kind": "ours"} | dict.fromkeys(report.FIGURES, 2.0)
    fast = {"model": "Fast", "kind": "onnx"} | dict.fromkeys(report.FIGURES, 3.0)
    fast["milliseconds_1"] = 1.0
    lines = report.ahead_of("asmnet-68", [ours, fast], [fast])
    assert lines == ["- of *asmnet-68* in time on one thread: Fast"]
