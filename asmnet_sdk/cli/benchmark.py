"""``asmnet benchmark``: how fast the stages of a prediction are on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.aligner_options import add_detector_arguments
from asmnet_sdk.cli.parsing import Subcommands, at_least_one
from asmnet_sdk.cli.terminal import (
    ProgressBar,
    check_files,
    counted,
    is_watched,
    say_done,
)
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.registry import DEFAULT_MODEL
from asmnet_sdk.whole_files import write_text

if TYPE_CHECKING:
    from asmnet_sdk.cli.benchmarking import Setting, StageTimes
    from asmnet_sdk.detection import FaceDetector
    from asmnet_sdk.results import BoundingBox

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "benchmark",
        help="speed of each stage on this machine",
        description="Time decoding, detection, cropping, inference and post-processing.",
        epilog="Example: asmnet benchmark photo.jpg --threads 1 2 --plot times.png",
    )
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="a photo with a face")
    parser.add_argument(
        "--box",
        nargs=4,
        type=float,
        metavar=("X_MIN", "Y_MIN", "X_MAX", "Y_MAX"),
        help="box of the face (default: detect it, and time the detector too)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=[DEFAULT_MODEL],
        metavar="MODEL",
        help=f"models to compare (default: {DEFAULT_MODEL})",
    )
    add_detector_arguments(parser)
    parser.add_argument(
        "--devices",
        "--device",
        nargs="+",
        default=["auto"],
        metavar="DEVICE",
        help="auto, cpu, cuda, ... (default: auto)",
    )
    parser.add_argument(
        "--threads",
        nargs="+",
        type=at_least_one,
        default=[1],
        metavar="N",
        help="threads of one inference (default: 1)",
    )
    parser.add_argument(
        "--batches",
        nargs="+",
        type=at_least_one,
        default=[1, 16],
        metavar="N",
        help="faces in one inference (default: 1 16)",
    )
    parser.add_argument(
        "--repetitions",
        type=at_least_one,
        default=50,
        metavar="N",
        help="how often each setting is timed (default: 50)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times as JSON")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw the times, as PNG, SVG or PDF (extra [plots])",
    )
    parser.set_defaults(run=run, interrupted="interrupted: nothing was written")


def run(options: argparse.Namespace) -> int:
    """Time all settings in one interleaved run; print, write and draw medians and spread."""
    from asmnet_sdk.cli.benchmark_times import print_times, times_as_json
    from asmnet_sdk.cli.benchmarking import describe_machine, time_stages

    check_files((options.json, options.plot))
    if options.plot:
        _check_plots()
    photo = _read_photo(options.photo)
    settings = _settings(options, _load_detectors(options))
    box = _choose_box(options, photo, settings[0].detector)
    with ProgressBar(options.repetitions, "benchmark") as bar:
        results = time_stages(
            settings, photo, box, repetitions=options.repetitions, on_repetition=bar.advance
        )
    machine = describe_machine()
    if options.json:
        write_text(options.json, times_as_json(results, machine) + "\n")
    if options.plot:
        _plot(results, machine, options.plot)
    print_times(results, machine)
    if is_watched():
        timed = f"{counted(len(settings), 'setting')} timed {options.repetitions} times"
        say_done(timed, (options.json, options.plot))
    return 0


def _read_photo(path: Path) -> bytes:
    """Return the bytes of a photo that can be decoded; errors name the file."""
    from asmnet_sdk.images.loading import load_image

    load_image(path)
    return path.read_bytes()


def _check_plots() -> None:
    from asmnet_sdk.cli.benchmark_chart import check_plots

    check_plots()


def _load_detectors(options: argparse.Namespace) -> Mapping[int, FaceDetector | None]:
    """Return a detector for each number of threads; none where the box is given."""
    from asmnet_sdk.detection import load_detector

    if options.box is not None:
        return dict.fromkeys(options.threads)
    return {
        n: load_detector(
            options.detector,
            min_face_size=options.min_face_size,
            max_faces=options.max_faces,
            score_threshold=options.score_threshold,
            threads=n,
        )
        for n in options.threads
    }


def _settings(
    options: argparse.Namespace, detectors: Mapping[int, FaceDetector | None]
) -> list[Setting]:
    """Return every model on every device, with all numbers of threads and of faces."""
    from asmnet_sdk.cli.benchmarking import Setting
    from asmnet_sdk.hub.resolving import resolve_model
    from asmnet_sdk.landmarks.network import LandmarkNetwork

    settings = []
    for model, device, threads in product(options.models, options.devices, options.threads):
        network = LandmarkNetwork(resolve_model(model), device=device, threads=threads)
        settings += [
            Setting(
                model=model,
                network=network,
                threads=threads,
                batch=batch,
                detector=detectors[threads],
            )
            for batch in options.batches
        ]
    return settings


def _choose_box(
    options: argparse.Namespace, photo: bytes, detector: FaceDetector | None
) -> BoundingBox:
    from asmnet_sdk.images.loading import load_image
    from asmnet_sdk.results import BoundingBox

    if detector is None:
        return BoundingBox(*options.box)
    boxes = detector.detect(load_image(photo))
    if not boxes:
        raise InvalidInputError(f"no face found in {options.photo}: give its --box")
    return boxes[0]


def _plot(results: Sequence[StageTimes], machine: Mapping[str, str], path: Path) -> None:
    from asmnet_sdk.cli.benchmark_chart import draw_stage_times, save_figure

    processor, system, *versions = machine.items()
    notes = (processor[1], system[1], ", ".join(" ".join(pair) for pair in versions))
    save_figure(draw_stage_times(results, footnotes=notes), path)
