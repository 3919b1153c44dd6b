"""Code as a user writes it, with all public names: type checkers read it, and a test runs it.

``assert_type`` states what a type checker, and so an editor, has to know of each result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import assert_type

import asmnet_sdk
from asmnet_sdk import (
    FIVE_POINT,
    IBUG_68,
    WFLW_98,
    AsmnetDetector,
    AsmnetError,
    BoundingBox,
    DeviceUnavailableError,
    DrawingStyle,
    Face,
    FaceAligner,
    FaceCrop,
    FaceDetector,
    FaceTracker,
    HeadPose,
    InvalidBoundingBoxError,
    InvalidImageError,
    InvalidInputError,
    Layout,
    ModelDownloadError,
    ModelError,
    ModelFileError,
    ModelMetadata,
    ModelSpec,
    UnknownModelError,
    WarpedFace,
    YuNetDetector,
    available_models,
    draw_faces,
    faces_to_csv,
    faces_to_json,
    load_image,
    sample_photo,
    warp_face,
)

BOX = (179, 87, 272, 179)


class FixedDetector:
    """A detector of the user's own: no base class, only the method."""

    def detect(self, image: NDArray[np.uint8]) -> list[BoundingBox]:
        return [BoundingBox(*BOX, score=0.9)]


def align(photo: Path) -> list[Face]:
    detector: FaceDetector = FixedDetector()
    aligner = FaceAligner("asmnet-68", detector=detector, device="cpu", threads=1, passes=1)
    assert_type(
        FaceAligner(passes="auto", min_score=0.3, max_faces=5).detect(photo)[0].roll, float | None
    )
    faces = aligner.predict(photo)
    assert_type(faces, list[Face])
    assert_type(aligner.detect(photo), list[BoundingBox])
    assert_type(aligner.cut(photo), list[FaceCrop])
    assert_type(aligner.align(aligner.cut(photo)), list[Face])
    assert_type(aligner.predict_batch([photo, photo], [BOX, [BOX, BOX]]), list[list[Face]])
    found = aligner.predict_batch([photo, photo], return_errors=True)
    assert_type(found, list[list[Face] | InvalidInputError])
    assert_type(aligner.predict_crop(photo), Face)
    assert_type(asyncio.run(aligner.predict_async(photo, BOX)), list[Face])
    assert_type(aligner.model, ModelMetadata)
    assert_type(aligner.layout, Layout)
    assert_type(aligner.device, str)
    return faces


def every_kind_of_image(photo: Path) -> None:
    image = cv2.imread(str(photo))
    assert image is not None
    with FaceAligner() as aligner, photo.open("rb") as file:
        aligner.predict(str(photo), BOX)
        aligner.predict(file, np.array([BOX]))
        aligner.predict(photo.read_bytes(), [BoundingBox(*BOX), BoundingBox(*BOX)])
        aligner.predict(Image.open(photo), [list(BOX)])
        aligner.predict(image, BoundingBox(*BOX), color="bgr")
        assert_type(load_image(Image.open(photo)), NDArray[np.uint8])
    assert_type(load_image(sample_photo()), NDArray[np.uint8])


def read(face: Face) -> None:
    assert_type(face.landmarks, NDArray[np.float32])
    assert_type(face.landmark_sigma, NDArray[np.float32] | None)
    assert_type(face.landmark_visible, NDArray[np.float32] | None)
    assert_type(face.score, float | None)
    assert_type(face.track_id, int | None)
    assert_type(face.layout, Layout)
    assert_type(face.five_points, NDArray[np.float32])
    assert_type(face.to_layout("FIVE_POINT"), Face)
    assert_type(face.to_layout(FIVE_POINT).layout.name, str)
    assert_type(face.eye_openness, tuple[float, float])
    assert_type(face.mouth_openness, float)
    assert_type(face.to_dict(), dict[str, Any])
    x_min, y_min, x_max, y_max = face.box
    assert_type(x_min, float)
    assert x_min < x_max
    assert y_min < y_max
    assert_type(face.box.center, tuple[float, float])
    assert_type(face.box.width * face.box.height - face.box.area, float)
    assert_type(BoundingBox.around(face.landmarks), BoundingBox)
    assert_type(face.head_pose, HeadPose)
    assert_type(face.head_pose.yaw, float)
    assert_type(face.head_pose.rotation_matrix, NDArray[np.float64])


def make_pictures(photo: Path, faces: list[Face]) -> None:
    warped = warp_face(photo, faces[0], "ffhq", 128, color="rgb")
    assert_type(warped, WarpedFace)
    assert_type(warped.image, NDArray[np.uint8])
    assert_type(warped.matrix, NDArray[np.float64])
    assert_type(warped.photo_wh, tuple[int, int])
    assert_type(warped.color, Literal["bgr", "rgb"])
    assert_type(warped.paste_back(photo, 255 - warped.image, feather=0.2), NDArray[np.uint8])
    style = DrawingStyle(line_width=3, hidden_points="ring", part_colors={"eye": (255, 0, 0)})
    assert_type(style.line_width, float | None)
    assert_type(draw_faces(photo, faces, points=False, style=style), NDArray[np.uint8])
    assert_type(faces_to_json({photo.name: faces}, indent=None), str)
    assert_type(faces_to_csv({photo.name: faces}), str)


def follow(photo: Path) -> None:
    tracker = FaceTracker(FaceAligner(detector=AsmnetDetector(max_faces=1)), frame_rate=25)
    assert_type(tracker.update(photo), list[Face])
    assert_type(tracker.update(photo, timestamp=1.5), list[Face])
    tracker.reset()
    assert_type(FaceTracker().update(photo), list[Face])


def look_at_layouts_and_models() -> None:
    assert_type(IBUG_68.point_count + WFLW_98.point_count, int)
    assert_type(IBUG_68.contours["jaw"].indices, tuple[int, ...])
    assert_type(IBUG_68.eye_corners, tuple[int, int])
    assert_type(available_models(), tuple[ModelSpec, ...])
    spec = available_models()[0]
    assert_type(spec.kind, Literal["aligner", "detector"])
    assert_type(spec.embedded, bool)
    metadata = FaceAligner().model
    assert_type(metadata.input_size, int)
    assert_type(metadata.figures, Mapping[str, float])
    assert_type(asmnet_sdk.__version__, str)


def handle(run: Callable[[], object]) -> str:
    """Return what kind of error a call ends with: each is caught as its builtin too."""
    try:
        run()
    except (InvalidImageError, InvalidBoundingBoxError) as error:
        assert_type(error, InvalidImageError | InvalidBoundingBoxError)
        as_input: InvalidInputError = error
        as_builtin: ValueError = as_input
        return f"input: {as_builtin}"
    except (UnknownModelError, ModelDownloadError, ModelFileError, DeviceUnavailableError) as error:
        as_model: ModelError = error
        as_base: AsmnetError = as_model
        return f"model: {as_base}"
    return "no error"


def mistakes(face: Face, yunet: Path) -> None:
    """What a type checker has to refuse: without an error, the ``ignore`` itself is one."""
    face.score = 1.0  # type: ignore[misc]
    FaceAligner("asmnet-68", "yunet")  # type: ignore[call-arg]
    FaceAligner(detector=YuNetDetector(yunet, score_threshold="high"))  # type: ignore[arg-type]
    FaceAligner(detector=object())  # type: ignore[arg-type]
    FaceAligner().predict("a.jpg", color="RGB")  # type: ignore[arg-type]
    FaceAligner().predict("a.jpg", colour="rgb")  # type: ignore[call-arg]
    FaceAligner().predict(3)  # type: ignore[arg-type]
    face.landmark_sigma.mean()  # type: ignore[union-attr]


def use_everything(photo: Path) -> None:
    faces = align(photo)
    every_kind_of_image(photo)
    read(faces[0])
    make_pictures(photo, faces)
    follow(photo)
    look_at_layouts_and_models()
    assert handle(lambda: load_image(b"no picture")).startswith("input: ")
    assert handle(lambda: FaceAligner("asmnet-86")).startswith("model: ")
