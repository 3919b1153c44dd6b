"""Further looks at the faces that the first one saw tilted, off the middle or unsurely."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from numbers import Integral
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.errors import InvalidInputError, in_brief
from asmnet_sdk.geometry import roll_in_image, transform_points, wrap_angle
from asmnet_sdk.landmarks.best_looks import (
    HOPELESS,
    SURE,
    Look,
    best_and_rivals,
    best_look,
    best_way_up,
    mean_look,
)
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.results import Face

__all__ = ["Passes", "check_passes", "look", "look_at_images"]

Passes: TypeAlias = Literal["auto", 1, 2]
"""How often the network looks at a face."""

# Measured with asmnet-68 on every ninth photo of the 300-W common set: its error grows with a tilt
# beyond 20 degrees, with a box off by more than a tenth of its side, and with one that is a fifth
# too small or a quarter too large.
_MOST_ROLL = 20.0
_MOST_SHIFT = 0.12
_SMALLEST_SHARE, _LARGEST_SHARE = 0.8, 1.2
# Measured on turned views, rendered heads, AFLW and babies that validate: beyond this yaw a second
# look in the mirror lowers the errors of points and head pose by 3 to 10 %, below by about none.
_MOST_YAW = 45.0
_NOTHING_SEEN: Mapping[FaceCrop, Face] = MappingProxyType({})


def check_passes(passes: object) -> Passes:
    """Refuse another number of looks than there is.

    Raises:
        InvalidInputError: It is neither ``"auto"`` nor 1 or 2.
    """
    is_one = isinstance(passes, (str, Integral)) and not isinstance(passes, bool)
    if not is_one or passes not in ("auto", 1, 2):
        raise InvalidInputError(f"passes is {in_brief(repr(passes))}; needed: 'auto', 1 or 2")
    return passes


def look(
    network: LandmarkNetwork,
    images: Sequence[NDArray[np.uint8]],
    crops: Sequence[FaceCrop],
    passes: Passes,
    seen: Mapping[FaceCrop, Face] = _NOTHING_SEEN,
) -> list[Face]:
    """Predict one face a crop, looking again where that helps; each round is one batch.

    With ``"auto"``, a face that was seen surely, upright and in the middle of its crop keeps the
    first look. One that was tilted or off the middle is looked at again, upright and centred on its
    landmarks. One that was seen unsurely is looked at in the other three quarter turns as well, and
    the surest look counts. Where a face was seen at several ways up, each is looked at upright and
    in the mirror, too, before one is chosen. At last, a face that is much turned is looked at in
    the mirror, and the mean of both looks counts. With 2, every face is looked at again, upright,
    centred and in the mirror, where the network errs otherwise: the mean of both looks counts.

    Args:
        network: Looks at the crops.
        images: For each crop the (H, W, 3) uint8 RGB image that it was cut from.
        crops: The crops of the first look.
        passes: How often to look.
        seen: The faces of those crops that the network has looked at before.
    """
    new = [crop for crop in crops if crop not in seen]
    seen = {**seen, **dict(zip(new, network.predict(new), strict=True))}
    looks = [Look(image, crop, seen[crop]) for image, crop in zip(images, crops, strict=True)]
    for stage in _STAGES[passes]:
        looks = [replace(seen, is_best=False) for seen in looks]
        for further_crops, choose in stage:
            looks = _look_again(network, looks, further_crops, choose)
    return [seen.face for seen in looks]


def look_at_images(
    network: LandmarkNetwork,
    images: Sequence[NDArray[np.uint8]],
    crops: Sequence[Sequence[FaceCrop]],
    passes: Passes,
    seen: Mapping[FaceCrop, Face] = _NOTHING_SEEN,
) -> list[list[Face]]:
    """Look at the crops of several images together; return the faces of each image."""
    image_of_each = [image for image, some in zip(images, crops, strict=True) for _ in some]
    faces = iter(look(network, image_of_each, list(chain(*crops)), passes, seen))
    return [list(islice(faces, len(some))) for some in crops]


def _look_at(
    network: LandmarkNetwork, images: Sequence[NDArray[np.uint8]], crops: Sequence[FaceCrop]
) -> list[Look]:
    return [Look(*it) for it in zip(images, crops, network.predict(crops), strict=True)]


_FurtherCrops: TypeAlias = Callable[[LandmarkNetwork, Look], Sequence[FaceCrop]]
_Choose: TypeAlias = Callable[[Look, Sequence[Look]], Look]


def _look_again(
    network: LandmarkNetwork, looks: Sequence[Look], further_crops: _FurtherCrops, choose: _Choose
) -> list[Look]:
    """Look at the further crops of each look, all in one batch; return the best look of each."""
    further = [() if seen.is_best else further_crops(network, seen) for seen in looks]
    pairs = [
        (seen.image, crop) for seen, crops in zip(looks, further, strict=True) for crop in crops
    ]
    again = iter(_look_at(network, [image for image, _ in pairs], [crop for _, crop in pairs]))
    return [
        choose(seen, list(islice(again, len(crops)))) if crops else replace(seen, is_best=True)
        for seen, crops in zip(looks, further, strict=True)
    ]


def _centred(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    """Return the upright crop around the landmarks."""
    return [network.cut_again(seen.image, seen.face)]


def _centred_in_the_mirror(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    """Return the upright crop around the landmarks, mirrored unless the layout has no pairs."""
    has_pairs = any(i != j for i, j in enumerate(network.layout.mirror))
    return [crop.mirrored() if has_pairs else crop for crop in _centred(network, seen)]


def _mirrored_where_turned(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    is_turned = abs(seen.face.head_pose.yaw) > _MOST_YAW and seen.certainty >= SURE
    return _centred_in_the_mirror(network, seen) if is_turned else []


def _centred_where_needed(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    is_done = _is_upright_and_centred(seen, network.metadata.crop_scale)
    return [] if is_done or seen.certainty < HOPELESS else _centred(network, seen)


def _centred_or_turned(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    """Return the upright crop where it is needed; for an unsure face the quarter turns too."""
    if seen.certainty >= SURE:
        return _centred_where_needed(network, seen)
    turned = [seen.crop.turned(quarters) for quarters in (1, 2, 3)]
    return [*_centred(network, seen), *turned]


def _centred_or_mirrored(network: LandmarkNetwork, seen: Look) -> Sequence[FaceCrop]:
    """Return the upright crop where it is needed; of rivals each one's, and their mirror images."""
    if not seen.rivals:
        return _centred_where_needed(network, seen)
    upright = [crop for way in (seen, *seen.rivals) for crop in _centred(network, way)]
    return [*upright, *(crop.mirrored() for crop in upright)]


_Round: TypeAlias = tuple[_FurtherCrops, _Choose]
_BEST_PLACED: Sequence[_Round] = (
    (_centred_or_turned, best_and_rivals),
    (_centred_or_mirrored, best_way_up),
    (_centred_where_needed, best_look),
)
_STAGES: Mapping[Passes, Sequence[Sequence[_Round]]] = {
    1: (),
    2: [[(_centred_in_the_mirror, mean_look)]],
    "auto": [_BEST_PLACED, [(_mirrored_where_turned, mean_look)]],
}


def _is_upright_and_centred(seen: Look, crop_scale: float) -> bool:
    """Whether another crop around the landmarks would be about the same one."""
    size = len(seen.crop.pixels)
    left_over = roll_in_image(seen.face.head_pose) - seen.crop.clockwise_degrees
    if abs(wrap_angle(left_over)) > _MOST_ROLL:
        return False
    landmarks = transform_points(seen.crop.matrix, seen.face.landmarks)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    shift = float(np.abs(low + high - (size - 1)).max()) / 2 / size * crop_scale
    share = float((high - low).max()) / size * crop_scale
    return shift <= _MOST_SHIFT and _SMALLEST_SHARE <= share <= _LARGEST_SHARE
