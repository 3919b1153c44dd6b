"""Warp faces to aligned square crops and paste edited crops back.

"Warp" is the image operation; locating the landmarks is alignment. The similarity transform (scale,
rotation, shift) is the one that fits a face's five points to those of a template.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.arguments import check_kind, is_number, require
from asmnet_sdk.crops import cut_crop
from asmnet_sdk.errors import InvalidImageError, InvalidInputError
from asmnet_sdk.geometry import Matrix, fit_similarity, scale_of
from asmnet_sdk.images.loading import ColorOrder, ImageInput, load_image
from asmnet_sdk.results import Face
from asmnet_sdk.warping.pasting import paste

__all__ = ["TEMPLATES", "WarpedFace", "warp_face"]

_MAX_SIZE = 8192
_LARGEST_ENLARGEMENT = 8192.0
_LARGEST_REDUCTION = 8192.0


def _template(points: ArrayLike, base: int) -> NDArray[np.float64]:
    """Turn pixels of a ``base`` x ``base`` crop to [0, 1], where 0 and 1 are its outer edges."""
    fractions = (np.asarray(points, np.float64) + 0.5) / base
    fractions.setflags(write=False)
    return fractions


TEMPLATES: Mapping[str, NDArray[np.float64]] = MappingProxyType(
    {
        # 112 x 112 crops of ArcFace (Deng et al., CVPR 2019): arcface_dst in insightface's
        # face_align.py.
        "arcface": _template(
            [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366),
             (41.5493, 92.3655), (70.7299, 92.2041)],
            base=112,
        ),
        # 512 x 512 crops in the manner of FFHQ (Karras et al., CVPR 2019), as face restorers take
        # them: face_template in facexlib's face_restoration_helper.py.
        "ffhq": _template(
            [(192.98138, 239.94708), (318.90277, 240.1936), (256.63416, 314.01935),
             (201.26117, 371.41043), (313.08905, 371.15118)],
            base=512,
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WarpedFace:
    """An aligned crop of one face and the way back into its photo."""

    image: NDArray[np.uint8]
    """(height, width, 3) uint8, read-only, channels in the order of ``color``; black where the crop
    lies outside the photo.
    """
    matrix: Matrix
    """(2, 3) float64, read-only: pixels of the photo -> pixels of the crop."""
    photo_wh: tuple[int, int]
    """Width and height of the photo in pixels."""
    color: ColorOrder = "bgr"
    """Channel order of ``image`` and of what ``paste_back`` takes and gives: "bgr" or "rgb"."""

    def __post_init__(self) -> None:
        self.image.setflags(write=False)
        self.matrix.setflags(write=False)

    def __reduce__(self) -> tuple[Callable[..., WarpedFace], tuple[object, ...]]:
        return _restore_warped_face, (self.image, self.matrix, self.photo_wh, self.color)

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        return f"WarpedFace({width} x {height} px, photo_wh={self.photo_wh}, color={self.color!r})"

    def paste_back(
        self, photo: ImageInput, edited: ImageInput | None = None, *, feather: float = 0.1
    ) -> NDArray[np.uint8]:
        """Put the crop, or an edited version of it, back into a copy of the photo.

        Pixels outside the crop keep their values; so do the one or two rows or columns next to the
        edge of the photo that a crop reaching beyond it mixed with black.

        Args:
            photo: The photo that the face was warped from: anything ``load_image`` takes, an
                ndarray in the order of ``color``.
            edited: A picture of the crop, of any size but of its proportions (a restorer may have
                enlarged it): anything ``load_image`` takes, an ndarray in the order of ``color``.
                None: the crop as it is.
            feather: Width of the border over which the crop fades into the photo, as a part of the
                crop's shorter side in [0, 0.5]; 0 for a hard edge.

        Returns:
            (H, W, 3) uint8, a new image in the order of ``color``.

        Raises:
            InvalidImageError: The photo or the edited crop is no usable image, the photo is of
                another size than the one warped, or the edited crop has other proportions.
            InvalidInputError: ``feather`` is outside [0, 0.5].
        """
        is_share = is_number(feather) and 0 <= feather <= 0.5
        require("feather", feather, is_share, "a number in [0, 0.5]")
        pasted = load_image(photo, color=self.color)
        _require_size(pasted, self.photo_wh)
        crop = load_image(self.image if edited is None else edited, color=self.color)
        size_wh = (self.image.shape[1], self.image.shape[0])
        _require_proportions(crop, size_wh)
        paste(pasted, crop, self.matrix, size_wh, feather)
        return _from_rgb(pasted, self.color)

    def _repr_png_(self) -> bytes:
        """Show the crop where a notebook shows values."""
        bgr = self.image if self.color == "bgr" else self.image[..., ::-1]
        return bytes(cv2.imencode(".png", bgr)[1])


def _restore_warped_face(
    image: NDArray[np.uint8], matrix: Matrix, photo_wh: tuple[int, int], color: ColorOrder
) -> WarpedFace:
    """Make a face anew from its fields; unpickled arrays would be writable."""
    return WarpedFace(image=image, matrix=matrix, photo_wh=photo_wh, color=color)


def warp_face(
    image: ImageInput,
    face: Face,
    template: str | ArrayLike = "arcface",
    size: int | tuple[int, int] = 112,
    *,
    color: ColorOrder = "bgr",
) -> WarpedFace:
    """Cut out a face, turned and scaled so that its five points lie where a template has them.

    The five points are those of ``Face.five_points``: the subject's right eye, left eye, nose tip,
    right mouth corner, left mouth corner, so the right eye comes out on the left of the crop. The
    fit is least squares over a similarity transform; a mirrored crop never results.

    Args:
        image: The photo: anything ``load_image`` takes.
        face: A face of this photo.
        template: "arcface" (face recognition), "ffhq" (wider: restoration, generation), or (5, 2)
            points in [0, 1] of the crop, where 0 and 1 are its outer edges.
        size: Side of the crop in pixels, 1 to 8192, or (width, height). A crop that is not square
            is the middle of the square one over its longer side: ``size=(96, 112)`` gives the
            96 x 112 crops of SphereFace and CosFace.
        color: Channel order of an ndarray ``image`` and of the crop: "bgr" (as ``cv2.imwrite``
            wants) or "rgb".

    Raises:
        InvalidImageError: The image cannot be used.
        InvalidInputError: There is no such template, its points or ``size`` cannot be used, or
            ``face`` is none or has no extent.
    """
    check_kind("face", face, Face)
    size_wh = _checked_size(size)
    longer = max(size_wh)
    target = _template_points(template) * longer + np.subtract(size_wh, longer) / 2 - 0.5
    matrix = fit_similarity(_five_points(face), target)
    if not 1 / _LARGEST_REDUCTION <= scale_of(matrix) <= _LARGEST_ENLARGEMENT:
        raise InvalidInputError(f"the face is far too small or too large for a crop of {longer} px")
    photo = load_image(image, color=color)
    return WarpedFace(
        image=_from_rgb(cut_crop(photo, matrix, size_wh), color),
        matrix=matrix,
        photo_wh=(photo.shape[1], photo.shape[0]),
        color=color,
    )


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    try:
        if isinstance(size, Sequence):
            width, height = map(operator.index, size)
        else:
            width = height = operator.index(size)
    except (TypeError, ValueError):
        raise InvalidInputError(
            f"size is {size!r}; needed: a whole number of pixels, or (width, height)"
        ) from None
    if not (1 <= width <= _MAX_SIZE and 1 <= height <= _MAX_SIZE):
        raise InvalidInputError(f"size is {size!r}; needed: 1 to {_MAX_SIZE} pixels")
    return width, height


def _template_points(template: str | ArrayLike) -> NDArray[np.float64]:
    if isinstance(template, str):
        if template not in TEMPLATES:
            raise InvalidInputError(f"no template {template!r}; there are {', '.join(TEMPLATES)}")
        return TEMPLATES[template]
    try:
        points = np.asarray(template, np.float64)
    except (TypeError, ValueError) as exc:
        raise InvalidInputError("a template is a name or a (5, 2) array of numbers") from exc
    if points.shape != (5, 2):
        raise InvalidInputError(f"template has shape {points.shape}; needed: (5, 2)")
    if not ((points >= 0) & (points <= 1)).all():
        raise InvalidInputError(
            "template has points outside [0, 1]; needed: parts of the crop's side, not pixels"
        )
    _require_unmirrored(points)
    return points


def _require_unmirrored(points: NDArray[np.float64]) -> None:
    """Refuse points that only a mirrored face, or a face without extent, could have."""
    right_eye, left_eye, _, right_mouth, left_mouth = points
    across, down = left_eye - right_eye, right_mouth + left_mouth - right_eye - left_eye
    if across[0] * down[1] - across[1] * down[0] <= 0:
        raise InvalidInputError(
            "template is mirrored or flat; its order is the subject's right eye (left in the "
            "crop), left eye, nose tip, right mouth corner, left mouth corner"
        )


def _five_points(face: Face) -> NDArray[np.float64]:
    points = face.five_points.astype(np.float64)
    if not np.isfinite(points).all() or np.ptp(points, axis=0).max() == 0:
        raise InvalidInputError("the face's five points are not finite or all the same")
    return points


def _require_size(photo: NDArray[np.uint8], photo_wh: tuple[int, int]) -> None:
    height, width = photo.shape[:2]
    if (width, height) != photo_wh:
        raise InvalidImageError(
            f"photo is {width} x {height}; the face was warped from one of "
            f"{photo_wh[0]} x {photo_wh[1]}"
        )


def _require_proportions(crop: NDArray[np.uint8], size_wh: tuple[int, int]) -> None:
    height, width = crop.shape[:2]
    if width * size_wh[1] != height * size_wh[0]:
        raise InvalidImageError(
            f"edited crop is {width} x {height}; needed: {size_wh[0]} x {size_wh[1]} or a multiple"
        )
    if max(width, height) > _MAX_SIZE:
        raise InvalidImageError(f"edited crop is {width} px wide; needed: at most {_MAX_SIZE}")


def _from_rgb(image: NDArray[np.uint8], color: ColorOrder) -> NDArray[np.uint8]:
    if color == "rgb":
        return image
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR)  # type: ignore[return-value]
