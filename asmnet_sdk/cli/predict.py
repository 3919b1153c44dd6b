"""``asmnet predict``: landmarks and head pose of photos, as JSON, CSV and pictures."""

from __future__ import annotations

import argparse
import glob
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.common import (
    ProgressBar,
    Subcommands,
    add_aligner_arguments,
    check_writable,
    make_aligner,
)
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.exporting import faces_to_csv, faces_to_json

if TYPE_CHECKING:
    from asmnet_sdk.results import Face

__all__ = ["add_parser"]

_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_DRAWING_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "predict",
        help="landmarks and head pose of photos",
        description="Find landmarks and head pose of the faces in photos.",
        epilog="Example: asmnet predict photos/ --csv faces.csv --draw drawn/",
    )
    parser.add_argument("inputs", nargs="+", metavar="PHOTO", help="files, folders or globs")
    parser.add_argument(
        "--box",
        nargs=4,
        type=float,
        action="append",
        metavar=("X_MIN", "Y_MIN", "X_MAX", "Y_MAX"),
        help="face box in pixels, eyebrows to chin; may be repeated (default: detect the faces)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write JSON here")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write CSV here, a row a face")
    parser.add_argument(
        "--draw", type=Path, metavar="FOLDER|FILE", help="write pictures with the faces drawn in"
    )
    add_aligner_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Predict all photos; a broken one does not stop the rest, Ctrl-C keeps what is done."""
    photos = find_photos(options.inputs)
    pictures = {} if options.draw is None else _picture_paths(options.draw, photos)
    for path in (options.json, options.csv):
        if path is not None:
            check_writable(path)
    aligner = make_aligner(options)
    faces_by_image: dict[str, list[Face]] = {}
    failures: list[str] = []
    try:
        with ProgressBar(len(photos), "predict") as bar:
            for photo in photos:
                try:
                    faces = aligner.predict(photo, options.box)
                    faces_by_image[str(photo)] = faces
                    if photo in pictures:
                        _draw(photo, faces, pictures[photo])
                except InvalidInputError as error:
                    failures.append(_named(photo, error))
                bar.advance()
    finally:
        if faces_by_image or failures:
            _write(faces_by_image, options)
    return _report(failures, len(photos))


def _named(photo: Path, error: InvalidInputError) -> str:
    """Return an error that names its photo, which errors about files do by themselves."""
    text = str(error)
    return text if text.startswith(str(photo)) else f"{photo}: {text}"


def find_photos(inputs: Sequence[str]) -> list[Path]:
    """Turn files, folders and globs into files, in order, each once.

    Raises:
        InvalidInputError: An input names nothing.
    """
    photos: dict[Path, None] = {}
    for text in inputs:
        found = _expand(text)
        if not found:
            raise InvalidInputError(f"no photo at {text!r}")
        photos.update(dict.fromkeys(found))
    return list(photos)


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix.lower() in _PHOTO_SUFFIXES)
    if path.exists():
        return [path]
    return [Path(name) for name in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207


def _picture_paths(target: Path, photos: Sequence[Path]) -> dict[Path, Path]:
    """Return where the drawing of each photo goes.

    In a folder, ``NAME.png``; where photos of one name come from different folders, the folders
    are kept.
    """
    if target.suffix.lower() in _DRAWING_SUFFIXES and not target.is_dir():
        if len(photos) > 1:
            raise InvalidInputError(
                f"--draw {target} is one file for {len(photos)} photos: name a folder"
            )
        pictures = {photos[0]: target}
    elif len({photo.stem for photo in photos}) == len(photos):
        pictures = {photo: target / f"{photo.stem}.png" for photo in photos}
    else:
        base = os.path.commonpath([photo.resolve().parent for photo in photos])
        pictures = {
            photo: target / photo.resolve().relative_to(base).with_name(f"{photo.name}.png")
            for photo in photos
        }
    _refuse_overwriting(pictures.values(), photos)
    return pictures


def _refuse_overwriting(pictures: Iterable[Path], photos: Iterable[Path]) -> None:
    overwritten = {p.resolve() for p in pictures} & {photo.resolve() for photo in photos}
    if overwritten:
        raise InvalidInputError(f"--draw would overwrite the photo {overwritten.pop()}")


def _draw(photo: Path, faces: Sequence[Face], target: Path) -> None:
    import cv2

    from asmnet_sdk.drawing import draw_faces

    target.parent.mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(target.suffix, draw_faces(photo, faces))[1]
    target.write_bytes(encoded.tobytes())


def _write(faces_by_image: dict[str, list[Face]], options: argparse.Namespace) -> None:
    if options.csv:
        options.csv.write_text(faces_to_csv(faces_by_image), encoding="utf-8")
    if options.json:
        options.json.write_text(faces_to_json(faces_by_image) + "\n", encoding="utf-8")
    if not options.csv and not options.json:
        print(faces_to_json(faces_by_image))  # noqa: T201


def _report(failures: Sequence[str], photo_count: int) -> int:
    for failure in failures:
        print(f"asmnet: {failure}", file=sys.stderr)  # noqa: T201
    if failures:
        print(f"asmnet: {len(failures)} of {photo_count} photos failed", file=sys.stderr)  # noqa: T201
    return 1 if failures else 0
