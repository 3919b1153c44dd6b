"""Faces as other libraries want them: supervision, pandas, and shares of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.arguments import check_kind, list_of, numbers_in, require
from asmnet_sdk.errors import InvalidInputError, MissingExtraError
from asmnet_sdk.exporting import OPENNESS_COLUMNS, openness_of
from asmnet_sdk.results import Face

if TYPE_CHECKING:
    import pandas as pd
    import supervision as sv

__all__ = ["faces_to_frame", "faces_to_supervision", "normalized_landmarks"]

_FIGURES = ("score", "layout", "x_min", "y_min", "x_max", "y_max", "yaw", "pitch", "roll")


def faces_to_supervision(faces: Sequence[Face]) -> tuple[sv.KeyPoints, sv.Detections]:
    """Return faces as supervision has them: its key points, and its detections of their boxes.

    ``data`` of both holds ``yaw``, ``pitch`` and ``roll`` in degrees, of the key points also
    ``landmark_sigma`` in pixels where all faces have it. The confidence of a point is the
    probability that it can be seen. Lines for ``sv.EdgeAnnotator``, which counts from 1:
    ``edges=[(a + 1, b + 1) for a, b in face.layout.edges]``.

    Args:
        faces: Faces of one image, all of one layout.

    Raises:
        MissingExtraError: supervision is not installed.
        InvalidInputError: They are no faces, or have different layouts.
    """
    try:
        import supervision as sv
    except ImportError as exc:
        raise _missing("faces_to_supervision", "supervision") from exc
    faces = list_of(Face, "faces", faces)
    points = _landmarks_of(faces)
    class_id = np.zeros(len(faces), np.int64)
    angles = _angles(faces)
    # Since supervision 0.28 the two confidences have names of their own.
    fields = getattr(sv.KeyPoints, "__dataclass_fields__", {})
    name = "keypoint_confidence" if "keypoint_confidence" in fields else "confidence"
    visible = _stacked(faces, "landmark_visible")
    sigma = _stacked(faces, "landmark_sigma")
    more = {} if visible is None else {name: visible}
    key_points = sv.KeyPoints(
        xy=points,
        class_id=class_id,
        data=angles | ({} if sigma is None else {"landmark_sigma": sigma}),
        **more,
    )
    return key_points, _detections(faces, sv.Detections, class_id, angles)


def _detections(
    faces: Sequence[Face],
    make: Any,
    class_id: NDArray[np.int64],
    angles: dict[str, Any],
) -> sv.Detections:
    scores = [face.score if face.box.score is None else face.box.score for face in faces]
    tracks = [face.track_id for face in faces]
    detections: sv.Detections = make(
        xyxy=np.array([list(face.box) for face in faces], np.float32).reshape(-1, 4),
        confidence=_array_or_none(scores, np.float32),
        class_id=class_id,
        tracker_id=_array_or_none(tracks, np.int64),
        data=dict(angles),
    )
    return detections


def faces_to_frame(faces: Sequence[Face] | Mapping[str, Sequence[Face]]) -> pd.DataFrame:
    """Return faces as a pandas table: a row a face.

    Columns: ``score``, ``layout``, ``x_min`` to ``y_max``, ``yaw``, ``pitch``, ``roll``,
    ``right_eye_openness``, ``left_eye_openness`` and ``mouth_openness`` where the layout has lids
    and lips, of point i ``xi`` and ``yi``, and ``vi`` (probability to be seen) and ``sigmai``
    (pixels) where the model gives them. Without any face, those from ``score`` to ``roll``.

    Args:
        faces: Faces of one image, or image name -> its faces, which makes columns ``image`` and
            ``face`` as well. All of one layout.

    Raises:
        MissingExtraError: pandas is not installed.
        InvalidInputError: They are no faces, or have different layouts.
    """
    try:
        import pandas as pd
    except ImportError as exc:
        raise _missing("faces_to_frame", "pandas") from exc
    groups = list(faces.values()) if isinstance(faces, Mapping) else [faces]
    listed = [list_of(Face, "faces", group) for group in groups]
    flat = [face for group in listed for face in group]
    _landmarks_of(flat)
    frame = pd.DataFrame([_row(face) for face in flat], columns=None if flat else [*_FIGURES])
    if isinstance(faces, Mapping):
        frame.insert(0, "image", [name for name, group in faces.items() for _ in group])
        frame.insert(1, "face", [index for group in listed for index in range(len(group))])
    return frame


def normalized_landmarks(face: Face, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Return landmarks as shares of the picture, as MediaPipe gives them.

    (0, 0) is the top left corner of the picture, (1, 1) the bottom right one.

    Args:
        face: A face of the picture.
        size_wh: Width and height of the picture in pixels.

    Returns:
        (K, 2) float32.

    Raises:
        InvalidInputError: ``face`` is none, or a side is no number above 0.
    """
    check_kind("face", face, Face)
    sides = numbers_in(size_wh)
    is_size = len(sides) == 2 and all(0 < side < np.inf for side in sides)
    require("size_wh", size_wh, is_size, "width and height in pixels")
    return ((face.landmarks + np.float32(0.5)) / np.array(size_wh, np.float32)).astype(np.float32)


def _row(face: Face) -> dict[str, Any]:
    """Return column -> value."""
    pose, box = face.head_pose, face.box
    row: dict[str, Any] = {"score": face.score, "layout": face.layout.name}
    row |= {"x_min": box.x_min, "y_min": box.y_min, "x_max": box.x_max, "y_max": box.y_max}
    row |= {"yaw": pose.yaw, "pitch": pose.pitch, "roll": pose.roll}
    openness = openness_of(face)
    if openness is not None:
        row |= dict(zip(OPENNESS_COLUMNS, openness, strict=True))
    for index, (x, y) in enumerate(face.landmarks.tolist()):
        row |= {f"x{index}": x, f"y{index}": y}
    for letter, values in (("v", face.landmark_visible), ("sigma", face.landmark_sigma)):
        found = [] if values is None else values.tolist()
        row |= {f"{letter}{index}": value for index, value in enumerate(found)}
    return row


def _landmarks_of(faces: Sequence[Face]) -> NDArray[np.float32]:
    """Return (N, K, 2) landmarks of faces of one layout."""
    layouts = {face.layout.name for face in faces}
    if len(layouts) > 1:
        raise InvalidInputError(
            f"faces of different layouts cannot be joined: {', '.join(sorted(layouts))}"
        )
    count = faces[0].layout.point_count if faces else 0
    return np.array([f.landmarks for f in faces], np.float32).reshape(len(faces), count, 2)


def _angles(faces: Sequence[Face]) -> dict[str, Any]:
    names = ("yaw", "pitch", "roll")
    return {n: np.array([getattr(face.head_pose, n) for face in faces], np.float32) for n in names}


def _stacked(faces: Sequence[Face], name: str) -> NDArray[np.float32] | None:
    values = [getattr(face, name) for face in faces]
    return None if not values or any(v is None for v in values) else np.array(values, np.float32)


def _array_or_none(values: Sequence[Any], kind: type[np.generic]) -> NDArray[Any] | None:
    return None if not values or any(value is None for value in values) else np.array(values, kind)


def _missing(name: str, package: str) -> MissingExtraError:
    return MissingExtraError(f"{name} needs the package {package}: pip install {package}")
