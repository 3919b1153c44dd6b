"""What is fuzzed, and with how many cases in a whole run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tests.fuzz import file_targets, image_targets, model_targets
from tests.fuzz.watching import Target

__all__ = ["CASES", "TARGETS"]

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "headers": image_targets.headers,
        "images": image_targets.images,
        "bombs": image_targets.bombs,
        "arrays": image_targets.arrays,
        "boxes": model_targets.boxes,
        "faces": model_targets.faces,
        "pts": file_targets.pts,
        "wflw": file_targets.wflw,
        "coco": file_targets.coco,
        "head-poses": file_targets.head_poses,
        "configuration": file_targets.configuration,
        "model-bytes": model_targets.model_bytes,
        "model-files": model_targets.model_files,
        "model-outputs": model_targets.model_outputs,
        "metadata": model_targets.metadata,
        "detector-metadata": model_targets.detector_metadata,
    }
)
CASES: Mapping[str, int] = MappingProxyType(
    {
        "headers": 40_000,
        "images": 40_000,
        "bombs": 30,
        "arrays": 20_000,
        "boxes": 20_000,
        "faces": 6_000,
        "pts": 15_000,
        "wflw": 10_000,
        "coco": 15_000,
        "head-poses": 10_000,
        "configuration": 10_000,
        "model-bytes": 10_000,
        "model-files": 5_000,
        "model-outputs": 5_000,
        "metadata": 10_000,
        "detector-metadata": 5_000,
    }
)
