"""``asmnet label``: labels that a model proposes, and a page to put them right."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.aligner_options import add_aligner_arguments, make_aligner
from asmnet_sdk.cli.parsing import Subcommands, port_number
from asmnet_sdk.cli.photo_files import describe_broken, find_photos
from asmnet_sdk.cli.terminal import ProgressBar, complain, counted, print_table
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.datasets import AnnotatedFace

__all__ = ["add_parser"]

_FORMATS = ("pts", "coco", "wflw", "labelme", "cvat")
_FILES = {"coco": "labels.json", "wflw": "labels.txt", "cvat": "labels.xml"}
_SHOWN = 10


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "label",
        help="propose labels for photos, and put them right",
        description="Write the landmarks that a model finds as labels, with score, error radius "
        "and visibility, the least certain photo first; --review opens a page on this machine "
        "where points are dragged, hidden and saved. Label files that exist are kept: --replace "
        "writes new ones and leaves copies, NAME.bak, of the old; so does each review.",
        epilog=(
            "Examples:\n"
            "  asmnet label photos/ --format coco --out labels.json\n"
            "  asmnet label labels.json --review\n"
            "  asmnet label photos/ --format pts --review"
        ),
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="PHOTO",
        help="photos, folders or globs; with --review also labels: a file, or a folder that holds "
        ".pts or labelme files",
    )
    parser.add_argument(
        "--format", choices=_FORMATS, default="pts", help="of the labels (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER|FILE",
        help="folder of pts and labelme files (default: beside each photo), or file of the others "
        "(default: labels.json, .txt or .xml)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="write labels anew where there are some; keep copies"
    )
    parser.add_argument("--review", action="store_true", help="then open the review page")
    parser.add_argument(
        "--port",
        type=port_number,
        default=0,
        metavar="N",
        help="of the page (default: one that is free)",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address of the page"
    )
    add_aligner_arguments(parser)
    parser.set_defaults(run=run, interrupted="interrupted: nothing was written")


def run(options: argparse.Namespace) -> int:
    """Label the photos, unless there are labels to review; then review."""
    given = _labels_given(options)
    code = 0 if given else _label(options)
    if options.review:
        _review(given or options.out or Path(options.inputs[0]), options)
    return code


def _labels_given(options: argparse.Namespace) -> Path | None:
    """Return the labels that the words name, if they name labels rather than photos."""
    path = Path(options.inputs[0])
    if len(options.inputs) > 1 or not options.review or options.replace:
        return None
    suffixes = (".pts", ".json") if path.is_dir() else (".json", ".txt", ".xml")
    files = path.rglob("*") if path.is_dir() else [path]
    return path if any(file.suffix in suffixes for file in files) else None


def _label(options: argparse.Namespace) -> int:
    from asmnet_sdk.labelling import kept_copy, label_files, least_certain_first, write_labels

    if options.out is None and options.format in _FILES:
        options.out = Path(_FILES[options.format])
    if options.review and options.out is None and not Path(options.inputs[0]).is_dir():
        raise InvalidInputError("to review labels of single photos, name a folder for them: --out")
    photos = find_photos(options.inputs)
    there = [f for f in label_files(photos, options.format, options.out) if f.exists()]
    if there and not options.replace:
        raise InvalidInputError(
            f"{there[0]} exists: --replace writes it anew and keeps a copy, --review opens it"
        )
    aligner = make_aligner(options)
    faces, failures = _propose(aligner, photos)
    faces = least_certain_first(faces)
    if not faces:
        raise InvalidInputError(
            f"no face found in {counted(len(photos), 'photo')}: nothing was written"
        )
    for file in there:
        print(f"kept {kept_copy(file)}")
        file.unlink()
    files = write_labels(faces, options.format, options.out, aligner.layout)
    _tell(faces, photos, files)
    for failure in failures:
        complain(failure)
    return 1 if failures else 0


def _propose(aligner: FaceAligner, photos: Sequence[Path]) -> tuple[list[AnnotatedFace], list[str]]:
    """Return the faces of all photos, and why photos could not be used."""
    from asmnet_sdk.labelling import propose

    faces, failures = [], []
    with ProgressBar(len(photos), "label") as bar:
        for photo in photos:
            try:
                faces += propose(aligner, photo)
            except InvalidInputError as error:
                failures.append(describe_broken(photo, error))
            bar.advance()
    return faces, failures


def _tell(faces: Sequence[AnnotatedFace], photos: Sequence[Path], files: Sequence[Path]) -> None:
    """Print the least certain photos, and what was written."""
    from asmnet_sdk.datasets.photo_files import by_photo
    from asmnet_sdk.labelling import doubt_percent

    groups = by_photo(faces)
    rows = [
        (f"{max(map(doubt_percent, group)):.2f}", str(len(group)), str(photo))
        for photo, group in groups[:_SHOWN]
    ]
    print_table(("doubt %", "faces", "least certain first"), rows)
    where = str(files[0]) if len(files) == 1 else f"{len(files)} files, such as {files[0]}"
    print(f"labelled {counted(len(faces), 'face')} in {counted(len(groups), 'photo')}: {where}")
    without = [photo for photo in photos if photo not in dict(groups)]
    if without:
        print(f"{counted(len(without), 'photo')} without a label, such as {without[0]}")


def _review(labels: Path, options: argparse.Namespace) -> None:
    from asmnet_sdk.labelling import Review, review_server

    layout = None if options.model == DEFAULT_MODEL else make_aligner(options).layout
    review = Review(labels, layout=layout)
    with review_server(review, port=options.port) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        photos = counted(review.photo_count, "photo")
        print(f"review of {photos} (Ctrl-C ends it): {address}", flush=True)
        if not options.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            for copy in review.copies:
                print(f"kept {copy}")
