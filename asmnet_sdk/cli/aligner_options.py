"""The arguments that choose the models and where they run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from asmnet_sdk.cli.parsing import above_zero, at_least_one, share
from asmnet_sdk.hub.registry import DEFAULT_DETECTOR, DEFAULT_MODEL

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner

__all__ = ["add_aligner_arguments", "add_detector_arguments", "make_aligner"]


def add_aligner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose the models and where they run."""
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="MODEL",
        help="name of `asmnet models`, model file, or Hub repository OWNER/NAME "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, tensorrt, openvino, coreml or directml (default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=at_least_one, metavar="N", help="threads to use (default: all cores)"
    )
    parser.add_argument(
        "--passes",
        type=_number_or_auto,
        choices=("auto", 1, 2),
        default="auto",
        help="how often to look at each face; auto looks again at tilted, unsure, badly placed and "
        "much turned ones (default: %(default)s)",
    )
    add_detector_arguments(parser)
    parser.add_argument(
        "--min-score",
        type=share,
        default=0.5,
        metavar="SHARE",
        help="drop what is found but looks less like a face, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument("--offline", action="store_true", help="never use the network")


def add_detector_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose the detector, and which faces it is to find."""
    parser.add_argument(
        "--detector",
        choices=("default", DEFAULT_DETECTOR, "yunet"),
        default="default",
        metavar="NAME",
        help=f"what finds the faces: {DEFAULT_DETECTOR} or yunet (default: {DEFAULT_DETECTOR})",
    )
    parser.add_argument(
        "--min-face-size",
        type=above_zero,
        metavar="PX",
        help="longer side of the smallest face box wanted, eyebrows to chin (default: as small as "
        "suits the photo)",
    )
    parser.add_argument(
        "--max-faces", type=at_least_one, metavar="N", help="only the N largest faces"
    )
    parser.add_argument(
        "--score-threshold",
        type=share,
        metavar="SHARE",
        help="look only at boxes of which the detector is so sure, 0 to 1 (default: its own)",
    )


def make_aligner(options: argparse.Namespace, *, threads: int | None = None) -> FaceAligner:
    """Make the aligner that the arguments ask for; ``threads`` goes before theirs."""
    from asmnet_sdk.aligner import FaceAligner

    return FaceAligner(
        options.model,
        detector=options.detector,
        device=options.device,
        threads=options.threads if threads is None else threads,
        passes=options.passes,
        min_score=options.min_score,
        min_face_size=options.min_face_size,
        max_faces=options.max_faces,
        score_threshold=options.score_threshold,
        local_files_only=options.offline,
    )


def _number_or_auto(text: str) -> int | str:
    return int(text) if text.isdecimal() else text
