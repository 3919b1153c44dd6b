"""What of the installed packages conflicts, does not load, or misses a system library.

Nothing is imported here before it is asked for: a broken numpy or OpenCV must not break the
diagnosis.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

__all__ = [
    "OPENCVS",
    "RUNTIMES",
    "find_broken_imports",
    "find_conflicts",
    "find_missing_libraries",
    "installed_version",
    "provider_library",
]

RUNTIMES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
    "onnxruntime-rocm",
    "onnxruntime-qnn",
)
"""Packages that all bring the module onnxruntime."""

OPENCVS = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)
"""Packages that all bring the module cv2."""

_PACKAGES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"cv2": OPENCVS, "onnxruntime": RUNTIMES}
)
_FIRST_FOR_NUMPY_2: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"cv2": (4, 10), "onnxruntime": (1, 19)}
)


def installed_version(package: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def find_conflicts() -> Iterator[str]:
    """Say which installed packages overwrite each other's files, and the remedy."""
    runtimes = [name for name in RUNTIMES if installed_version(name)]
    if len(runtimes) > 1:
        yield (
            f"{' and '.join(runtimes)} overwrite each other's files: "
            f"pip uninstall -y {' '.join(runtimes)}, then install the one you need"
        )
    opencvs = [name for name in OPENCVS if installed_version(name)]
    if len(opencvs) > 1:
        yield (
            f"{' and '.join(opencvs)} overwrite each other's files: "
            f"pip uninstall -y {' '.join(opencvs)}, then install the one you need"
        )


def find_broken_imports() -> Iterator[str]:
    """Say which modules that the package stands on cannot be imported, and the remedy."""
    for module in ("numpy", "cv2", "onnxruntime", "huggingface_hub"):
        try:
            found = importlib.import_module(module)
        except (ImportError, AttributeError) as error:
            cause = " ".join(str(error).split()) or type(error).__name__
            yield f"{module} cannot be imported ({cause}): {_remedy(module, cause)}"
            continue
        if not hasattr(found, "__version__"):
            yield f"{module} is what a removed package left behind: {_remedy(module, '')}"


def _remedy(module: str, cause: str) -> str:
    packages = _PACKAGES_OF.get(module, (module.replace("_", "-"),))
    installed = [name for name in packages if installed_version(name)]
    package = (installed or packages)[0]
    if ".so" in cause and package in ("opencv-python", "opencv-contrib-python"):
        return (
            f"{package} needs the libraries of a desktop: pip uninstall -y {package}, then "
            "pip install --force-reinstall opencv-python-headless"
        )
    if installed and _is_built_for_numpy_1(module, package):
        return (
            f"{package} {installed_version(package)} was built for numpy 1, installed is numpy "
            f"{installed_version('numpy')}: pip install --upgrade {package} "
            f"({'.'.join(map(str, _FIRST_FOR_NUMPY_2[module]))} or newer), "
            "or pip install 'numpy<2'"
        )
    return f"pip install --force-reinstall {package}"


def _is_built_for_numpy_1(module: str, package: str) -> bool:
    if module not in _FIRST_FOR_NUMPY_2 or _release("numpy") < (2, 0):
        return False
    return _release(package) < _FIRST_FOR_NUMPY_2[module]


def _release(package: str) -> tuple[int, int]:
    """Return the first two numbers of an installed version."""
    numbers = [int(number) for number in re.findall(r"\d+", installed_version(package) or "")]
    first, second = (*numbers, 0, 0)[:2]
    return first, second


def provider_library(name: str) -> Path | None:
    """Return the file of an onnxruntime provider, such as ``"cuda"``; None if there is none."""
    import onnxruntime

    folder = Path(onnxruntime.__file__).parent / "capi"
    for file in (f"libonnxruntime_providers_{name}.so", f"onnxruntime_providers_{name}.dll"):
        if (folder / file).is_file():
            return folder / file
    return None


def find_missing_libraries(library: Path) -> list[str]:
    """Return what a shared library needs and this process cannot load.

    On Linux all of it, by ``ldd``; elsewhere only what the loader complains about first.
    """
    complaint = _complaint_about(os.fspath(library))
    if complaint is None:
        return []
    ldd = shutil.which("ldd") if sys.platform == "linux" else None
    if ldd is None:
        return [complaint]
    result = subprocess.run([ldd, library], capture_output=True, text=True, check=False)
    needed = re.findall(r"^\s*(\S+) => not found", result.stdout, re.MULTILINE)
    # Some may be loaded already, from a folder that ldd does not search.
    return [name for name in needed if _complaint_about(name)] or [complaint]


def _complaint_about(library: str) -> str | None:
    """Return what the loader says in one line; None if the library is loaded."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return " ".join(str(error).split())
    return None
