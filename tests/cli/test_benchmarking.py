from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from asmnet_sdk import BoundingBox, InvalidImageError
from asmnet_sdk.cli.benchmark_chart import draw_stage_times, save_figure
from asmnet_sdk.cli.benchmarking import STAGES, Setting, StageTimes, describe_machine, time_stages
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.landmarks.network import LandmarkNetwork
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOX = BoundingBox(*ASTRONAUT_BOX)
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


def bar_lengths(figure: Figure, stage: str) -> list[float]:
    """Return how long the bars of a stage are, in milliseconds."""
    [axes] = figure.axes
    bars = next(bars for bars in axes.containers if bars.get_label() == stage)
    return [bar.get_width() for bar in bars]


def test_bars_are_as_long_as_the_medians(network: LandmarkNetwork):
    pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    results = [make_times(network, inference=4.0), make_times(network, inference=12.0)]
    figure = draw_stage_times(results, footnotes=("this machine",))
    assert bar_lengths(figure, "inference") == [4.0, 12.0]
    assert bar_lengths(figure, "detect") == [1.0, 1.0]
    assert figure.axes[0].get_xlabel().endswith("this machine")


def test_format_that_is_none_is_refused(network: LandmarkNetwork, tmp_path: Path):
    pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    with pytest.raises(InvalidInputError, match=r"chart\.xyz cannot be drawn"):
        save_figure(draw_stage_times([make_times(network)]), tmp_path / "chart.xyz")
