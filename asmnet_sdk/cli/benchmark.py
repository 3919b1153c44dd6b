"""``asmnet benchmark``: how fast the stages of a prediction are on this machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.common import ProgressBar, Subcommands, print_table
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.models import DEFAULT_MODEL

if TYPE_CHECKING:
    from asmnet_sdk.benchmarking import Setting, StageTimes

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "benchmark",
        help="speed of each stage on this machine",
        description="Time decoding, detection, cropping, inference and post-processing.",
        epilog="Example: asmnet benchmark photo.jpg --box 179 87 272 179 --threads 1 2",
    )
    parser.add_argument("photo", type=Path, help="a photo with a face")
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
        help="models to compare (default: %(default)s)",
    )
    parser.add_argument("--detector", default="default", help="default: %(default)s")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: auto)")
    parser.add_argument("--threads", nargs="+", type=int, default=[1], help="default: 1")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16], help="default: 1 16")
    parser.add_argument("--repetitions", type=int, default=50, help="default: 50")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Time all settings in one interleaved run and print medians."""
    from asmnet_sdk.benchmarking import time_stages
    from asmnet_sdk.detection import load_detector
    from asmnet_sdk.images import load_image
    from asmnet_sdk.results import BoundingBox

    photo = options.photo.read_bytes()
    detector = None
    if options.box is None:
        detector = load_detector(options.detector, threads=options.threads[0])
        boxes = detector.detect(load_image(photo))
        if not boxes:
            raise InvalidInputError(f"no face found in {options.photo}: give its --box")
        box = boxes[0]
    else:
        box = BoundingBox(*options.box)
    with ProgressBar(options.repetitions, "benchmark") as bar:
        results = time_stages(
            _settings(options),
            photo,
            box,
            detector=detector,
            repetitions=options.repetitions,
            on_repetition=bar.advance,
        )
    _print(results)
    if options.json:
        options.json.write_text(_to_json(results) + "\n", encoding="utf-8")
    return 0


def _settings(options: argparse.Namespace) -> list[Setting]:
    from asmnet_sdk.benchmarking import Setting
    from asmnet_sdk.hub import resolve_model
    from asmnet_sdk.landmark_network import LandmarkNetwork

    settings = []
    for model in options.models:
        for threads in options.threads:
            network = LandmarkNetwork(resolve_model(model), device=options.device, threads=threads)
            settings += [
                Setting(model=model, network=network, threads=threads, batch=batch)
                for batch in options.batches
            ]
    return settings


def _print(results: Sequence[StageTimes]) -> None:
    from asmnet_sdk.benchmarking import describe_machine

    stages = list(results[0].milliseconds)
    header = ("model", "device", "threads", "batch", *(f"{s} ms" for s in stages))
    print_table(header, [_row(result, stages) for result in results])
    print("\nmedian and, in brackets, interquartile range; decode and detect a photo, else a face")  # noqa: T201
    for name, value in describe_machine().items():
        print(f"{name}: {value}")  # noqa: T201


def _row(result: StageTimes, stages: Sequence[str]) -> tuple[str, ...]:
    setting = result.setting
    cells = [f"{result.median(stage):.3f} ({result.spread(stage):.3f})" for stage in stages]
    return (
        setting.model,
        setting.network.device,
        str(setting.threads),
        str(setting.batch),
        *cells,
    )


def _to_json(results: Sequence[StageTimes]) -> str:
    from asmnet_sdk.benchmarking import describe_machine

    records = [
        {
            "model": result.setting.model,
            "device": result.setting.network.device,
            "threads": result.setting.threads,
            "batch": result.setting.batch,
            "milliseconds": {k: v.round(4).tolist() for k, v in result.milliseconds.items()},
        }
        for result in results
    ]
    return json.dumps({"machine": describe_machine(), "results": records}, indent=1)
