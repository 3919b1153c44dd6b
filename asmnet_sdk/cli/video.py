"""``asmnet video``: follow the faces of a video or a camera."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO, TypeAlias

from asmnet_sdk.cli.aligner_options import add_aligner_arguments, make_aligner
from asmnet_sdk.cli.parsing import Subcommands, at_least_one, share, whole_number
from asmnet_sdk.cli.photo_files import refuse_overwriting
from asmnet_sdk.cli.terminal import (
    STANDARD_OUTPUT,
    ProgressBar,
    check_files,
    counted,
    is_read_by_people,
    stopped_like_interrupted,
)
from asmnet_sdk.exporting import csv_columns, csv_values
from asmnet_sdk.whole_files import growing_file, named_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from asmnet_sdk.cli.video_files import Video
    from asmnet_sdk.layouts import Layout
    from asmnet_sdk.results import Face

    Sink: TypeAlias = Callable[[int, float, NDArray[np.uint8], list[Face]], None]

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "video",
        help="follow the faces of a video or a camera",
        description="Follow the faces of a video: landmarks, head pose and an id for each. "
        "Ctrl-C stops and keeps what is done.",
        epilog=(
            "Examples:\n"
            "  asmnet video talk.mp4 --out drawn.mp4 --csv faces.csv\n"
            "  asmnet video 0 --json-lines faces.jsonl   # the first camera"
        ),
    )
    parser.add_argument(
        "input",
        metavar="VIDEO",
        help="video file, camera's number or path, folder of frames, %%04d.png, rtsp:// address",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write a video with the faces drawn in, without sound: .mp4, .mov, .mkv or .avi",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write CSV here, one row per face; - prints it"
    )
    parser.add_argument(
        "--json-lines",
        type=Path,
        metavar="FILE",
        help="write JSON here, one line per frame; - prints it (a pipe gets it if no output is "
        "named)",
    )
    parser.add_argument(
        "--detect-every",
        type=at_least_one,
        default=10,
        metavar="N",
        help="run the face detector on every N-th frame (default: %(default)s)",
    )
    parser.add_argument(
        "--start-score",
        type=share,
        default=0.85,
        metavar="SHARE",
        help="face score that a new track needs, 0 to 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-lost",
        type=whole_number,
        default=60,
        metavar="N",
        help="frames for which a lost face may come back under its id (default: %(default)s)",
    )
    parser.add_argument(
        "--no-smoothing", action="store_true", help="give each frame's landmarks as found"
    )
    parser.add_argument("--max-frames", type=at_least_one, metavar="N", help="stop after N frames")
    add_aligner_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Follow the faces frame by frame; files stay complete whenever it stops."""
    from asmnet_sdk.cli.video_files import Video
    from asmnet_sdk.tracking.smoothing import MIN_CUTOFF_HZ
    from asmnet_sdk.tracking.tracker import FaceTracker

    _check_outputs(options)
    with stopped_like_interrupted(), ExitStack() as stack:
        video = Video(options.input)
        stack.callback(video.close)
        refuse_overwriting(_named_outputs(options), video.files)
        aligner = make_aligner(options)
        tracker = FaceTracker(
            aligner,
            detect_every=options.detect_every,
            min_score=options.min_score,
            start_score=options.start_score,
            max_faces=options.max_faces,
            keep_lost=options.keep_lost,
            min_cutoff_hz=math.inf if options.no_smoothing else MIN_CUTOFF_HZ,
        )
        tally = _Tally()
        stack.push(partial(_close, tally, options))
        sinks = [*_open_sinks(options, stack, aligner.layout, video.frame_rate), tally.count]
        bar = stack.enter_context(ProgressBar(_total(video, options.max_frames), "video"))
        for index, (seconds, frame) in enumerate(video.frames(options.max_frames)):
            faces = tracker.update(frame, timestamp=seconds)
            for sink in sinks:
                sink(index, seconds, frame, faces)
            bar.advance()
    return 0


@dataclass(slots=True)
class _Tally:
    """Counts what was seen."""

    frames: int = 0
    people: set[int | None] = field(default_factory=set)

    def count(
        self, index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]
    ) -> None:
        self.frames += 1
        self.people |= {face.track_id for face in faces}


def _close(
    tally: _Tally,
    options: argparse.Namespace,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> None:
    """Say on standard error what was done, also after Ctrl-C; an error has a line of its own."""
    if kind not in (None, KeyboardInterrupt):
        return
    people = "1 person" if len(tally.people) == 1 else f"{len(tally.people)} people"
    outputs = _named_outputs(options)
    written = [str(path) for path in outputs if path.exists()]
    wrote = f", wrote {' and '.join(written)}" if written else ""
    print(f"{counted(tally.frames, 'frame')}, {people}{wrote}", file=sys.stderr)


def _named_outputs(options: argparse.Namespace) -> list[Path]:
    outputs = (options.out, options.csv, options.json_lines)
    return [path for path in outputs if path not in (None, STANDARD_OUTPUT)]


def _check_outputs(options: argparse.Namespace) -> None:
    from asmnet_sdk.cli.video_writing import check_ending

    if options.out:
        check_ending(options.out)
    check_files([options.out], printable=(options.csv, options.json_lines))


def _total(video: Video, max_frames: int | None) -> int | None:
    if max_frames is None or video.frame_count is None:
        return max_frames or video.frame_count
    return min(max_frames, video.frame_count)


def _open_sinks(
    options: argparse.Namespace, stack: ExitStack, layout: Layout, frame_rate: float
) -> list[Sink]:
    """Return what takes each frame: its index, its time in seconds, its picture, its faces."""
    from asmnet_sdk.cli.video_writing import VideoFile

    sinks: list[Sink] = []
    if options.out:
        video_file = VideoFile(options.out, frame_rate)
        stack.callback(video_file.close)
        sinks.append(video_file.write)
    if options.csv == STANDARD_OUTPUT:
        sinks.append(_csv_sink(sys.stdout, layout))
    elif options.csv:
        file = stack.enter_context(growing_file(options.csv))
        sinks.append(_named(options.csv, _csv_sink(file, layout)))
    if options.json_lines and options.json_lines != STANDARD_OUTPUT:
        file = stack.enter_context(growing_file(options.json_lines))
        sinks.append(_named(options.json_lines, partial(_write_json_line, file)))
    if options.json_lines == STANDARD_OUTPUT or not (sinks or is_read_by_people()):
        sinks.append(partial(_write_json_line, sys.stdout))
    return sinks


def _named(path: Path, sink: Sink) -> Sink:
    """Let the errors of a sink name its file."""

    def write(index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]) -> None:
        with named_errors(path):
            sink(index, seconds, frame, faces)

    return write


def _csv_sink(file: TextIO, layout: Layout) -> Sink:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["frame", "seconds", "track_id", *csv_columns(layout.point_count)])

    def write(index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]) -> None:
        for face in faces:
            writer.writerow([index, f"{seconds:.3f}", face.track_id, *csv_values(face)])

    return write


def _write_json_line(
    file: TextIO, index: int, seconds: float, frame: NDArray[np.uint8], faces: list[Face]
) -> None:
    record = {
        "frame": index,
        "seconds": round(seconds, 3),
        "faces": [face.to_dict() for face in faces],
    }
    file.write(json.dumps(record) + "\n")
