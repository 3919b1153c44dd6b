"""Labels of faces: short where a face is small, never over one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.letters import draw_text, fitting_height, text_size
from asmnet_sdk.drawing.style import DrawingStyle
from asmnet_sdk.results import BoundingBox, Face

__all__ = ["draw_labels", "side_of"]

_REACH = 1.7  # largest width of a label / side of the face
_SMALLEST = 6.0  # height of capitals that can be read, in pixels


@dataclass(frozen=True, slots=True)
class _Label:
    """Lines of text from the top, the height of their capitals, and where they go."""

    lines: tuple[str, ...]
    cap_height: float
    place: BoundingBox


def draw_labels(
    canvas: NDArray[np.uint8],
    faces: Sequence[Face],
    style: DrawingStyle,
    *,
    identity: bool,
    angles: bool,
) -> None:
    """Write above or below each face what is known of it, in place.

    Args:
        canvas: (H, W, 3) RGB.
        faces: Faces of this picture; the larger one keeps its label where two collide.
        style: Colour and height of the text.
        identity: Write the track id and the score.
        angles: Write yaw, pitch and roll.
    """
    wordings = [_wordings(face, identity, angles) for face in faces]
    boxes = np.array([tuple(face.box) for face in faces]).reshape(-1, 4)
    labels: list[BoundingBox] = []
    for index in sorted(range(len(faces)), key=lambda index: -side_of(faces[index])):
        others = np.delete(boxes, index, axis=0)
        written = np.array([tuple(label) for label in labels]).reshape(-1, 4)
        for taken in (np.vstack([written, others]), written):
            candidates = _candidates(canvas, faces[index], wordings[index], style)
            if label := _first_free(candidates, taken):
                break
        if label is not None:
            labels.append(label.place)
            _write(canvas, label, style)


def side_of(face: Face) -> float:
    """Return the geometric mean of the sides of the face box, in pixels."""
    return float(np.sqrt(face.box.area))


def _wordings(face: Face, identity: bool, angles: bool) -> list[tuple[str, ...]]:
    """Return what a label may say, the fullest first."""
    track = [] if face.track_id is None else [f"#{face.track_id}"]
    score = [] if face.score is None else [f"{face.score:.2f}"]
    who = ["  ".join(track + score)] if identity and track + score else []
    shorter = (track or score)[:1] if who else []
    pose = face.head_pose
    turns = [f"{round(angle):+d}" for angle in (pose.yaw, pose.pitch, pose.roll)]
    words = "yaw {}  pitch {}  roll {}".format(*turns)
    long, short = ([words], [" ".join(turns)]) if angles else ([], [])
    wordings = [(*who, *long), (*who, *short), (*shorter, *short), tuple(who), tuple(shorter)]
    return [wording for wording in dict.fromkeys(wordings) if wording]


def _candidates(
    canvas: NDArray[np.uint8],
    face: Face,
    wordings: Sequence[tuple[str, ...]],
    style: DrawingStyle,
) -> Iterator[_Label]:
    """Yield labels that can be read and are no wider than the surroundings of the face."""
    height, width = canvas.shape[:2]
    x_min, y_min, x_max, y_max = face.box
    if x_max < 0 or y_max < 0 or x_min >= width or y_min >= height:
        return
    side = side_of(face)
    widest, gap = min(_REACH * side, width), 0.08 * side  # clear of the y axis
    suitable = style.text_height or _cap_height(side, max(height, width))
    smallest = style.text_height or _SMALLEST
    for lines in wordings:
        cap_height = min(suitable, *(fitting_height(line, widest) for line in lines))
        if cap_height < smallest:
            continue
        sizes = [text_size(line, cap_height) for line in lines]
        size_wh = (max(w for w, _ in sizes), sum(h for _, h in sizes))
        for top in (y_min - gap - size_wh[1], y_max + gap / 2):
            left = face.box.center[0] - size_wh[0] / 2
            yield _Label(lines, cap_height, _within(left, top, size_wh, (width, height)))


def _cap_height(face: float, picture: float) -> float:
    """Return the height of a capital letter that suits a face and a picture of such sides."""
    side = min(face, picture)
    return max(7, side / 30, min(picture / 120, side / 14))


def _within(
    left: float, top: float, size_wh: tuple[float, float], picture_wh: tuple[int, int]
) -> BoundingBox:
    """Return a place of that size, moved into the picture."""
    left = max(0.0, min(left, picture_wh[0] - size_wh[0]))
    top = max(0.0, min(top, picture_wh[1] - size_wh[1]))
    return BoundingBox(left, top, left + size_wh[0], top + size_wh[1])


def _first_free(candidates: Iterable[_Label], taken: NDArray[np.float64]) -> _Label | None:
    """Return the first label that overlaps none of (N, 4) places."""
    for label in candidates:
        x_min, y_min, x_max, y_max = label.place
        overlaps = (taken[:, 0] < x_max) & (taken[:, 2] > x_min)
        overlaps &= (taken[:, 1] < y_max) & (taken[:, 3] > y_min)
        if not overlaps.any():
            return label
    return None


def _write(canvas: NDArray[np.uint8], label: _Label, style: DrawingStyle) -> None:
    center, top = label.place.center[0], label.place.y_min
    for line in label.lines:
        width, height = text_size(line, label.cap_height)
        draw_text(canvas, line, (center - width / 2, top), label.cap_height, style.text_color)
        top += height
