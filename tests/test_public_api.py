"""The public names, and what importing the package loads."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module

import pytest

import asmnet_sdk
from asmnet_sdk import (
    AsmnetDetector,
    DrawingStyle,
    FaceTracker,
    available_models,
    sample_photo,
    warp_face,
)
from asmnet_sdk.datasets import AnnotatedFace
from tests.conftest import REPOSITORY

PUBLIC = {
    "FIVE_POINT", "IBUG_68", "WFLW_98", "AsmnetDetector", "AsmnetError", "BoundingBox",
    "DeviceUnavailableError", "DrawingStyle", "Face", "FaceAligner", "FaceCrop", "FaceDetector",
    "FaceTracker", "HeadPose", "InvalidBoundingBoxError", "InvalidImageError", "InvalidInputError",
    "Layout", "ModelDownloadError", "ModelError", "ModelFileError", "ModelMetadata", "ModelSpec",
    "UnknownModelError", "WarpedFace", "YuNetDetector", "__version__", "available_models",
    "draw_faces", "faces_to_csv", "faces_to_json", "load_image", "sample_photo",
    "warp_face",
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


# What README, documentation, examples and docstrings have shown beside the names above.
DOCUMENTED = {
    "datasets": {"read_annotations"},
    "detection": {"AsmnetDetector", "FaceDetector", "YuNetDetector"},
    "image_headers": {"read_image_header"},
    "images": {"MAX_IMAGE_BYTES", "load_image", "read_image_header", "sample_photo"},
    "interop": {"faces_to_frame", "faces_to_supervision", "normalized_landmarks"},
    "labelling": {"least_certain_first", "propose", "write_labels"},
    "layouts": {"FIVE_POINT", "IBUG_68", "WFLW_98", "Layout"},
    "publishing": {"PublishError"},
    "results": {"BoundingBox", "Face", "HeadPose"},
    "training": {"MissingExtraError"},
}


@pytest.mark.parametrize("module", sorted(DOCUMENTED))
def test_documented_paths_stay_valid(module):
    found = import_module(f"asmnet_sdk.{module}")
    assert DOCUMENTED[module] <= set(found.__all__)
    assert all(hasattr(found, name) for name in DOCUMENTED[module])


def test_every_path_that_the_documentation_shows_is_listed():
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    scripts = (REPOSITORY / "examples").glob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*pages, *scripts))
    shown = re.findall(r"from asmnet_sdk\.(\w+) import ([\w, ]+)", text)
    assert shown
    for module, names in shown:
        assert set(names.split(", ")) <= DOCUMENTED[module]


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


@pytest.mark.parametrize(
    "module",
    ["training", "training.configuration", "training.samples", "training.augmentation",
     "training.shape_model"],
)  # fmt: skip
def test_training_loads_torch_only_where_it_is_used(module):
    assert "torch" not in loaded_after(f"import asmnet_sdk.{module}")


def test_training_is_not_imported_by_the_rest():
    code = "\n".join(f"import asmnet_sdk.{name}" for name in ("aligner", "evaluation", "cli"))
    assert not {n for n in loaded_after(code) if n.startswith("asmnet_sdk.training")}


def test_what_people_print_is_one_short_line(aligner, tmp_path):
    """No pixels, no paragraphs: the attributes have them."""
    photo = sample_photo("portrait")
    [face] = aligner.predict(photo)
    tracker = FaceTracker(aligner)
    tracker.update(photo)
    annotated = AnnotatedFace(photo=tmp_path / "a.png", subset="s", landmarks=face.landmarks)
    values = [
        aligner, aligner.model, aligner.layout, aligner.cut(photo)[0], AsmnetDetector(),
        available_models()[0], face, face.box, face.head_pose, tracker, warp_face(photo, face),
        annotated, DrawingStyle(),
    ]  # fmt: skip
    for value in values:
        text = repr(value)
        assert text.startswith(f"{type(value).__name__}("), text
        assert "\n" not in text
        assert len(text) < 400, text
    assert repr(tracker) == (
        "FaceTracker(FaceAligner('asmnet-68', device='cpu'), detect_every=10, frame_rate=30, "
        "tracks=1)"
    )
