"""``asmnet predict``: landmarks and head pose of photos, as JSON, CSV and pictures."""

from __future__ import annotations

import argparse
import glob
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.common import ProgressBar, Subcommands, add_aligner_arguments, make_aligner
from asmnet_sdk.errors import InvalidImageError, InvalidInputError
from asmnet_sdk.exporting import faces_to_csv, faces_to_json

if TYPE_CHECKING:
    from asmnet_sdk.results import Face

__all__ = ["add_parser"]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")


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
    """Predict all photos; a broken one does not stop the rest."""
    photos = find_photos(options.inputs)
    _check_draw_target(options.draw, len(photos))
    aligner = make_aligner(options)
    faces_by_image: dict[str, list[Face]] = {}
    failures: list[str] = []
    with ProgressBar(len(photos), "predict") as bar:
        for photo in photos:
            try:
                faces = aligner.predict(photo, options.box)
                faces_by_image[str(photo)] = faces
                if options.draw:
                    _draw(photo, faces, _picture_path(options.draw, photo, photos))
            except InvalidInputError as error:
                failures.append(f"{photo}: {error}")
            bar.advance()
    _write(faces_by_image, options)
    return _report(failures, len(photos))


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
        return sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    if path.exists():
        return [path]
    return [Path(name) for name in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207


def _check_draw_target(target: Path | None, photo_count: int) -> None:
    if target is not None and _is_picture(target) and photo_count > 1:
        raise InvalidInputError(
            f"--draw {target} is one file for {photo_count} photos: name a folder"
        )


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.is_dir()


def _picture_path(target: Path, photo: Path, photos: Sequence[Path]) -> Path:
    """Return where the drawing of a photo goes; photos of one name keep their folder's name."""
    if _is_picture(target):
        return target
    is_alone = sum(other.stem == photo.stem for other in photos) == 1
    parts = (photo.stem,) if is_alone else (*photo.parts[-2:-1], photo.name.replace(".", "_"))
    return target / f"{'_'.join(parts)}.png"


def _draw(photo: Path, faces: Sequence[Face], target: Path) -> None:
    import cv2

    from asmnet_sdk.drawing import draw_faces

    target.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(target), draw_faces(photo, faces)):
        raise InvalidImageError(f"cannot write the picture {target}")


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
