"""How long each stage of a prediction takes on this machine."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

import asmnet_sdk
from asmnet_sdk.detection import FaceDetector
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import BoundingBox

__all__ = ["STAGES", "Setting", "StageTimes", "describe_machine", "time_stages"]

STAGES = ("decode", "detect", "crop", "inference", "post-processing")
_WARM_UP_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to run a model.

    Attributes:
        model: Its name, for the table.
        network: The loaded model.
        threads: Threads it was loaded with, OpenCV's too; None for all cores.
        batch: Faces in one run.
        detector: Finds the faces on the same threads; None where boxes are given.
    """

    model: str
    network: LandmarkNetwork
    threads: int | None
    batch: int
    detector: FaceDetector | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageTimes:
    """Milliseconds a face, measured under one setting.

    Attributes:
        setting: What was measured.
        milliseconds: Stage -> (R,) times, one a repetition. Decoding and detection are a photo,
            the other stages a face.
    """

    setting: Setting
    milliseconds: Mapping[str, NDArray[np.float64]]

    @property
    def total(self) -> NDArray[np.float64]:
        """(R,) sums of the stages: photo and first face where the batch is 1."""
        sums: NDArray[np.float64] = np.sum(list(self.milliseconds.values()), axis=0)
        return sums

    def median(self, stage: str) -> float:
        """Return the median of a stage."""
        return float(np.median(self.milliseconds[stage]))

    def spread(self, stage: str) -> float:
        """Return the interquartile range of a stage."""
        low, high = np.percentile(self.milliseconds[stage], [25, 75])
        return float(high - low)


def time_stages(
    settings: Sequence[Setting],
    photo: bytes,
    box: BoundingBox,
    *,
    repetitions: int,
    on_repetition: Callable[[], None] = lambda: None,
) -> list[StageTimes]:
    """Time all settings in turn, again and again, so that a busy moment hits them alike.

    Args:
        settings: What to compare.
        photo: An encoded picture.
        box: The box of a face in it; a batch holds that face several times.
        repetitions: How often; two more rounds come first and do not count.
        on_repetition: Called after each round, to show progress.
    """
    rounds: list[list[dict[str, float]]] = []
    opencv_threads = cv2.getNumThreads()
    try:
        for number in range(repetitions + _WARM_UP_ROUNDS):
            times = [_time_once(setting, photo, box) for setting in settings]
            if number >= _WARM_UP_ROUNDS:
                rounds.append(times)
                on_repetition()
    finally:
        cv2.setNumThreads(opencv_threads)
    return [
        StageTimes(
            setting=setting,
            milliseconds={
                stage: np.array([times[i][stage] for times in rounds]) for stage in rounds[0][i]
            },
        )
        for i, setting in enumerate(settings)
    ]


def _time_once(setting: Setting, photo: bytes, box: BoundingBox) -> dict[str, float]:
    """Return milliseconds of each stage of one prediction."""
    network, batch, detector = setting.network, setting.batch, setting.detector
    cv2.setNumThreads(-1 if setting.threads is None else setting.threads)
    marks = [time.perf_counter()]
    image = load_image(photo)
    marks.append(time.perf_counter())
    if detector is not None:
        detector.detect(image)
    marks.append(time.perf_counter())
    crops = [network.cut(image, box) for _ in range(batch)]
    marks.append(time.perf_counter())
    outputs = network.run(crops)
    marks.append(time.perf_counter())
    network.faces_of(outputs, crops)
    marks.append(time.perf_counter())
    passed = np.diff(marks) * 1000 / [1, 1, batch, batch, batch]
    times = dict(zip(STAGES, passed.tolist(), strict=True))
    if detector is None:
        del times["detect"]
    return times


def describe_machine() -> dict[str, str]:
    """Return processor, system and the versions that matter."""
    return {
        "processor": _processor_name(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "asmnet-sdk": asmnet_sdk.__version__,
        "numpy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
    }


def _processor_name() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = information.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        if names:
            return f"{names[0]}, {len(names)} logical cores"
    return platform.processor() or platform.machine()
