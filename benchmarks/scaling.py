"""How time grows with the number of faces, the size of the photo and the size of the batch.

Usage: python benchmarks/scaling.py [--rounds 15] [--out benchmarks/results/scaling.json]

Measures all points by turns, prints and writes them; ``python benchmarks/report.py`` draws them.
The last column is the steepest growth between two neighbouring points, as a power: 1 is growth in
proportion.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from portraits import PORTRAIT, PORTRAIT_BOX
from timing import interleave

from asmnet_sdk import FaceAligner, load_image
from asmnet_sdk.cli.benchmarking import describe_machine
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.runtime.session import OnnxSession

RESULT = Path(__file__).resolve().parent / "results" / "scaling.json"
FACES = (1, 2, 4, 8, 16, 32, 64)
MEGAPIXELS = (0.1, 0.3, 1, 2, 6, 12, 24)
BATCHES = (1, 2, 4, 8, 16, 32, 64)
TILE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Milliseconds at each of a panel's x values."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What was measured while one thing grew."""

    title: str
    x_name: str
    x_values: Sequence[float]
    curves: Sequence[Curve]


def group_photo(count: int) -> NDArray[np.uint8]:
    """Return an 8 x 8 mosaic of (1280, 1280, 3) pixels whose first ``count`` tiles are a face."""
    face = load_image(PORTRAIT)[50 : 50 + TILE, 145 : 145 + TILE]
    photo = np.full((8 * TILE, 8 * TILE, 3), 90, np.uint8)
    for index in range(count):
        top, left = TILE * (index // 8), TILE * (index % 8)
        photo[top : top + TILE, left : left + TILE] = face
    return photo


def photo_of(megapixels: float) -> NDArray[np.uint8]:
    """Return the portrait in a 3:2 photo of this size: RGB."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    portrait = cv2.resize(load_image(PORTRAIT), (height, height), interpolation=cv2.INTER_CUBIC)
    right = round(1.5 * height) - height
    return cv2.copyMakeBorder(portrait, 0, 0, 0, right, cv2.BORDER_CONSTANT)  # type: ignore[return-value]


def measure(calls: Iterable[Callable[[], object]], rounds: int) -> list[float]:
    """Return the median milliseconds of each call."""
    times = interleave({str(number): call for number, call in enumerate(calls)}, rounds)
    return [round(float(np.median(values)), 3) for values in times.values()]


def faces_panel(rounds: int) -> Panel:
    """``predict`` on a photo of 1280 x 1280 px, detection included."""
    photos = {count: group_photo(count) for count in FACES}
    curves = []
    for threads in (1, 2):
        aligner = FaceAligner(device="cpu", threads=threads)
        for count, photo in photos.items():
            if len(aligner.predict(photo, color="rgb")) != count:
                raise SystemExit(f"the detector does not find the {count} faces")
        calls = {n: partial(aligner.predict, photo, color="rgb") for n, photo in photos.items()}
        curves.append(Curve(name=name_of(threads), values=measure(calls.values(), rounds)))
    return Panel(
        title="predict, by faces", x_name="faces in the photo", x_values=FACES, curves=curves
    )


def name_of(threads: int) -> str:
    """Return how a number of threads is called."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def size_panel(rounds: int) -> Panel:
    """``predict`` on a photo with one face, as an array and as a JPEG, one thread."""
    aligner = FaceAligner(device="cpu", threads=1)
    photos = {size: photo_of(size) for size in MEGAPIXELS}
    files = {
        size: cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))[1].tobytes()
        for size, photo in photos.items()
    }
    as_arrays = {size: partial(aligner.predict, photo) for size, photo in photos.items()}
    as_files = {size: partial(aligner.predict, file) for size, file in files.items()}
    return Panel(
        title="predict, by size of the photo",
        x_name="megapixels, one face",
        x_values=MEGAPIXELS,
        curves=[
            Curve(name="an array", values=measure(as_arrays.values(), rounds)),
            Curve(name="a JPEG file, decoded", values=measure(as_files.values(), rounds)),
        ],
    )


def batch_panel(rounds: int) -> Panel:
    """The landmark network on several crops."""
    photo = load_image(PORTRAIT)
    curves = []
    for threads in (1, 2):
        network = LandmarkNetwork(resolve_model("asmnet-68"), device="cpu", threads=threads)
        crops = [network.cut(photo, PORTRAIT_BOX)] * max(BATCHES)
        calls = {size: partial(network.predict, crops[:size]) for size in BATCHES}
        curves.append(Curve(name=name_of(threads), values=measure(calls.values(), rounds)))
    session = OnnxSession(resolve_model("asmnet-68"), device="cpu", threads=1)
    pixels = np.stack([crop.pixels for crop in crops])
    at_once = {size: partial(session.run, {"image": pixels[:size]}) for size in BATCHES}
    curves.append(Curve(name="1 thread, not split", values=measure(at_once.values(), rounds)))
    return Panel(
        title="landmarks, by batch", x_name="crops in one call", x_values=BATCHES, curves=curves
    )


def steepest_growth(panel: Panel, curve: Curve) -> float:
    """Return the largest slope between neighbours on logarithmic axes."""
    return float(np.max(np.diff(np.log(curve.values)) / np.diff(np.log(panel.x_values))))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    panels = [panel(options.rounds) for panel in (faces_panel, size_panel, batch_panel)]
    for panel in panels:
        slopes = [steepest_growth(panel, curve) for curve in panel.curves]
        header = [f"{panel.title}, ms", *(f"{x:g}" for x in panel.x_values), "growth"]
        rows = [
            [curve.name, *(f"{value:.2f}" for value in curve.values), f"{slope:.2f}"]
            for curve, slope in zip(panel.curves, slopes, strict=True)
        ]
        print_table(header, rows)
    result = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": describe_machine(),
        "panels": [asdict(panel) for panel in panels],
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
