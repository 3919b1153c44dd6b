"""What ``asmnet predict`` tells people: a table of faces, and one line of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.terminal import counted, print_table, say_done, shortened
from asmnet_sdk.errors import in_brief

if TYPE_CHECKING:
    from asmnet_sdk.results import Face

__all__ = ["closing_line", "print_faces"]

_MOST_ROWS = 40
_NAME_COLUMNS = 28


def print_faces(faces_by_image: Mapping[str, Sequence[Face]]) -> None:
    """Print a row a face, at most 80 columns wide and ``_MOST_ROWS`` long."""
    rows = [
        _row(image, index, face)
        for image, faces in faces_by_image.items()
        for index, face in enumerate(faces)
    ]
    if rows:
        header = ("photo", "face", "size", "yaw", "pitch", "roll", "score", "eyes", "mouth")
        print_table(header, rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        print(f"... and {counted(len(rows) - _MOST_ROWS, 'more face')}: --csv FILE has all")


def _row(image: str, index: int, face: Face) -> tuple[str, ...]:
    record, box = face.to_dict(), face.box
    eyes, mouth = record["eye_openness"], record["mouth_openness"]
    return (
        shortened(in_brief(Path(image).name), _NAME_COLUMNS),
        str(index),
        f"{box.width:.0f}x{box.height:.0f}",
        *(f"{round(angle):+d}" for angle in face.head_pose),
        "-" if face.score is None else f"{face.score:.2f}",
        "-" if eyes is None else f"{min(eyes):.2f}",
        "-" if mouth is None else f"{mouth:.2f}",
    )


def closing_line(
    faces_by_image: Mapping[str, Sequence[Face]],
    *,
    failures: int,
    photo_count: int,
    outputs: Iterable[Path],
) -> None:
    """Say on standard error what was done: "37 faces in 8 photos, 1 broken, wrote faces.html"."""
    faces = sum(map(len, faces_by_image.values()))
    done = len(faces_by_image) + failures
    parts = [f"{counted(faces, 'face')} in {counted(len(faces_by_image), 'photo')}"]
    if failures:
        parts.append(f"{failures} broken")
    if done < photo_count:
        parts.append(f"{photo_count - done} not looked at")
    say_done(", ".join(parts), outputs)
