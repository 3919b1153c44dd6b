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
    check_writable,
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
    outputs = [p for p in (options.json, options.csv, options.report) if p is not None]
    outputs = [path for path in outputs if path != STANDARD_OUTPUT]
    refuse_overwriting(outputs, photos)
    for path in (*outputs, *pictures):
        check_writable(path)


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
    if options.csv:
        write_text(options.csv, faces_to_csv(faces_by_image))
    if options.json and options.json != STANDARD_OUTPUT:
        write_text(options.json, faces_to_json(faces_by_image) + "\n")
    has_file = options.csv or options.json or options.report
    is_read_by_program = bool(faces_by_image) and not (has_file or is_read_by_people())
    if options.json == STANDARD_OUTPUT or is_read_by_program:
        print(faces_to_json(faces_by_image))
    elif is_read_by_people():
        print_faces(faces_by_image)


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
