"""``asmnet doctor`` in installations that are broken as people break them.

A folder in front of the module path plays the broken part: distributions by their metadata, and
modules that fail as the real ones do. What those do was seen with the real packages: OpenCV
4.8.0.74 and onnxruntime 1.17.0 beside numpy 2.4.6, onnxruntime-gpu 1.23.2 without CUDA.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from asmnet_sdk import DeviceUnavailableError, FaceAligner
from asmnet_sdk.cli.installation import find_missing_libraries, installed_version
from asmnet_sdk.runtime.session import DEVICES
from tests.conftest import REPOSITORY

NO_CUDA = DEVICES["cuda"] not in onnxruntime.get_available_providers()


class Installation:
    """A folder in front of the module path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add_package(self, name: str, version: str) -> None:
        metadata = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (metadata / "METADATA").write_text(text)

    def add_module(self, name: str, code: str) -> None:
        (self.folder / name).mkdir()
        (self.folder / name / "__init__.py").write_text(code)

    def diagnose(self) -> SimpleNamespace:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "ASMNET_"))}
        result = subprocess.run(
            [sys.executable, "-m", "asmnet_sdk", "doctor"],
            capture_output=True,
            text=True,
            env={**environment, "PYTHONPATH": f"{self.folder}{os.pathsep}{REPOSITORY}"},
            cwd=self.folder,
            timeout=120,
            check=False,
        )
        problems = [
            line.removeprefix("PROBLEM      ")
            for line in result.stdout.splitlines()
            if line.startswith("PROBLEM")
        ]
        assert result.returncode == (1 if problems else 0), result.stderr
        return SimpleNamespace(out=result.stdout, problems=problems)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "site")


def problem_about(found: SimpleNamespace, start: str) -> str:
    [problem] = [problem for problem in found.problems if problem.startswith(start)]
    return problem


@pytest.mark.skipif(not NO_CUDA, reason="this machine offers CUDA")
def test_sound_installation_has_no_problem(installation):
    found = installation.diagnose()
    providers = ", ".join(onnxruntime.get_available_providers())
    assert found.problems == []
    assert f"runtime      onnxruntime {onnxruntime.__version__}: {providers}\n" in found.out
    assert "device       cpu: works with the default model\n" in found.out
    assert "device       auto: takes cpu\n" in found.out
    assert found.out.endswith("all is well\n")


def test_two_onnxruntimes_are_a_problem(installation):
    installation.add_package("onnxruntime-gpu", "1.23.2")
    found = installation.diagnose()
    assert "package      onnxruntime-gpu 1.23.2\n" in found.out
    problem = problem_about(found, "onnxruntime and onnxruntime-gpu overwrite each other's files")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu, then install the one" in problem


@pytest.mark.parametrize("rival", ["opencv-python", "opencv-contrib-python"])
def test_two_opencvs_are_a_problem(installation, rival):
    installation.add_package("opencv-python-headless", "4.12.0.88")
    installation.add_package(rival, "4.10.0.84")
    problem = problem_about(installation.diagnose(), "opencv-python-headless and")
    assert problem.startswith(f"opencv-python-headless and {rival} overwrite each other's files")
    assert f"pip uninstall -y opencv-python-headless {rival}, then install the one" in problem


def test_opencv_built_for_numpy_1_is_a_problem(installation):
    installation.add_package("numpy", "2.1.0")
    installation.add_package("opencv-python-headless", "4.8.0.74")
    installation.add_module("cv2", "raise ImportError('numpy.core.multiarray failed to import')")
    [problem] = installation.diagnose().problems
    assert problem == (
        "cv2 cannot be imported (numpy.core.multiarray failed to import): opencv-python-headless "
        "4.8.0.74 was built for numpy 1, installed is numpy 2.1.0: pip install --upgrade "
        "opencv-python-headless (4.10 or newer), or pip install 'numpy<2'"
    )


def test_onnxruntime_built_for_numpy_1_is_a_problem(installation):
    installation.add_package("numpy", "2.1.0")
    installation.add_package("onnxruntime", "1.17.0")
    installation.add_module("onnxruntime", "raise ImportError")
    problem = problem_about(installation.diagnose(), "onnxruntime cannot be imported (ImportError)")
    assert "onnxruntime 1.17.0 was built for numpy 1" in problem
    assert "(1.19 or newer), or pip install 'numpy<2'" in problem


def test_opencv_that_misses_a_desktop_is_a_problem(installation):
    """Without site-packages (-S), so that the desktop's OpenCV is the only one."""
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    installation.add_package("opencv-python", "4.10.0.84")
    installation.add_module("cv2", f"raise ImportError({message!r})")
    for module in ("numpy", "onnxruntime", "huggingface_hub"):
        installation.add_module(module, "__version__ = '1'")
    code = "from asmnet_sdk.cli.installation import *; print(*find_broken_imports(), sep='\\n')"
    environment = {"PYTHONPATH": f"{installation.folder}{os.pathsep}{REPOSITORY}"}
    arguments = [sys.executable, "-S", "-c", code]
    assert subprocess.check_output(arguments, env=environment, text=True) == (
        f"cv2 cannot be imported ({message}): opencv-python needs the libraries of a desktop: "
        "pip uninstall -y opencv-python, then pip install --force-reinstall "
        "opencv-python-headless\n"
    )


def test_leftovers_of_a_removed_opencv_are_a_problem(installation):
    installation.add_module("cv2", "")
    problem = problem_about(installation.diagnose(), "cv2 is what a removed package left behind")
    assert problem.endswith(": pip install --force-reinstall opencv-python-headless")


OFFERS_CUDA = """
import importlib.util, sys
from pathlib import Path

# The real package under its name, except that it offers CUDA as onnxruntime-gpu does.
folder = Path({real!r})
spec = importlib.util.spec_from_file_location(
    "onnxruntime", folder / "__init__.py", submodule_search_locations=[str(folder)]
)
real = sys.modules["onnxruntime"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)
real.get_available_providers = lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
real.__file__ = __file__
import warnings
warnings.simplefilter("ignore")  # the real package says that it has no CUDA
"""


@pytest.fixture
def library_without_its_libraries(tmp_path: Path) -> Path:
    """A real shared library, changed so that it needs one that no system has."""
    if sys.platform != "linux":
        pytest.skip("made from a library of Linux")
    files = (p for p in Path(np.__file__).parent.rglob("*.so") if b"libm.so.6" in p.read_bytes())
    original = min(files, key=lambda path: path.stat().st_size)
    library = tmp_path / "library.so"
    library.write_bytes(original.read_bytes().replace(b"libm.so.6", b"libq.so.6"))
    return library


def test_missing_libraries_are_named(library_without_its_libraries):
    assert find_missing_libraries(library_without_its_libraries) == ["libq.so.6"]


def test_without_ldd_the_loader_names_the_first(library_without_its_libraries, monkeypatch):
    monkeypatch.setenv("PATH", "")
    [missing] = find_missing_libraries(library_without_its_libraries)
    assert missing.startswith("libq.so.6: cannot open shared object file")


def test_missing_cuda_libraries_are_a_problem(installation, library_without_its_libraries):
    real = str(Path(onnxruntime.__file__).parent)
    installation.add_module("onnxruntime", OFFERS_CUDA.format(real=real))
    (installation.folder / "onnxruntime" / "capi").mkdir()
    library_without_its_libraries.rename(
        installation.folder / "onnxruntime" / "capi" / "libonnxruntime_providers_cuda.so"
    )
    found = installation.diagnose()
    assert "CUDAExecutionProvider, CPUExecutionProvider\n" in found.out
    assert "device       auto: takes cpu\n" in found.out
    [problem] = found.problems
    assert problem.startswith(
        "device cuda: not found: libq.so.6: pip install 'onnxruntime-gpu[cuda,cudnn]', or install "
    )


@pytest.mark.skipif(not NO_CUDA, reason="this machine offers CUDA")
def test_cuda_without_cuda_names_the_providers_and_the_package(dot_model):
    with pytest.raises(DeviceUnavailableError) as caught:
        FaceAligner(dot_model, device="cuda")
    providers = ", ".join(onnxruntime.get_available_providers())
    assert f"onnxruntime {onnxruntime.__version__} offers only {providers}" in str(caught.value)
    assert "replace onnxruntime by onnxruntime-gpu" in str(caught.value)


@pytest.fixture
def offered_cuda(monkeypatch):
    """An onnxruntime that offers CUDA and then goes on without, as one without its libraries."""
    if not NO_CUDA:
        pytest.skip("this machine offers CUDA")
    offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_auto_says_that_it_fell_back(dot_model, offered_cuda, caplog):
    aligner = FaceAligner(dot_model, device="auto")
    assert aligner.device == "cpu"
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("CUDAExecutionProvider failed, so the CPU is used")


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_named_device_is_never_replaced(dot_model, offered_cuda):
    with pytest.raises(DeviceUnavailableError) as caught:
        FaceAligner(dot_model, device="cuda")
    message = str(caught.value)
    assert "its libraries failed to load" in message
    assert "offers CUDAExecutionProvider, CPUExecutionProvider" in message
    assert "`asmnet doctor` says what is missing and what to install" in message


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_cuda_libraries_of_packages_are_loaded_first(
    dot_model, offered_cuda, tmp_path, monkeypatch, capsys
):
    (tmp_path / "nvidia").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("one missing"), raising=False)
    FaceAligner(dot_model, device="auto")
    assert capsys.readouterr() == ("", "one missing\n")


def test_version_of_what_is_not_installed_is_none():
    assert installed_version("no-such-package-of-anyone") is None


def test_doctor_reports_the_installation(run):
    code, out, _ = run("doctor")
    assert "opencv-python-headless" in out
    assert "cpu: works with the default model" in out
    assert code == 0, out


def test_mirror_that_is_not_there_is_a_problem(run, monkeypatch, tmp_path):
    monkeypatch.setenv("ASMNET_MODELS_DIR", str(tmp_path / "typo"))
    code, out, err = run("doctor")
    assert code == 1
    assert "typo, which is no folder" in out + err
