"""Detectors of the registry by their names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from asmnet_sdk.detection.network import AsmnetDetector
from asmnet_sdk.detection.yunet import YuNetDetector
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.registry import DEFAULT_DETECTOR
from asmnet_sdk.hub.resolving import resolve_model

__all__ = ["DETECTORS", "NamedDetector", "load_detector"]

NamedDetector: TypeAlias = AsmnetDetector | YuNetDetector

DETECTORS: Mapping[str, type[NamedDetector]] = MappingProxyType(
    {"asmnet-detector": AsmnetDetector, "yunet": YuNetDetector}
)


def load_detector(
    name: str = "default",
    *,
    min_face_size: float | None = None,
    max_faces: int | None = None,
    score_threshold: float | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
    threads: int | None = None,
) -> NamedDetector:
    """Load a detector with its usual settings.

    Args:
        name: ``"default"``, or a key of ``DETECTORS``.
        min_face_size: As for ``FaceAligner``.
        max_faces: As for ``FaceAligner``.
        score_threshold: As for ``FaceAligner``.
        cache_dir: As for ``FaceAligner``.
        local_files_only: As for ``FaceAligner``.
        threads: Threads of one run; None leaves the choice to onnxruntime.

    Raises:
        InvalidInputError: There is no such detector.
        ModelDownloadError: It is not at hand and could not be fetched.
    """
    name = DEFAULT_DETECTOR if name == "default" else name
    if name not in DETECTORS:
        raise InvalidInputError(f"no detector {name!r}; there are {', '.join(DETECTORS)}")
    path = resolve_model(name, cache_dir=cache_dir, local_files_only=local_files_only)
    return DETECTORS[name](
        path,
        min_face_size=min_face_size,
        max_faces=max_faces,
        score_threshold=score_threshold,
        threads=threads,
    )
