from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, InvalidImageError
from asmnet_sdk.cli import main
from asmnet_sdk.cli.benchmark_chart import draw_stage_times
from asmnet_sdk.cli.benchmarking import STAGES, Setting, StageTimes, describe_machine, time_stages
from asmnet_sdk.drawing.charting import Canvas, text_width, tick_step
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.conftest import EXAMPLES

BOX = BoundingBox(179, 87, 272, 179)
DETECT_COLOR = (230, 159, 0)
INFERENCE_COLOR = (0, 158, 115)


class NotingDetector:
    """Notes with how many threads OpenCV ran when it was asked."""

    def __init__(self) -> None:
        self.threads_seen: list[int] = []

    def detect(self, image):
        self.threads_seen.append(cv2.getNumThreads())
        return [BOX]


@pytest.fixture(scope="module")
def network(dot_model: Path) -> LandmarkNetwork:
    return LandmarkNetwork(dot_model, device="cpu", threads=1)


def make_setting(network: LandmarkNetwork, **changes: object) -> Setting:
    return Setting(**{"model": "dots", "network": network, "threads": 1, "batch": 1, **changes})


def make_times(network: LandmarkNetwork, stages=STAGES, **milliseconds: float) -> StageTimes:
    times = {stage: np.full(4, milliseconds.get(stage, 1.0)) for stage in stages}
    return StageTimes(setting=make_setting(network), milliseconds=times)


def test_all_stages_are_timed_after_a_warm_up(network: LandmarkNetwork):
    detector = NotingDetector()
    rounds = []
    photo = (EXAMPLES / "astronaut.jpg").read_bytes()
    [times] = time_stages(
        [make_setting(network, detector=detector)],
        photo,
        BOX,
        repetitions=3,
        on_repetition=lambda: rounds.append(1),
    )
    assert tuple(times.milliseconds) == STAGES
    assert all(
        values.shape == (3,) and (values > 0).all() for values in times.milliseconds.values()
    )
    assert len(rounds) == 3
    assert len(detector.threads_seen) == 5


def test_error_leaves_opencvs_threads_as_they_were(network: LandmarkNetwork):
    before = cv2.getNumThreads()
    with pytest.raises(InvalidImageError):
        time_stages([make_setting(network, threads=before + 1)], b"none", BOX, repetitions=1)
    assert cv2.getNumThreads() == before


def test_settings_take_turns_each_with_its_threads(network: LandmarkNetwork):
    photo = (EXAMPLES / "astronaut.jpg").read_bytes()
    before = cv2.getNumThreads()
    detector = NotingDetector()
    settings = [make_setting(network, threads=n, detector=detector) for n in (1, 2)]
    time_stages(settings, photo, BOX, repetitions=2)
    assert detector.threads_seen == [1, 2] * 4
    assert cv2.getNumThreads() == before


def test_without_a_detector_there_is_no_such_stage(network: LandmarkNetwork):
    photo = (EXAMPLES / "astronaut.jpg").read_bytes()
    [times] = time_stages([make_setting(network, batch=2)], photo, BOX, repetitions=1)
    assert tuple(times.milliseconds) == tuple(stage for stage in STAGES if stage != "detect")


def test_median_spread_and_total(network: LandmarkNetwork):
    times = StageTimes(
        setting=make_setting(network),
        milliseconds={"decode": np.array([1.0, 2, 3, 4, 90]), "crop": np.full(5, 0.5)},
    )
    assert times.median("decode") == 3
    assert times.spread("decode") == 2
    assert times.total.tolist() == [1.5, 2.5, 3.5, 4.5, 90.5]


def test_machine_description_names_processor_and_versions():
    machine = describe_machine()
    assert list(machine) == ["processor", "system", "asmnet-sdk", "numpy", "onnxruntime", "opencv"]
    assert all(machine.values())


def test_bars_are_as_long_as_the_medians(network: LandmarkNetwork):
    results = [make_times(network, inference=4.0), make_times(network, inference=12.0)]
    image = draw_stage_times(results).image
    widths = [row_length(image, INFERENCE_COLOR, row) for row in range(2)]
    assert widths[1] == pytest.approx(3 * widths[0], abs=3)
    assert row_length(image, DETECT_COLOR, 0) == pytest.approx(widths[0] / 4, abs=2)


def row_length(image, color: tuple[int, int, int], row: int) -> int:
    """Pixels of a colour in the upper part of a bar, where no whisker covers it."""
    return int((image[88 + 30 * row + 8] == color).all(axis=-1).sum())


def test_footnotes_are_never_cut(network: LandmarkNetwork):
    narrow = draw_stage_times([make_times(network)]).image
    wide = draw_stage_times([make_times(network)], footnotes=("x" * 300,)).image
    assert wide.shape[1] >= text_width("x" * 300, 12) > narrow.shape[1]
    assert (wide[:, -4:] == 255).all()


@pytest.mark.parametrize(("highest", "step"), [(6.0, 1), (6.1, 2), (25, 5), (31, 10), (0.5, 0.1)])
def test_ticks_are_round_numbers(highest: float, step: float):
    assert tick_step(highest) == pytest.approx(step)


def test_canvas_text_lies_where_its_anchor_says():
    canvas = Canvas(200, 40)
    canvas.text((190, 20), "sum 12.3", (0, 0, 0), anchor="right")
    _, columns = np.nonzero((canvas.image < 200).all(axis=-1))
    assert columns.max() < 191
    assert columns.min() == pytest.approx(190 - text_width("sum 12.3"), abs=4)


def test_canvas_refuses_a_format_that_is_none(tmp_path: Path):
    with pytest.raises(InvalidInputError, match="no picture"):
        Canvas(8, 8).save(tmp_path / "chart.xyz")


def test_command_writes_table_json_and_plot(dot_model: Path, tmp_path: Path, capsys):
    code = main(
        [
            "benchmark", str(EXAMPLES / "astronaut.jpg"), "--models", str(dot_model),
            "--devices", "cpu", "auto", "--threads", "1", "2", "--batches", "1", "2",
            "--repetitions", "2",
            "--json", str(tmp_path / "new" / "times.json"),
            "--plot", str(tmp_path / "new" / "times.png"),
        ]
    )  # fmt: skip
    assert code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [f"{stage} ms" in lines[0] for stage in STAGES] == [True] * 5
    assert sum(line.startswith(str(dot_model)) for line in lines) == 8
    record = json.loads((tmp_path / "new" / "times.json").read_text("utf-8"))
    for result in record["results"]:
        for stage, values in result["milliseconds"].items():
            assert result["median"][stage] == pytest.approx(np.median(values), abs=1e-3)
            assert result["spread"][stage] >= 0
    picture = cv2.imread(str(tmp_path / "new" / "times.png"))
    assert picture.shape[0] > 88 + 8 * 30
    assert (picture[..., ::-1] == INFERENCE_COLOR).all(axis=-1).any()


@pytest.mark.parametrize("option", ["--threads", "--batches", "--repetitions"])
def test_command_refuses_numbers_below_one(option: str, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["benchmark", "photo.jpg", option, "0"])
    assert stopped.value.code == 2
    assert "no whole number from 1" in capsys.readouterr().err


def test_command_refuses_a_folder_to_write_before_it_runs(tmp_path: Path, capsys):
    photo = str(EXAMPLES / "astronaut.jpg")
    assert main(["benchmark", photo, "--plot", str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err
