"""What ``asmnet predict`` leaves: files of faces, pictures, a report, and words about them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.photo_files import refuse_overwriting
from asmnet_sdk.cli.summary import closing_line, print_faces
from asmnet_sdk.cli.terminal import (
    STANDARD_OUTPUT,
    check_files,
    complain,
    is_read_by_people,
    is_watched,
)
from asmnet_sdk.exporting import faces_to_csv, faces_to_json
from asmnet_sdk.whole_files import write_bytes, write_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from asmnet_sdk.cli.report import Report
    from asmnet_sdk.results import Face

__all__ = ["check_outputs", "close", "draw"]


def check_outputs(
    options: argparse.Namespace, photos: Sequence[Path], pictures: Iterable[Path]
) -> None:
    """Refuse, before any work, outputs that cannot be written or would overwrite a photo."""
    check_files((options.report, *pictures), printable=(options.json, options.csv))
    refuse_overwriting([path for path in _named_outputs(options) if path != options.draw], photos)


def close(
    options: argparse.Namespace,
    photos: Sequence[Path],
    found: Mapping[Path, list[Face]],
    failures: Sequence[str],
    report: Report | None,
) -> None:
    """Tell of failures, write what was found, and say what that is where people read it."""
    for failure in failures:
        complain(failure)
    faces_by_image = _named_in_order(found, photos)
    _write(faces_by_image, options, report)
    if _named_outputs(options) or is_watched() or (failures and len(photos) > 1):
        closing_line(
            faces_by_image,
            failures=len(failures),
            photo_count=len(photos),
            outputs=_named_outputs(options),
        )


def _named_in_order(
    found: Mapping[Path, list[Face]], photos: Iterable[Path]
) -> dict[str, list[Face]]:
    return {str(photo): found[photo] for photo in photos if photo in found}


def _write(
    faces_by_image: dict[str, list[Face]], options: argparse.Namespace, report: Report | None
) -> None:
    if report is not None:
        report.write(options.report)
    for path, text_of in ((options.csv, faces_to_csv), (options.json, faces_to_json)):
        if path == STANDARD_OUTPUT:
            print(text_of(faces_by_image).rstrip("\n"))
        elif path:
            write_text(path, text_of(faces_by_image).rstrip("\n") + "\n")
    if STANDARD_OUTPUT in (options.csv, options.json):
        return
    if is_read_by_people():
        print_faces(faces_by_image)
    elif faces_by_image and not (options.csv or options.json or options.report):
        print(faces_to_json(faces_by_image))


def _named_outputs(options: argparse.Namespace) -> list[Path]:
    outputs = (options.json, options.csv, options.report, options.draw)
    return [path for path in outputs if path not in (None, STANDARD_OUTPUT)]


def draw(image: NDArray[np.uint8], faces: Sequence[Face], target: Path) -> None:
    """Write a photo, (H, W, 3) uint8 RGB, with its faces drawn in."""
    import cv2

    from asmnet_sdk.drawing.faces import draw_faces

    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = cv2.cvtColor(draw_faces(image, faces, color="rgb"), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(target.suffix, drawn)[1]
    write_bytes(target, encoded.tobytes())
