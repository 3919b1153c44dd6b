"""One face: its landmarks, head pose and scores, frozen and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.arguments import check_kind, is_float, is_whole, require
from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.layouts import (
    FIVE_POINT,
    IBUG_68,
    LAYOUTS,
    Layout,
    convert_landmarks,
    is_convertible,
)
from asmnet_sdk.results.bounding_box import BoundingBox
from asmnet_sdk.results.head_pose import HeadPose
from asmnet_sdk.results.openness import eye_openness, lip_openness
from asmnet_sdk.results.records import read_record, write_record

__all__ = ["Face"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """One face in one image; frozen, its arrays read-only. Faces with the same values are equal.

    Raises:
        InvalidInputError: A value is of another kind or shape than described.
    """

    landmarks: NDArray[np.float32]
    """(K, 2) float32, read-only: x right, y down, in pixels of the caller's image, (0, 0) = centre
    of the top-left pixel.
    """
    head_pose: HeadPose
    """Yaw, pitch and roll in degrees."""
    box: BoundingBox
    """The box that the landmarks were looked for in."""
    layout: Layout = IBUG_68
    """Which points the landmarks are."""
    score: float | None = None
    """Probability in [0, 1] that the crop shows a face; None if the model has no such output."""
    landmark_sigma: NDArray[np.float32] | None = None
    """(K,) float32, read-only: radius of the circle around each landmark that holds the true point
    with a probability of about 68 %, in pixels of the caller's image. None if the model has no such
    output.
    """
    landmark_visible: NDArray[np.float32] | None = None
    """(K,) float32, read-only: probability in [0, 1] that the point itself can be seen in the
    picture: neither turned away nor covered. A jaw point on the outline of the face counts as seen.
    None if the model has no such output.
    """
    track_id: int | None = None
    """Identity within a video; None for a single image."""

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Face) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        values = self._values().values()
        return tuple(v.tobytes() if isinstance(v, np.ndarray) else v for v in values)

    def __reduce__(self) -> tuple[Callable[..., Face], tuple[object, ...]]:
        return _restore_face, tuple(self._values().values())

    def __post_init__(self) -> None:
        check_kind("layout", self.layout, Layout)
        check_kind("head_pose", self.head_pose, HeadPose)
        check_kind("box", self.box, BoundingBox)
        has_score = self.score is None or is_float(self.score)
        require("score", self.score, has_score, "a number, or None")
        has_id = self.track_id is None or is_whole(self.track_id)
        require("track_id", self.track_id, has_id, "a whole number, or None")
        landmarks = _read_only(self.landmarks, "landmarks")
        if landmarks.shape != (self.layout.point_count, 2):
            raise InvalidInputError(
                f"landmarks have shape {landmarks.shape}; "
                f"{self.layout.name} needs ({self.layout.point_count}, 2)"
            )
        object.__setattr__(self, "landmarks", landmarks)
        for name in ("landmark_sigma", "landmark_visible"):
            if getattr(self, name) is None:
                continue
            values = _read_only(getattr(self, name), name)
            if values.shape != (self.layout.point_count,):
                raise InvalidInputError(
                    f"{name} has shape {values.shape}; "
                    f"{self.layout.name} needs ({self.layout.point_count},)"
                )
            object.__setattr__(self, name, values)

    def __repr__(self) -> str:
        """Say what a person wants to see first; the arrays have attributes of their own."""
        box, pose = self.box, self.head_pose
        parts = [
            self.layout.name,
            f"box=({box.x_min:.1f}, {box.y_min:.1f}, {box.x_max:.1f}, {box.y_max:.1f})",
            f"yaw={pose.yaw:+.1f}, pitch={pose.pitch:+.1f}, roll={pose.roll:+.1f}",
        ]
        if self.score is not None:
            parts.append(f"score={self.score:.2f}")
        if self.landmark_sigma is not None:
            parts.append(f"sigma={self.landmark_sigma.mean():.2g} px")
        if self.landmark_visible is not None:
            seen = int((self.landmark_visible >= 0.5).sum())
            parts.append(f"visible={seen}/{self.layout.point_count}")
        if self.track_id is not None:
            parts.append(f"track_id={self.track_id}")
        return f"Face({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """Show the points as a drawing and the figures as a table, in notebooks."""
        from asmnet_sdk.results.face_html import face_html  # only notebooks need it

        return face_html(self.to_dict(), self.layout)

    @property
    def five_points(self) -> NDArray[np.float32]:
        """(5, 2): right eye, left eye, nose tip, right and left mouth corner (subject's sides).

        Raises:
            InvalidInputError: The layout does not have them.
        """
        return convert_landmarks(self.landmarks, self.layout, FIVE_POINT)

    def part(self, name: str) -> NDArray[np.float32]:
        """Return the (N, 2) landmarks of a part of the face, in the order of ``layout.indices``.

        Args:
            name: A name of ``layout.indices``: ``"jaw"``, ``"right_eye"``, ``"left_eyebrow"``,
                ``"nose"``, ``"mouth"``, ``"inner_lip"``, ...; left and right are the subject's.

        Raises:
            InvalidInputError: The layout has no such part.
        """
        indices = self.layout.indices
        if not isinstance(name, str) or name not in indices:
            raise InvalidInputError(
                f"{self.layout.name} has no part {name!r}; there are {', '.join(indices)}"
            )
        return self.landmarks[list(indices[name])]

    def to_layout(self, layout: str | Layout) -> Face:
        """Return this face with its landmarks in another layout.

        Args:
            layout: A layout or its name, such as ``"FIVE_POINT"``.

        Raises:
            InvalidInputError: There is no such layout, or it needs points that this one lacks.
        """
        target = LAYOUTS.get(layout) if isinstance(layout, str) else layout
        if not isinstance(target, Layout):
            raise InvalidInputError(
                f"no layout {in_brief(repr(layout))}; there are {', '.join(LAYOUTS)}"
            )
        return replace(
            self,
            layout=target,
            landmarks=convert_landmarks(self.landmarks, self.layout, target),
            landmark_sigma=self._converted(self.landmark_sigma, target),
            landmark_visible=self._converted(self.landmark_visible, target),
        )

    def _converted(
        self, values: NDArray[np.float32] | None, target: Layout
    ) -> NDArray[np.float32] | None:
        return None if values is None else convert_landmarks(values, self.layout, target)

    @property
    def eye_openness(self) -> tuple[float, float]:
        """Height / width of the right and the left eye (the subject's sides), in the head's frame.

        About 0.37 for an open eye and below about 0.24 for a closed one, whichever way the head
        looks; ``docs/guides/eyes.md`` has the measured rates. An eye that is turned away tells
        nothing.

        Raises:
            InvalidInputError: The layout has no eyelids.
        """
        points = convert_landmarks(self.landmarks, self.layout, IBUG_68)
        return eye_openness(points, self.head_pose.rotation_matrix)

    @property
    def mouth_openness(self) -> float:
        """Height / width of the inner lips: 0 for a closed mouth.

        Raises:
            InvalidInputError: The layout has no inner lips.
        """
        return lip_openness(convert_landmarks(self.landmarks, self.layout, IBUG_68))

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, ready for ``json.dumps``.

        Pixels, degrees, visibility and openness are rounded to 0.001, scores to 0.0001.
        ``box_score`` and ``box_roll`` are those of the box, None where it has none. Openness
        is None for a layout without lids and lips. ``layout_table`` declares a layout that is none
        of the package's, so that ``from_dict`` knows it.
        """
        has_lids = is_convertible(self.layout, IBUG_68)
        openness = (self.eye_openness, self.mouth_openness) if has_lids else None
        return write_record(self._values(), openness)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Face:
        """Return the face that ``to_dict`` wrote, as far as its rounded values tell.

        Args:
            record: What ``to_dict`` gave, also by way of JSON; other keys are ignored.

        Raises:
            InvalidInputError: A value is missing, or is not what ``to_dict`` writes.
        """
        check_kind("record", record, Mapping, "what Face.to_dict gives")
        try:
            return cls(**read_record(record))
        except KeyError as exc:
            raise InvalidInputError(f"no record of a face: it has no {exc}") from exc
        except (LookupError, TypeError, AttributeError, ValueError) as exc:
            raise InvalidInputError(f"no record of a face: {in_brief(str(exc))}") from exc

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        """Let pydantic, and so FastAPI, give and take faces as ``to_dict`` writes them."""
        from pydantic_core import core_schema

        def read(value: Any) -> Face:
            return value if isinstance(value, Face) else cls.from_dict(value)

        return core_schema.no_info_after_validator_function(
            read,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.to_dict, return_schema=core_schema.dict_schema()
            ),
        )


def _restore_face(*values: Any) -> Face:
    """Return an unpickled face, its arrays read-only again."""
    return Face(**dict(zip(Face.__slots__, values, strict=True)))


def _read_only(values: ArrayLike, name: str) -> NDArray[np.float32]:
    try:
        array = np.array(values, np.float32)
    except (TypeError, ValueError) as exc:
        raise InvalidInputError(f"{name} are {in_brief(repr(values))}; needed: numbers") from exc
    array.setflags(write=False)
    return array
