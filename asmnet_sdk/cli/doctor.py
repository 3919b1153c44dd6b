"""``asmnet doctor``: what is installed, which devices work, and what conflicts."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from asmnet_sdk.cli.common import Subcommands
from asmnet_sdk.errors import AsmnetError

__all__ = ["add_parser"]

_PACKAGES = ("asmnet-sdk", "numpy", "opencv-python-headless", "huggingface-hub")
_RUNTIMES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
)
_RIVAL_OPENCVS = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor",
        help="check the installation",
        description="Show versions, devices and model locations; exit code 1 on a problem.",
        epilog="Example: asmnet doctor",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; problems come last, each with its remedy."""
    problems = list(_find_conflicts())
    print(f"python       {platform.python_version()} on {platform.platform()}")  # noqa: T201
    for name in (*_PACKAGES, *_RUNTIMES):
        if found := _version(name):
            print(f"package      {name} {found}")  # noqa: T201
    problems += _check_devices()
    problems += _check_models()
    for problem in problems:
        print(f"PROBLEM      {problem}")  # noqa: T201
    if not problems:
        print("all is well")  # noqa: T201
    return 1 if problems else 0


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _find_conflicts() -> Iterator[str]:
    runtimes = [name for name in _RUNTIMES if _version(name)]
    if len(runtimes) > 1:
        yield (
            f"{' and '.join(runtimes)} overwrite each other's files: "
            f"pip uninstall -y {' '.join(runtimes)}, then install the one you need"
        )
    opencvs = [name for name in _RIVAL_OPENCVS if _version(name)]
    if opencvs and _version("opencv-python-headless"):
        yield (
            f"{' and '.join(opencvs)} and opencv-python-headless overwrite each other's files: "
            "keep one of them"
        )


def _check_devices() -> Iterator[str]:
    try:
        import onnxruntime
    except ImportError as missing:
        yield f"onnxruntime cannot be imported ({missing}): pip install onnxruntime"
        return
    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.session import DEVICES

    offered = onnxruntime.get_available_providers()
    for device in (name for name, provider in DEVICES.items() if provider in offered):
        if error := _error_of(partial(FaceAligner, device=device, local_files_only=True)):
            yield f"device {device}: {error}"
        else:
            print(f"device       {device}: works with the default model")  # noqa: T201


def _check_models() -> Iterator[str]:
    from asmnet_sdk.hub import resolve_model
    from asmnet_sdk.models import available_models

    if mirror := os.environ.get("ASMNET_MODELS_DIR"):
        print(f"mirror       ASMNET_MODELS_DIR={mirror}")  # noqa: T201
    for spec in available_models():
        error = _error_of(partial(resolve_model, spec.name, local_files_only=True))
        if error and spec.embedded:
            yield f"model {spec.name}: {error}"
        where = "not here" if error else "ready"
        print(f"model        {spec.name}: {where}")  # noqa: T201


def _error_of(action: Callable[[], object]) -> AsmnetError | None:
    try:
        action()
    except AsmnetError as error:
        return error
    return None
