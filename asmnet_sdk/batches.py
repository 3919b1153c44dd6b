"""Several images, each with its boxes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from asmnet_sdk.boxes import BoxesInput
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.images.loading import ImageInput

__all__ = ["ImageWithBoxes", "naming_image", "pair_images_with_boxes"]

ImageWithBoxes: TypeAlias = tuple[ImageInput, BoxesInput | None]


def pair_images_with_boxes(
    images: Iterable[ImageInput], boxes: Iterable[BoxesInput] | None
) -> list[ImageWithBoxes]:
    """Return each image with its boxes, or with None where there are no boxes.

    Raises:
        InvalidInputError: What came is not several images, or not as many lists of boxes.
    """
    if isinstance(images, str | bytes | os.PathLike) or not isinstance(images, Iterable):
        raise InvalidInputError(
            f"images is one {type(images).__name__}; needed: several images, or predict"
        )
    images = list(images)
    places = [None] * len(images) if boxes is None else list(boxes)
    if len(places) != len(images):
        raise InvalidInputError(
            f"{len(images)} images came with {len(places)} lists of boxes; "
            "needed: one list for each image"
        )
    return list(zip(images, places, strict=True))


@contextmanager
def naming_image(number: int) -> Iterator[None]:
    """Say in errors which image they are about, counted from 0."""
    try:
        yield
    except InvalidInputError as error:
        raise type(error)(f"image {number}: {error}") from error
