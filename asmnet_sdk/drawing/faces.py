"""Draw faces on a picture: landmarks, contours, boxes, head pose, labels.

Every line width follows the size of the face and of the picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.drawing.strokes import OUTLINE, OUTLINE_OPACITY, Color, Stroke, draw_strokes
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.images.loading import ColorOrder, ImageInput, load_image
from asmnet_sdk.results import Face

if TYPE_CHECKING:
    from cv2.typing import MatLike

__all__ = ["draw_faces"]

# RGB. Regions: the palette of Okabe and Ito, which colour-blind readers can tell apart; its green
# a little lighter.
_WHITE: Color = (255, 255, 255)
_REGION_COLORS: dict[str, Color] = {
    "jaw": (86, 180, 233),
    "eyebrow": (230, 159, 0),
    "nose": (240, 228, 66),
    "eye": (0, 190, 140),
    "pupil": (0, 190, 140),
    "lip": (213, 94, 0),
    "mouth": (213, 94, 0),
}
# The axes x, y, z of the head, in the usual red, green, blue.
_AXIS_COLORS: tuple[Color, ...] = ((230, 60, 50), (60, 190, 80), (60, 120, 255))

_TEXT_ZOOM = 3  # letters are drawn so much larger, then averaged down
_CAP_HEIGHT = 63.0  # of Hershey Simplex at scale 3, in pixels


def draw_faces(
    image: ImageInput,
    faces: Iterable[Face],
    *,
    points: bool = True,
    contours: bool | Collection[str] = True,
    boxes: bool = True,
    head_pose: bool = True,
    line_width: float | None = None,
    color: ColorOrder = "bgr",
) -> NDArray[np.uint8]:
    """Draw faces on a copy of an image.

    Args:
        image: Anything ``load_image`` takes; it stays as it is.
        faces: Faces of this image, in any layout.
        points: Draw each landmark as a white dot; one that is more likely hidden than seen
            (``Face.landmark_visible``) as a ring.
        contours: Draw the lines of the layout: jaw sky blue, eyebrows orange, eyes green, nose
            yellow, lips vermilion. Names of ``layout.indices``, such as ``["right_eye", "mouth"]``,
            draw these parts alone.
        boxes: Mark the corners of each ``Face.box``; above it stand the track id and the score,
            where there are any.
        head_pose: Draw the axes of the head from the nose tip and write yaw, pitch and roll in
            degrees above the box. Red is the x axis (to the image right on a frontal face: the
            subject's left), green the y axis (to the crown), blue the z axis (where the nose
            points, so a frontal face shows only its dot); each is half as long as the box.
        line_width: Width of the lines in pixels; None is what suits the face and the picture.
        color: Channel order of an ndarray ``image`` and of the result: "bgr" or "rgb".

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InvalidImageError: The image cannot be used.
        InvalidInputError: A face has landmarks or angles that are not finite, or its layout has no
            part of a name in ``contours``.
    """
    canvas = load_image(image, color=color)
    faces = list(faces)
    layers = (
        (boxes, _box_strokes),
        (head_pose, _axis_strokes),
        (bool(contours), partial(_contour_strokes, parts=contours)),
        (points, _point_strokes),
    )
    for face in faces:
        _require_finite(face)
        width = line_width or _line_width(face, canvas)
        strokes = (strokes_of(face, width) for is_wanted, strokes_of in layers if is_wanted)
        draw_strokes(canvas, [*chain.from_iterable(strokes)])
    for face in faces:
        _draw_label(canvas, face, _label(face, boxes, head_pose))
    return cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR) if color == "bgr" else canvas  # type: ignore[return-value]


def _require_finite(face: Face) -> None:
    pose = (face.head_pose.yaw, face.head_pose.pitch, face.head_pose.roll)
    if not (np.isfinite(face.landmarks).all() and np.isfinite(pose).all()):
        raise InvalidInputError("a face has landmarks or angles that are not finite")


def _line_width(face: Face, canvas: NDArray[np.uint8]) -> float:
    """Return what suits the picture, within what suits the face, in pixels."""
    picture = max(canvas.shape[:2])
    side = min(_side(face), picture)
    return float(np.clip(picture / 600, max(side / 260, 0.5), max(side / 110, 0.6)))


def _side(face: Face) -> float:
    return float(np.sqrt(face.box.area))


def _box_strokes(face: Face, width: float) -> Iterator[Stroke]:
    box = face.box
    arm = 0.16 * min(box.width, box.height)
    for x, inward_x in ((box.x_min, arm), (box.x_max, -arm)):
        for y, inward_y in ((box.y_min, arm), (box.y_max, -arm)):
            corner = np.array([(x + inward_x, y), (x, y), (x, y + inward_y)])
            yield Stroke(corner, _WHITE, width)


def _contour_strokes(
    face: Face, width: float, *, parts: bool | Collection[str]
) -> Iterator[Stroke]:
    wanted = None if isinstance(parts, bool) else _points_of(face, parts)
    for name, contour in face.layout.contours.items():
        if wanted is not None and not wanted.issuperset(contour.indices):
            continue
        line = face.landmarks[list(contour.indices)].astype(np.float64)
        color = next((c for part, c in _REGION_COLORS.items() if part in name), _WHITE)
        yield Stroke(line, color, width if len(line) > 1 else 4 * width, contour.closed)


def _points_of(face: Face, parts: Collection[str]) -> set[int]:
    """Return the points of some parts of a face."""
    indices = face.layout.indices
    names = [parts] if isinstance(parts, str) else list(parts)
    unknown = [name for name in names if name not in indices]
    if unknown:
        raise InvalidInputError(
            f"{face.layout.name} has no part {unknown[0]!r}; there are {', '.join(indices)}"
        )
    return {index for name in names for index in indices[name]}


def _point_strokes(face: Face, width: float) -> Iterator[Stroke]:
    visible = face.landmark_visible
    is_hidden = np.zeros(len(face.landmarks), bool) if visible is None else visible < 0.5
    for point, hollow in zip(face.landmarks.astype(np.float64), is_hidden, strict=True):
        yield Stroke(point[None], _WHITE, (2.2 if hollow else 1.5) * width, hollow=bool(hollow))


def _axis_strokes(face: Face, width: float) -> Iterator[Stroke]:
    """Yield the three axes, the one that points farthest from the camera first."""
    origin = _nose_tip(face)
    axes = face.head_pose.rotation_matrix.T
    for index in np.argsort(axes[:, 2], kind="stable"):
        x, y_up, _ = axes[index] * _side(face) / 2
        tip = np.add(origin, (x, -y_up))
        yield Stroke(np.array([origin, tip]), _AXIS_COLORS[index], 1.6 * width)


def _nose_tip(face: Face) -> NDArray[np.float64]:
    try:
        tip: NDArray[np.float64] = face.five_points[2].astype(np.float64)
    except InvalidInputError:  # a layout of the caller's own
        tip = np.array(face.box.center)
    return tip


def _label(face: Face, boxes: bool, head_pose: bool) -> list[str]:
    """Return the lines of text above a face."""
    identity = []
    if boxes and face.track_id is not None:
        identity.append(f"#{face.track_id}")
    if boxes and face.score is not None:
        identity.append(f"{face.score:.2f}")
    pose = face.head_pose
    angles = f"yaw {round(pose.yaw):+d}  pitch {round(pose.pitch):+d}  roll {round(pose.roll):+d}"
    return ([angles] if head_pose else []) + (["  ".join(identity)] if identity else [])


def _draw_label(canvas: NDArray[np.uint8], face: Face, lines: Sequence[str]) -> None:
    """Write lines upwards from the top edge of the box, within the picture, in place.

    A face outside the picture gets none.
    """
    x_min, y_min, x_max, y_max = face.box
    if x_max < 0 or y_max < 0 or x_min >= canvas.shape[1] or y_min >= canvas.shape[0]:
        return
    cap_height = _cap_height(face, canvas)
    bottom = face.box.y_min - 0.08 * _side(face)  # clear of the y axis
    masks = [_text_masks(line, cap_height, canvas.shape[1]) for line in lines]
    bottom = max(bottom, sum(len(fill) for fill, _ in masks))
    for fill, outline in masks:
        height, width = fill.shape
        highest = np.maximum(np.subtract(canvas.shape[:2], fill.shape), 0)
        wanted = np.rint((bottom - height, face.box.center[0] - width / 2))
        top, left = np.clip(wanted, 0, highest).astype(int)
        part = canvas[top : top + height, left : left + width]
        _blend(part, OUTLINE, outline * OUTLINE_OPACITY)
        _blend(part, _WHITE, fill)
        bottom = top


def _cap_height(face: Face, canvas: NDArray[np.uint8]) -> float:
    """Return the height of a capital letter in pixels."""
    picture = max(canvas.shape[:2])
    side = min(_side(face), picture)
    return float(np.clip(picture / 120, max(side / 30, 7), max(side / 14, 7)))


def _text_masks(
    text: str, cap_height: float, widest: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the (h, w) coverage in [0, 1] of the letters, and of the letters with an outline."""
    enlarged = min(1.0, _TEXT_ZOOM * cap_height / _CAP_HEIGHT)  # of letters at scale 3
    font, stroke, border = 3 * enlarged, max(1, round(7 * enlarged)), max(3, round(12 * enlarged))
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, font, stroke)
    fill = np.zeros((height + below + 2 * border, width + 2 * border), np.uint8)
    start = (border, border + height)
    cv2.putText(fill, text, start, cv2.FONT_HERSHEY_SIMPLEX, font, 255, stroke, cv2.LINE_AA)
    reach = max(3, round(2 * border - 5 * enlarged) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    scale = min(cap_height / (_CAP_HEIGHT * enlarged), widest / fill.shape[1])
    size_wh = (max(1, int(fill.shape[1] * scale)), max(1, int(fill.shape[0] * scale)))
    outlined = cv2.dilate(fill, disc)
    return _shrink_to_coverage(fill, size_wh), _shrink_to_coverage(outlined, size_wh)


def _shrink_to_coverage(mask: MatLike, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    return np.divide(cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA), 255, dtype=np.float32)


def _blend(part: NDArray[np.uint8], color: Color, opacity: NDArray[np.float32]) -> None:
    opacity = opacity[: part.shape[0], : part.shape[1], None]
    part[...] = np.rint(part + opacity * (np.asarray(color, np.float32) - part))
