"""Draw faces on a picture: landmarks, contours, boxes, head pose, labels.

Every line width follows the size of the face and of the picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import check_flags, check_kind, list_of
from asmnet_sdk.drawing.labels import draw_labels, side_of
from asmnet_sdk.drawing.letters import draw_text, text_size
from asmnet_sdk.drawing.strokes import Color, Dots, Lines, Rings, Stroke, draw_strokes
from asmnet_sdk.drawing.style import DrawingStyle
from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.images.loading import ColorOrder, ImageInput, load_image
from asmnet_sdk.results import Face

__all__ = ["draw_faces"]

Parts: TypeAlias = "bool | Collection[str]"

# The axes x, y, z of the head, in the usual red, green, blue.
_AXIS_COLORS: tuple[Color, ...] = ((230, 60, 50), (60, 190, 80), (60, 120, 255))
_SMALLEST_NUMBER = 5.0  # height of a digit that can be read, in pixels


def draw_faces(
    image: ImageInput,
    faces: Iterable[Face],
    *,
    points: bool | Collection[str] = True,
    contours: bool | Collection[str] = True,
    boxes: bool = True,
    head_pose: bool = True,
    labels: bool = True,
    sigma: bool = False,
    numbers: bool = False,
    style: DrawingStyle = DrawingStyle(),  # noqa: B008 - frozen
    color: ColorOrder = "bgr",
) -> NDArray[np.uint8]:
    """Draw faces on a copy of an image.

    ``points`` and ``contours`` take names of ``layout.indices`` as well, such as
    ``["right_eye", "mouth"]``, to draw these parts alone.

    Args:
        image: Anything ``load_image`` takes; it stays as it is.
        faces: Faces of this image, in any layout.
        points: Draw each landmark as a white dot; one that is more likely hidden than seen
            (``Face.landmark_visible``) as a ring.
        contours: Draw the lines of the layout: jaw sky blue, eyebrows orange, eyes green, nose
            yellow, lips vermilion.
        boxes: Mark the corners of each ``Face.box``.
        head_pose: Draw the axes of the head from the nose tip. Red is the x axis (to the image
            right on a frontal face: the subject's left), green the y axis (to the crown), blue the
            z axis (where the nose points, so a frontal face shows only its dot); each is half as
            long as the box.
        labels: Write above or below each box the track id and the score, if ``boxes``, and yaw,
            pitch and roll in degrees, if ``head_pose``; a small face gets the three numbers alone,
            and none where two labels would collide.
        sigma: Draw a circle of the radius ``Face.landmark_sigma`` around each landmark of
            ``points``, around all if these are not drawn.
        numbers: Write the number of each such landmark above it, where the face is large enough to
            read it.
        style: Colours and sizes.
        color: Channel order of an ndarray ``image`` and of the result: "bgr" or "rgb".

    Returns:
        (H, W, 3) uint8, a new image.

    Raises:
        InvalidImageError: The image cannot be used.
        InvalidInputError: A face is none, or has landmarks or angles that are not finite; its
            layout has no part of a given name, no layout a word of ``style.part_colors``; or
            another argument is of the wrong kind.
    """
    canvas = load_image(image, color=color)
    faces = list_of(Face, "faces", faces)
    check_kind("style", style, DrawingStyle)
    style.check_parts(face.layout for face in faces)
    check_flags(boxes=boxes, head_pose=head_pose, labels=labels, sigma=sigma, numbers=numbers)
    marked = True if points is False else points
    for face in faces:
        _require_finite(face)
        width = style.line_width or _line_width(face, canvas)
        strokes = [*_box_strokes(face, style, width)] if boxes else []
        strokes += [*_axis_strokes(face, width)] if head_pose else []
        strokes += _contour_strokes(face, style, width, contours)
        strokes += _sigma_strokes(face, style, width, marked) if sigma else []
        strokes += _point_strokes(face, style, width, points)
        draw_strokes(canvas, strokes)
        if numbers:
            _draw_numbers(canvas, face, style, marked)
    if labels and (boxes or head_pose):
        draw_labels(canvas, faces, style, identity=boxes, angles=head_pose)
    return cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR) if color == "bgr" else canvas  # type: ignore[return-value]


def _require_finite(face: Face) -> None:
    pose = (face.head_pose.yaw, face.head_pose.pitch, face.head_pose.roll)
    if not (np.isfinite(face.landmarks).all() and np.isfinite(pose).all()):
        raise InvalidInputError("a face has landmarks or angles that are not finite")
    radii = face.landmark_sigma
    if radii is not None and not (np.isfinite(radii) & (radii >= 0)).all():
        raise InvalidInputError("a face has a landmark_sigma that is negative or not finite")


def _line_width(face: Face, canvas: NDArray[np.uint8]) -> float:
    """Return what suits the picture, within what suits the face, in pixels."""
    picture = max(canvas.shape[:2])
    side = min(side_of(face), picture)
    return float(np.clip(picture / 600, max(side / 260, 0.5), max(side / 110, 0.6)))


def _box_strokes(face: Face, style: DrawingStyle, width: float) -> Iterator[Stroke]:
    box = face.box
    arm = 0.16 * min(box.width, box.height)
    corners = [
        np.array([(x + inward_x, y), (x, y), (x, y + inward_y)])
        for x, inward_x in ((box.x_min, arm), (box.x_max, -arm))
        for y, inward_y in ((box.y_min, arm), (box.y_max, -arm))
    ]
    yield Lines(corners, style.box_color, width)


def _axis_strokes(face: Face, width: float) -> Iterator[Stroke]:
    """Yield the three axes, the one that points farthest from the camera first."""
    origin, axes = _nose_tip(face), face.head_pose.rotation_matrix.T
    tips = origin + axes[:, :2] * (1, -1) * (side_of(face) / 2)
    for index in np.argsort(axes[:, 2], kind="stable").tolist():
        yield Lines([np.array([origin, tips[index]])], _AXIS_COLORS[index], 1.6 * width)


def _nose_tip(face: Face) -> NDArray[np.float64]:
    try:
        tip: NDArray[np.float64] = face.five_points[2].astype(np.float64)
    except InvalidInputError:  # a layout of the caller's own
        tip = np.array(face.box.center)
    return tip


def _contour_strokes(
    face: Face, style: DrawingStyle, width: float, parts: Parts
) -> Iterator[Stroke]:
    """Yield the contours, those of one look together."""
    wanted = set(_points_of(face, parts).tolist())
    landmarks = face.landmarks.astype(np.float64)
    looks: dict[tuple[Color, bool], list[NDArray[np.float64]]] = defaultdict(list)
    for name, contour in face.layout.contours.items():
        if wanted.issuperset(contour.indices):
            path = landmarks[list(contour.indices)]
            if len(path) == 1:
                yield Dots((path,), style.color_of(name), 4 * width)
            else:
                looks[style.color_of(name), contour.closed].append(path)
    for (color, closed), paths in looks.items():
        yield Lines(paths, color, width, closed)


def _points_of(face: Face, parts: Parts) -> NDArray[np.int64]:
    """Return the sorted points of some parts of a face: of all for True, of none for False."""
    if isinstance(parts, bool):
        return np.arange(len(face.landmarks) if parts else 0)
    indices = face.layout.indices
    names = [parts] if isinstance(parts, str) else list_of(str, "parts of a face", parts)
    unknown = [name for name in names if name not in indices]
    if unknown:
        raise InvalidInputError(
            f"{face.layout.name} has no part {in_brief(repr(unknown[0]))}; "
            f"there are {', '.join(indices)}"
        )
    return np.array(sorted({index for name in names for index in indices[name]}), np.int64)


def _sigma_strokes(face: Face, style: DrawingStyle, width: float, parts: Parts) -> Iterator[Stroke]:
    chosen = _points_of(face, parts)
    if face.landmark_sigma is not None and len(chosen):
        radii = face.landmark_sigma[chosen].astype(np.float64)
        centers = face.landmarks[chosen].astype(np.float64)
        yield Rings((centers,), radii, style.sigma_color, 0.6 * width)


def _point_strokes(face: Face, style: DrawingStyle, width: float, parts: Parts) -> Iterator[Stroke]:
    """Yield the dots of points in sight, and the rings of hidden ones."""
    chosen = _points_of(face, parts)
    points = face.landmarks[chosen].astype(np.float64)
    size, color = style.point_size or 1.5 * width, style.point_color
    is_hidden = np.zeros(len(chosen), bool)
    if face.landmark_visible is not None and style.hidden_points != "dot":
        is_hidden = face.landmark_visible[chosen] < 0.5
    if not is_hidden.all():
        yield Dots((points[~is_hidden],), color, size)
    if is_hidden.any() and style.hidden_points == "ring":
        hidden = points[is_hidden]
        yield Rings((hidden,), np.full(len(hidden), 0.55 * size), color, 0.35 * size)


def _draw_numbers(canvas: NDArray[np.uint8], face: Face, style: DrawingStyle, parts: Parts) -> None:
    cap_height = side_of(face) / 50
    if cap_height < _SMALLEST_NUMBER:
        return
    for index in _points_of(face, parts):
        x, y = face.landmarks[index].tolist()
        width, height = text_size(str(index), cap_height)
        left_top = (x - width / 2, y - height)
        draw_text(canvas, str(index), left_top, cap_height, style.point_color)
