"""Which photo a face is from, and which photos validate: a hash of their names decides."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from asmnet_sdk.datasets import AnnotatedFace

__all__ = ["digest_of", "is_in_share", "is_validation", "photo_of"]


def photo_of(face: AnnotatedFace) -> Path:
    """Return the photo that a face is from, without its suffix.

    HELEN and AFW number the faces of one photo: ``1130084326_1``, ``1130084326_2``.
    """
    is_numbered = re.fullmatch(r"\d{5,}_\d{1,2}", face.name)
    return face.photo.with_name(face.name.rsplit("_", 1)[0] if is_numbered else face.name)


def digest_of(photo: Path) -> bytes:
    """Return the hash by which a photo, as ``photo_of`` gives it, is chosen to validate.

    It is that of the name; of one that is a mere count, such as ``12``, with the folder's.
    """
    is_count = re.fullmatch(r"\d{1,4}", photo.name)
    return _digest(f"{photo.parent.name}/{photo.name}" if is_count else photo.name)


def is_validation(face: AnnotatedFace, *, share: float = 0.05) -> bool:
    """Say whether a face belongs to the validation part, decided by a hash of its photo's name."""
    return _is_low(digest_of(photo_of(face)), share)


def is_in_share(name: str, share: float) -> bool:
    """Say whether a name belongs to that share of all names, decided by its hash."""
    return _is_low(_digest(name), share)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _is_low(digest: bytes, share: float) -> bool:
    return int.from_bytes(digest[:4], "big") < share * 2**32
