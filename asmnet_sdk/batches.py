"""Several images, each with its boxes; a broken one does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import TypeAlias

import numpy as np

from asmnet_sdk.boxes import BoxesInput
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.images.loading import ColorOrder, ImageInput
from asmnet_sdk.pipeline import CutImage, Pipeline
from asmnet_sdk.results import Face

__all__ = [
    "FacesOrError",
    "check_images",
    "faces_or_errors",
    "pair_images_with_boxes",
    "raise_errors",
]

ImageWithBoxes: TypeAlias = tuple[ImageInput, BoxesInput | None]
FacesOrError: TypeAlias = list[Face] | InvalidInputError

# Held in memory at a time: so many images, or fewer of so many pixels in all.
_IMAGES_AT_ONCE = 16
_PIXELS_AT_ONCE = 20_000_000


def check_images(images: object) -> None:
    """Refuse one image where several are needed.

    Raises:
        InvalidInputError: ``images`` is one image, or nothing to go through.
    """
    if isinstance(images, np.ndarray):
        is_one = images.ndim < 3 or (images.ndim == 3 and images.shape[2] in {3, 4})
    else:
        is_one = isinstance(images, str | bytes | os.PathLike) or hasattr(images, "read")
    if is_one or not isinstance(images, Iterable):
        raise InvalidInputError(
            f"images is one {type(images).__name__}; needed: several images, or predict"
        )


def pair_images_with_boxes(
    images: Iterable[ImageInput], boxes: Iterable[BoxesInput] | None
) -> Sequence[ImageWithBoxes]:
    """Return each image with its boxes, or with None where there are no boxes.

    Raises:
        InvalidInputError: What came is not several images, or not as many lists of boxes.
    """
    check_images(images)
    images = list(images)
    if boxes is None:
        return list(zip(images, repeat(None)))
    try:
        places = list(boxes)
    except TypeError as exc:
        raise InvalidInputError(
            f"boxes is one {type(boxes).__name__}; needed: one list for each image"
        ) from exc
    if len(places) != len(images):
        raise InvalidInputError(
            f"{len(images)} images came with {len(places)} lists of boxes; "
            "needed: one list for each image"
        )
    return list(zip(images, places, strict=True))


def faces_or_errors(
    pipeline: Pipeline, pairs: Sequence[ImageWithBoxes], color: ColorOrder
) -> Iterator[FacesOrError]:
    """Yield the faces of each image, or the error that the image or its boxes raised."""
    cuts: list[CutImage | InvalidInputError] = []
    pixels = 0
    for number, (image, boxes) in enumerate(pairs, start=1):
        cut = _cut_or_error(pipeline, image, boxes, color)
        cuts.append(cut)
        pixels += cut.pixels.size // 3 if isinstance(cut, CutImage) else 0
        is_full = len(cuts) == _IMAGES_AT_ONCE or pixels >= _PIXELS_AT_ONCE
        if is_full or number == len(pairs):
            found = _look_or_error(pipeline, cuts)
            del cut  # and with the next line no image is held any more
            cuts, pixels = [], 0
            yield from found


def _look_or_error(
    pipeline: Pipeline, cuts: Sequence[CutImage | InvalidInputError]
) -> list[FacesOrError]:
    faces = iter(pipeline.look([cut for cut in cuts if isinstance(cut, CutImage)]))
    return [next(faces) if isinstance(cut, CutImage) else cut for cut in cuts]


def _cut_or_error(
    pipeline: Pipeline, image: ImageInput, boxes: BoxesInput | None, color: ColorOrder
) -> CutImage | InvalidInputError:
    try:
        return pipeline.cut(image, boxes, color)
    except InvalidInputError as error:
        return type(error)(str(error))  # without the calls behind it, which hold the image


def raise_errors(found: Iterable[FacesOrError]) -> Iterator[list[Face]]:
    """Yield the faces of each image; raise an error and say which image it is about, from 0."""
    for number, faces in enumerate(found):
        if isinstance(faces, InvalidInputError):
            raise type(faces)(f"image {number}: {faces}")
        yield faces
