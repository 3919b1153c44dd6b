"""The public names, and what importing the package loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

import asmnet_sdk

PUBLIC = {
    "FIVE_POINT", "IBUG_68", "WFLW_98", "AsmnetDetector", "AsmnetError", "BoundingBox",
    "DeviceUnavailableError", "Face", "FaceAligner", "FaceCrop", "FaceDetector", "FaceTracker",
    "HeadPose", "InvalidBoundingBoxError", "InvalidImageError", "InvalidInputError", "Layout",
    "ModelDownloadError", "ModelError", "ModelFileError", "ModelMetadata", "ModelSpec",
    "UnknownModelError", "WarpedFace", "YuNetDetector", "__version__", "available_models",
    "draw_faces", "faces_to_csv", "faces_to_json", "load_image", "warp_face",
}  # fmt: skip


def test_public_names_are_pinned():
    assert set(asmnet_sdk.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_every_public_name_loads_and_has_a_docstring(name):
    value = getattr(asmnet_sdk, name)
    assert value.__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'FaceAlligner'"):
        _ = asmnet_sdk.FaceAlligner


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_import_loads_no_heavy_package():
    heavy = {"cv2", "onnxruntime", "huggingface_hub", "torch", "numpy"}
    assert not heavy & loaded_after("import asmnet_sdk")


def test_aligner_loads_no_hub_and_no_torch():
    loaded = loaded_after("from asmnet_sdk import FaceAligner")
    assert "onnxruntime" in loaded
    assert not {"huggingface_hub", "torch", "PIL"} & loaded


def test_training_is_not_imported_by_the_rest():
    code = "\n".join(f"import asmnet_sdk.{name}" for name in ("aligner", "evaluation", "cli"))
    assert not {n for n in loaded_after(code) if n.startswith("asmnet_sdk.training")}
