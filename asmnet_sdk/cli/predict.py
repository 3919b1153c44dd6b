"""``asmnet predict``: landmarks and head pose of photos, as JSON, CSV and pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.aligner_options import add_aligner_arguments, make_aligner
from asmnet_sdk.cli.ordered import work_in_order
from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.photo_files import (
    describe_broken,
    describe_skipped,
    find_photos,
    picture_paths,
)
from asmnet_sdk.cli.predict_outputs import check_outputs, close, draw
from asmnet_sdk.cli.terminal import ProgressBar
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.runtime.cores import usable_cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.cli.report import Report
    from asmnet_sdk.cli.report_pictures import PhotoPictures
    from asmnet_sdk.results import Face

__all__ = ["add_parser"]

_MOST_WORKERS = 8  # unless more are asked for: each holds a decoded photo


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "predict",
        help="landmarks and head pose of photos",
        description="Find landmarks and head pose of the faces in photos. A terminal shows a table "
        "of the faces; a pipe gets JSON, unless --json, --csv or --report names a file for it.",
        epilog=(
            "Examples:\n"
            "  asmnet predict photo.jpg\n"
            "  asmnet predict photo.jpg --json -\n"
            "  asmnet predict photos/ --csv faces.csv --draw drawn/\n"
            "  asmnet predict photos/ --report faces.html"
        ),
    )
    parser.add_argument("inputs", nargs="+", metavar="PHOTO", help="photos, folders or globs")
    parser.add_argument(
        "--box",
        nargs=4,
        type=float,
        action="append",
        metavar=("X_MIN", "Y_MIN", "X_MAX", "Y_MAX"),
        help="face box in pixels, eyebrows to chin, the same in every photo; repeat it for more "
        "faces (default: find the faces)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write JSON here; - prints it")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write CSV here, one row per face; - prints it"
    )
    parser.add_argument(
        "--draw",
        type=Path,
        metavar="FOLDER|FILE",
        help="write each photo with its faces drawn in: into a folder, or one photo into a file "
        "(.png, .jpg, ...)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="write one HTML page here: each face in its photo, with figures to sort and filter by",
    )
    add_aligner_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Predict all photos; a broken one does not stop the rest, Ctrl-C keeps what is done."""
    photos = _find_photos(options.inputs)
    pictures = picture_paths(options.draw, options.inputs, photos)
    check_outputs(options, photos, pictures.values())
    aligner, workers = _share_out(options, len(photos))
    report = None if options.report is None else _new_report(aligner.model.name, len(photos))
    found: dict[Path, list[Face]] = {}
    failures: list[str] = []

    def work(photo: Path) -> tuple[list[Face], PhotoPictures | None]:
        image, found[photo] = _predict(aligner, photo, options.box)
        if photo in pictures:
            draw(image, found[photo], pictures[photo])
        return found[photo], _pictures(report, image, found[photo])

    try:
        with (
            ProgressBar(len(photos), "predict") as bar,
            work_in_order(work, photos, workers=workers) as outcomes,
        ):
            for photo, outcome in outcomes:
                try:
                    _note(report, photo, *outcome())
                except InvalidInputError as error:
                    failures.append(describe_broken(photo, error))
                    _note_failure(report, photo, error)
                bar.advance()
    finally:
        if found or failures:
            close(options, photos, found, failures, report)
    if options.box is None:
        _say_what_to_try([photo for photo, faces in found.items() if not faces])
    return 1 if failures else 0


def _find_photos(inputs: Sequence[str]) -> list[Path]:
    """Return the photos, and say how many other files there are beside them."""
    photos = find_photos(inputs)
    if skipped := describe_skipped(inputs):
        print(f"asmnet: {skipped}", file=sys.stderr)
    return photos


def _share_out(options: argparse.Namespace, photo_count: int) -> tuple[FaceAligner, int]:
    """Return the aligner, and how many photos are worked on at once.

    Either several photos have a thread each, or one photo has them all. Not every device but the
    CPU lets several threads predict at once.
    """
    threads = options.threads
    wanted = min(usable_cores(), _MOST_WORKERS) if threads is None else threads
    workers = max(1, min(photo_count, wanted))
    aligner = make_aligner(options, threads=threads if workers == 1 else 1)
    if workers == 1 or aligner.device == "cpu":
        return aligner, workers
    aligner.close()
    return make_aligner(options), 1


def _predict(
    aligner: FaceAligner, photo: Path, boxes: Sequence[Sequence[float]] | None
) -> tuple[NDArray[np.uint8], list[Face]]:
    """Return the photo in RGB, and its faces."""
    from asmnet_sdk.images.loading import load_image

    image = load_image(photo)
    return image, aligner.predict(image, boxes, color="rgb")


def _note(
    report: Report | None, photo: Path, faces: Sequence[Face], pictures: PhotoPictures | None
) -> None:
    if report is not None and pictures is not None:
        report.add(photo, faces, pictures)


def _note_failure(report: Report | None, photo: Path, error: InvalidInputError) -> None:
    if report is not None:
        report.add_failure(photo, str(error))


def _new_report(model: str, photo_count: int) -> Report:
    from asmnet_sdk.cli.report import Report

    return Report(model=model, photo_count=photo_count)


def _pictures(
    report: Report | None, image: NDArray[np.uint8], faces: Sequence[Face]
) -> PhotoPictures | None:
    if report is None:
        return None
    from asmnet_sdk.cli.report_pictures import pictures_of

    return pictures_of(image, faces, report.photo_limits)


def _say_what_to_try(photos_without_faces: Sequence[Path]) -> None:
    if not photos_without_faces:
        return
    others = len(photos_without_faces) - 1
    where = f"{photos_without_faces[0]}" + (f" and {others} more" if others else "")
    print(
        f"asmnet: no face found in {where}: try --min-face-size 20 for small faces, --min-score 0 "
        "for odd ones, --detector yunet, or give its --box",
        file=sys.stderr,
    )
