"""``asmnet evaluate``: accuracy on a folder of annotated photos."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.common import (
    ProgressBar,
    Subcommands,
    add_aligner_arguments,
    make_aligner,
    print_table,
)

if TYPE_CHECKING:
    from asmnet_sdk.evaluation import SubsetFigures

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="accuracy on annotated photos",
        description="Measure inter-ocular NME, failure rate and AUC at 8 %, and head pose error.",
        epilog="Example: asmnet evaluate 300w/test",
    )
    parser.add_argument("root", type=Path, help="300-W layout: SUBSET/NAME.pts beside NAME.jpg")
    parser.add_argument(
        "--boxes",
        choices=("truth", "detected"),
        default="truth",
        help="crop at the annotated box, or at the detected one (default: %(default)s)",
    )
    parser.add_argument(
        "--head-pose",
        type=Path,
        metavar="CSV",
        help="head pose labels (default: head_pose.csv in the folder or its parent)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    add_aligner_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate and print one row a subset."""
    from asmnet_sdk.datasets import find_head_pose_file, read_300w
    from asmnet_sdk.detection import load_detector
    from asmnet_sdk.evaluation import evaluate, summarise

    head_pose_file = options.head_pose or find_head_pose_file(options.root)
    annotated = read_300w(options.root, head_pose_file=head_pose_file)
    aligner = make_aligner(options)
    detector = None
    if options.boxes == "detected":
        detector = load_detector(
            options.detector, local_files_only=options.offline, threads=options.threads
        )
    with ProgressBar(len(annotated), "evaluate") as bar:
        results = evaluate(aligner, annotated, detector=detector, on_face=bar.advance)
    figures = summarise(results)
    _print(figures)
    if options.json:
        text = json.dumps([asdict(row) for row in figures], indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _print(figures: Sequence[SubsetFigures]) -> None:
    header = (
        "subset",
        "faces",
        "missed",
        "NME %",
        "failures % (> 8 %)",
        "AUC (8 %)",
        "yaw",
        "pitch",
        "roll",
    )
    print_table(header, [_row(row) for row in figures])


def _row(figures: SubsetFigures) -> tuple[str, ...]:
    angles = figures.head_pose_errors_degrees
    return (
        figures.subset,
        str(figures.faces),
        str(figures.missed),
        f"{figures.nme_percent:.2f}",
        f"{figures.failure_rate_percent:.2f}",
        f"{figures.auc:.3f}",
        *(("-", "-", "-") if angles is None else (f"{angle:.2f}" for angle in angles)),
    )
