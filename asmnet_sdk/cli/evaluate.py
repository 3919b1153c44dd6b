"""``asmnet evaluate``: accuracy on annotated photos."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.aligner_options import add_aligner_arguments, make_aligner
from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.photo_files import refuse_overwriting
from asmnet_sdk.cli.terminal import (
    ProgressBar,
    check_files,
    counted,
    is_watched,
    print_table,
    say_done,
)
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.whole_files import write_text

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.datasets import AnnotatedFace
    from asmnet_sdk.evaluation import FaceResult, SubsetFigures
    from asmnet_sdk.layouts import Layout

__all__ = ["add_parser"]

_RANGES = ("yaw", "pitch", "roll", "visibility", "size")


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="accuracy on annotated photos",
        description="Measure how far landmarks are from those annotated: the mean error in % of "
        "the distance of the outer eye corners (NME), the share of faces above 8 %, the area under "
        "the error curve up to 8 % (AUC); and the errors of yaw, pitch and roll in degrees, where "
        "head poses are annotated. One row per subset, one for each attribute that faces have, one "
        "for all; with the interval that holds the mean error with a probability of 95 %.",
        epilog=(
            "Examples:\n"
            "  asmnet evaluate 300w/test\n"
            "  asmnet evaluate 300w/test --boxes detected\n"
            "  asmnet evaluate list_98pt_rect_attr_test.txt --by yaw size\n"
            "  asmnet evaluate mine/test --compare mine.onnx --report worst.html\n"
            "A set with more points than the model has is judged at those that both have."
        ),
    )
    parser.add_argument(
        "annotations",
        type=Path,
        metavar="ANNOTATIONS",
        help="folder with SUBSET/NAME.pts beside NAME.jpg (300-W) or of labelme's files, .txt list "
        "of WFLW, .json keypoint file of COCO, or .xml file of CVAT",
    )
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
        help="head pose labels of a folder (default: its head_pose.csv, or its parent's)",
    )
    parser.add_argument(
        "--trust-proposals",
        action="store_true",
        help="judge by labels of `asmnet label` that nobody confirmed too, because another program "
        "put them right",
    )
    parser.add_argument(
        "--by",
        nargs="+",
        choices=_RANGES,
        default=(),
        metavar="RANGE",
        help=f"rows for ranges of {', '.join(_RANGES)} too",
    )
    parser.add_argument(
        "--compare",
        metavar="MODEL",
        help="a second model, judged on the same faces: who is nearer, where, and how surely",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write an HTML page of the worst cases here"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    add_aligner_arguments(parser)
    parser.set_defaults(run=run, interrupted="interrupted: nothing was written")


def run(options: argparse.Namespace) -> int:
    """Evaluate and print one row per subset."""
    from asmnet_sdk.cli.evaluation_page import evaluation_page
    from asmnet_sdk.cli.evaluation_tables import accuracy_table, comparison_table
    from asmnet_sdk.evaluation import compare, summarise

    check_files((options.json, options.report))
    aligners = _aligners_of(options)
    annotated = _read(options, [aligner.layout for aligner in aligners])
    _keep_inputs(annotated, options)
    judging = _judging(annotated, options)
    results = [_evaluate(aligner, judging, options) for aligner in aligners]
    names = _names_of(aligners, options)
    if options.compare:
        compared = compare(*results, by=options.by)
        table = comparison_table(compared)
        print(f"NME % of A, {names[0]}, and B, {names[1]}; wins: faces on which it is nearer\n")
        records = [asdict(row) for row in compared]
    else:
        figures = summarise(results[0], by=options.by)
        table = accuracy_table(figures)
        records = [_record(row) for row in figures]
    print_table(*table)
    print("".join(f"\n{note}" for note in table.notes), end="\n" if table.notes else "")
    _print_judged_points(results[0])
    _print_left_out(len(annotated) - len(judging))
    if options.json:
        text = json.dumps(records, indent=2, allow_nan=False)
        write_text(options.json, text + "\n")
    if options.report:
        write_text(options.report, evaluation_page(names, results, table))
    _close(names, len(results[0]), options)
    return 0


def _keep_inputs(annotated: Sequence[AnnotatedFace], options: argparse.Namespace) -> None:
    read = [options.annotations, *(it for f in annotated for it in (f.photo, f.source) if it)]
    refuse_overwriting([path for path in (options.json, options.report) if path], read)


def _close(names: Sequence[str], face_count: int, options: argparse.Namespace) -> None:
    """Say what was done, where people read it."""
    if is_watched():
        judged = f"{' and '.join(names)} judged on {counted(face_count, 'face')}"
        say_done(judged, (options.json, options.report))


def _evaluate(
    aligner: FaceAligner, annotated: Sequence[AnnotatedFace], options: argparse.Namespace
) -> list[FaceResult]:
    from asmnet_sdk.detection import load_detector
    from asmnet_sdk.evaluation import evaluate

    detector = None
    if options.boxes == "detected":
        detector = load_detector(
            options.detector,
            min_face_size=options.min_face_size,
            max_faces=options.max_faces,
            score_threshold=options.score_threshold,
            local_files_only=options.offline,
            threads=options.threads,
        )
    with ProgressBar(len(annotated), f"evaluate {aligner.model.name}") as bar:
        return evaluate(aligner, annotated, detector=detector, on_face=bar.advance)


def _read(options: argparse.Namespace, layouts: Sequence[Layout]) -> list[AnnotatedFace]:
    from asmnet_sdk.datasets import read_300w, read_annotations

    if options.head_pose is None:
        return read_annotations(options.annotations, layouts=layouts)
    if not options.annotations.is_dir():
        raise InvalidInputError(
            f"--head-pose goes with a folder of .pts files; {options.annotations} is none"
        )
    faces = read_300w(options.annotations, head_pose_file=options.head_pose)
    if all(face.head_pose is None for face in faces):
        first = faces[0]
        raise InvalidInputError(
            f"{options.head_pose}: no row is of a face of {options.annotations}; one would have "
            f"the split {options.annotations.resolve().name!r}, the subset {first.subset!r} and "
            f"the name {first.name!r}"
        )
    return faces


def _judging(faces: Sequence[AnnotatedFace], options: argparse.Namespace) -> list[AnnotatedFace]:
    """Return the faces whose points are all a person's.

    Raises:
        InvalidInputError: There are others only: by a model's own answers no model is judged.
    """
    judging = [face for face in faces if options.trust_proposals or face.is_by_hand.all()]
    if faces and not judging:
        raise InvalidInputError(
            f"{options.annotations}: all {counted(len(faces), 'face')} have points as a model "
            "proposed them, which nobody moved or confirmed: press a for each face that is right "
            "in `asmnet label LABELS --review`, or add --trust-proposals if another program put "
            "them right"
        )
    return judging


def _print_left_out(left_out: int) -> None:
    if left_out:
        print(
            f"\n{counted(left_out, 'face')} left out: of points as a model proposed them, which "
            "nobody\nmoved or confirmed (--trust-proposals takes them as they are)"
        )


def _print_judged_points(results: Sequence[FaceResult]) -> None:
    """Say at which points faces were judged, where these are not the ones annotated."""
    judged = {
        (r.face.layout.name, r.face.layout.point_count, len(r.annotated.landmarks))
        for r in results
        if r.face is not None
    }
    for layout, points, annotated_points in sorted(judged):
        if points != annotated_points:
            print(f"\njudged at the {points} points of {layout}; annotated: {annotated_points}")


def _aligners_of(options: argparse.Namespace) -> list[FaceAligner]:
    """Return the model that is judged, and the one that it is compared with."""
    second = vars(options) | {"model": options.compare}
    others = [make_aligner(argparse.Namespace(**second))] if options.compare else []
    return [make_aligner(options), *others]


def _names_of(aligners: Sequence[FaceAligner], options: argparse.Namespace) -> list[str]:
    """Return a name a model; what was asked for where both files say the same."""
    names = [aligner.model.name for aligner in aligners]
    asked = [str(options.model), str(options.compare)]
    return names if len(set(names)) == len(names) else asked


def _record(figures: SubsetFigures) -> dict[str, object]:
    """Return the figures for JSON, which has no NaN: no face found, no mean error."""
    record = asdict(figures)
    return record | ({"nme_percent": None} if math.isnan(figures.nme_percent) else {})
