"""A program frozen by PyInstaller finds faces where there is no Python, no package and no network.

The build takes a minute on a free core, so it runs only where PyInstaller is installed: a job of
its own in CI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import pytest

from asmnet_sdk.errors import ModelFileError
from asmnet_sdk.hub import resolving
from asmnet_sdk.hub.resolving import MIRROR_VARIABLE, resolve_model
from asmnet_sdk.pyinstaller_hooks import hook_folders
from tests.conftest import EXAMPLES, REPOSITORY

PROGRAM = """
import json, sys
from asmnet_sdk import FaceAligner, draw_faces
aligner = FaceAligner("asmnet-68-int8")
faces = FaceAligner().predict(sys.argv[1])
assert draw_faces(sys.argv[1], faces).shape[2] == 3
print(json.dumps([len(faces), aligner.model.name]))
"""


def test_frozen_program_finds_faces(tmp_path):
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed")
    script = tmp_path / "frozen.py"
    script.write_text(PROGRAM, encoding="utf-8")
    folders = {name: str(tmp_path / name) for name in ("dist", "work")}
    options = [
        *("--distpath", folders["dist"], "--workpath", folders["work"], "--specpath", tmp_path),
        *("--additional-hooks-dir", hook_folders()[0], "--paths", str(REPOSITORY), "--noconfirm"),
    ]
    subprocess.run([sys.executable, "-m", "PyInstaller", *options, script], check=True)
    program = tmp_path / "dist" / "frozen" / "frozen"
    bare = {"PATH": "/nowhere", "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    if sys.platform == "win32":
        bare |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP")}
    photo = str(EXAMPLES / "astronaut.jpg")
    out = subprocess.run([program, photo], env=bare, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(out.stdout) == [1, "asmnet-68-int8"]


def test_entry_point_names_the_folder_of_hooks():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    target = project["project"]["entry-points"]["pyinstaller40"]["hook-dirs"]
    module, _, function = target.partition(":")
    assert getattr(import_module(module), function) is hook_folders


def test_missing_file_of_the_package_is_an_error_and_not_asked_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(resolving, "_EMBEDDED_FOLDER", tmp_path)
    monkeypatch.setattr(resolving, "download", None)
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    with pytest.raises(
        ModelFileError, match=r"asmnet-68\.onnx is missing, .* reinstall asmnet-sdk"
    ):
        resolve_model("asmnet-68")
