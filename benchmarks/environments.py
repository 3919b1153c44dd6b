"""Virtual environments of their own for peers whose packages do not go with ours."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["DEFAULT_FOLDER", "MEDIAPIPE", "OPENVINO", "environment_python", "installed_versions"]

DEFAULT_FOLDER = Path.home() / ".cache" / "asmnet-benchmarks"

MEDIAPIPE = ("mediapipe==0.10.21",)
"""The last one whose wheel holds its models; needs numpy below 2 and Python 3.9 to 3.12."""

OPENVINO = ("openvino", "numpy", "opencv-python-headless")


def environment_python(folder: Path, name: str, packages: tuple[str, ...]) -> Path:
    """Return the Python of an environment that holds packages, making it where there is none.

    Args:
        folder: Where the environments are.
        name: Name of this one.
        packages: What pip is to install.

    Raises:
        RuntimeError: pip could not install them.
    """
    home = folder / name
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    mark = home / "packages.json"
    if not mark.is_file() or json.loads(mark.read_text("utf-8")) != list(packages):
        print(f"installing {' '.join(packages)} into {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        _install(python, packages)
        mark.write_text(json.dumps(packages), encoding="utf-8")
    return python


def _install(python: Path, packages: tuple[str, ...]) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-input", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")


def installed_versions(python: Path) -> dict[str, str]:
    """Return name -> version of the packages of an environment, pip and setuptools left out."""
    command = [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {
        package["name"]: package["version"]
        for package in json.loads(listed)
        if package["name"] not in ("pip", "setuptools", "wheel")
    }
