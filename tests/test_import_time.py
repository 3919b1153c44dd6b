"""Importing the package costs next to nothing: everything is loaded when first used."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_beyond_a_bare_interpreter(code: str) -> set[str]:
    script = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_import_loads_only_the_package_itself():
    loaded = loaded_beyond_a_bare_interpreter("import asmnet_sdk")
    assert {name for name in loaded if name.startswith("asmnet_sdk")} == {"asmnet_sdk"}
    assert not {"numpy", "cv2", "onnxruntime", "huggingface_hub", "torch", "asyncio"} & loaded
    assert not {"typing", "re", "collections", "dataclasses", "pathlib"} & loaded
    assert len(loaded) < 20  # modules of the standard library


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("asmnet_sdk.IBUG_68", {"cv2", "onnxruntime", "huggingface_hub"}),
        ("asmnet_sdk.available_models()", {"cv2", "onnxruntime", "huggingface_hub"}),
        ("asmnet_sdk.BoundingBox(0, 0, 1, 1)", {"cv2", "onnxruntime", "huggingface_hub"}),
        ("asmnet_sdk.load_image", {"onnxruntime", "huggingface_hub"}),
        ("asmnet_sdk.FaceAligner()", {"huggingface_hub", "torch", "PIL"}),
    ],
)
def test_a_name_loads_only_what_it_needs(code, absent):
    assert not absent & loaded_beyond_a_bare_interpreter(f"import asmnet_sdk; {code}")
