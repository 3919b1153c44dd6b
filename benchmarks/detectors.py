"""The package's detector beside YuNet: the same photos, the same protocol, one thread.

Usage: python benchmarks/detectors.py PHOTOS --yunet face_detection_yunet_2023mar.onnx
       [--model FILE] [--min-face-size PX] [--limit N]

PHOTOS is a folder in the layout of 300-W with one annotated face a photo, such as its common test
set. Needs the extras [dev] and [train].
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from asmnet_sdk import FaceAligner, YuNetDetector, load_image
from asmnet_sdk.cli.terminal import ProgressBar, print_table
from asmnet_sdk.datasets import read_300w
from asmnet_sdk.detection import AsmnetDetector, FaceDetector
from asmnet_sdk.runtime.session import OnnxSession
from lab.detection.measuring import DetectorFigures, measure_detector

MODEL = Path(__file__).parent.parent / "hub" / "asmnet-detector" / "model.onnx"
SIDES_HW = ((320, 320), (256, 320), (640, 640))


def interleave(calls: dict[str, Callable[[], object]], repetitions: int) -> dict[str, np.ndarray]:
    """Return (repetitions,) milliseconds of each call, all called in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repetitions + 3):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: np.array(values[3:]) for name, values in times.items()}


def yunet_of_any_size(path: Path) -> OnnxSession:
    """Load YuNet with the fixed height and width of its input taken out."""
    model = onnx.load(path)
    for axis, name in ((2, "H"), (3, "W")):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_cells"
    del model.graph.value_info[:]
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "yunet.onnx"
        onnx.save(model, changed)
        return OnnxSession(changed, device="cpu", threads=1)


def time_networks(model: Path, yunet: Path, repetitions: int) -> list[list[str]]:
    """Time both networks alone at the same input sizes; ours scales and decodes within."""
    ours = OnnxSession(model, device="cpu", threads=1)
    theirs = yunet_of_any_size(yunet)
    generator = np.random.default_rng(0)
    rows = []
    for height, width in SIDES_HW:
        picture = generator.integers(0, 256, (1, height, width, 3), np.uint8)
        tensor = picture.transpose(0, 3, 1, 2).astype(np.float32)
        times = interleave(
            {
                "ours": partial(ours.run, {"image": picture}),
                "yunet": partial(theirs.run, {"input": tensor}),
            },
            repetitions,
        )
        rows.append([f"network, {width} x {height}", *timing_cells(times)])
    return rows


def timing_cells(times: dict[str, np.ndarray]) -> list[str]:
    """Return the median of both, and the median of their ratio in each round."""
    ratio = np.median(times["ours"] / times["yunet"])
    return [f"{np.median(times[name]):.2f}" for name in ("ours", "yunet")] + [f"{ratio:.2f}"]


def describe(figures: dict[str, DetectorFigures]) -> None:
    """Print the figures, a row each, a column a detector."""
    values = {name: asdict(found) for name, found in figures.items()}
    rows = []
    for key in next(iter(values.values())):
        cells = [values[name][key] for name in values]
        rows.append([key, *("-" if cell is None else f"{cell:.4g}" for cell in cells)])
    print_table(["", *values], rows)
    for name, found in figures.items():
        ratio = found.nme_percent / found.annotated_nme_percent
        print(f"{name}: NME at its boxes / at annotated boxes = {ratio:.3f}")


def main() -> None:
    """Measure accuracy, then speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--yunet", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--min-face-size", type=float)
    parser.add_argument("--limit", type=int, help="only so many photos, spread evenly")
    parser.add_argument("--repetitions", type=int, default=200)
    options = parser.parse_args()
    faces = read_300w(options.photos)
    if options.limit:
        chosen = np.unique(np.linspace(0, len(faces) - 1, options.limit).astype(int))
        faces = [faces[i] for i in chosen]
    yunet = YuNetDetector(options.yunet, threads=1)
    ours = AsmnetDetector(options.model, min_face_size=options.min_face_size, threads=1)
    detectors: dict[str, FaceDetector] = {"ours": ours, "yunet": yunet}
    aligner = FaceAligner(device="cpu", threads=1)
    figures = {}
    for name, detector in detectors.items():
        reference = None if detector is yunet else yunet
        with ProgressBar(len(faces), name) as bar:
            figures[name] = measure_detector(
                detector, faces, aligner, reference=reference, on_face=bar.advance
            )
    describe(figures)
    image = load_image(faces[0].photo)
    calls: dict[str, Callable[[], object]] = {
        name: partial(detector.detect, image) for name, detector in detectors.items()
    }
    rows = time_networks(options.model, options.yunet, options.repetitions)
    size = f"{image.shape[1]} x {image.shape[0]}"
    rows.append([f"detect, photo of {size}", *timing_cells(interleave(calls, options.repetitions))])
    print_table(["milliseconds, median", "ours", "yunet", "ratio"], rows)


if __name__ == "__main__":
    main()
