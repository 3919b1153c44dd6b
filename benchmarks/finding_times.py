"""Time of finding faces beside other detectors and an earlier state of the package, by turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

import numpy as np
from finding_bench import Bench
from finding_scenes import found_percent
from portraits import PORTRAIT
from timing import interleave, median_ratio

from asmnet_sdk import load_image
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.detection.wanted import WantedFaces
from lab.detection.damages import Scene

__all__ = ["report_times"]

_WORKER = """
import sys
from asmnet_sdk import FaceAligner, load_image
aligner = FaceAligner(device="cpu", threads=1)
images = [load_image(path) for path in sys.argv[1:]]
print("ready", flush=True)
for line in sys.stdin:
    aligner.predict(images[int(line)], color="rgb")
    print("done", flush=True)
"""


class EarlierPredict:
    """``FaceAligner().predict`` of another checkout, in a process of its own.

    Args:
        checkout: Folder that holds ``asmnet_sdk``.
        photos: What it can be asked to look at.
    """

    def __init__(self, checkout: Path, photos: list[Path]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, *map(str, photos)],
            env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._answer()

    def __enter__(self) -> EarlierPredict:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        self._process.communicate()

    def call(self, photo: int) -> Callable[[], None]:
        """Return what predicts the faces of the photo of this number."""

        def predict() -> None:
            self._requests.write(f"{photo}\n")
            self._requests.flush()
            self._answer()

        return predict

    def _answer(self) -> None:
        if not self._answers.readline():
            raise SystemExit("the earlier checkout cannot predict")


def report_times(bench: Bench) -> None:
    """Print milliseconds of all, called in turn, on a photo of many people and on a portrait."""
    report_crowd(bench, bench.options.crowd)
    portrait = load_image(PORTRAIT)
    calls: dict[str, Callable[[], object]] = {
        "predict": partial(bench.aligner.predict, portrait, color="rgb"),
        **{name: partial(find, portrait) for name, find in bench.finders.items()},
    }
    if bench.options.before is None:
        print_times("portrait", interleave(calls, 60))
        return
    with EarlierPredict(bench.options.before, [PORTRAIT]) as earlier:
        times = interleave({**calls, "predict before": earlier.call(0)}, 60)
    print_times("portrait", times)
    ratio = median_ratio(times["predict"], times["predict before"])
    bench.bars.add("time of predict on a portrait / before", ratio, "<=", 1.15)


def report_crowd(bench: Bench, photo: Path) -> None:
    """Print time and recall on a photo of many people: all that anybody's boxes show."""
    image = load_image(photo)
    calls = {name: lambda find=find: find(image) for name, find in bench.finders.items()}
    times = interleave(calls, 30)
    print_times(f"crowd ({photo.stem})", times)
    boxes = [box for find in bench.finders.values() for box in find(image)]
    people = WantedFaces().faces(bench.aligner.predict(image, boxes, color="rgb"))
    found = found_percent(
        bench.finders, [Scene(picture=image, landmarks=face.landmarks) for face in people]
    )
    shares = ", ".join(f"{name} {share:.0f} %" for name, (share, _) in found.items())
    print(f"of {len(people)} people are found: {shares}")
    ratio = median_ratio(times["asmnet"], times["yunet"])
    bench.bars.add("time on the crowd photo / YuNet's", ratio, "<=", 1)
    lead = found["asmnet"][0] - found["yunet"][0]
    bench.bars.add("found on the crowd photo, points above YuNet", lead, ">=", 0)


def print_times(title: str, times: dict[str, np.ndarray]) -> None:
    """Print the medians."""
    cells = [f"{np.median(values):.1f}" for values in times.values()]
    print_table([f"{title}, ms", *times], [["median", *cells]])
