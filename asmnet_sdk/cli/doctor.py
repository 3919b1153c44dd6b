"""``asmnet doctor``: what is installed, which devices work, and what conflicts."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from asmnet_sdk.cli.installation import (
    OPENCVS,
    RUNTIMES,
    find_broken_imports,
    find_conflicts,
    find_missing_libraries,
    installed_version,
    provider_library,
)
from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.errors import AsmnetError

__all__ = ["add_parser"]

_PACKAGES = ("asmnet-sdk", "numpy", *OPENCVS, "huggingface-hub", *RUNTIMES)
_GET_CUDA = (
    "pip install 'onnxruntime-gpu[cuda,cudnn]', or install CUDA and cuDNN in the versions needed "
    "and name their folders in LD_LIBRARY_PATH"
)
_GET_DRIVER = "`nvidia-smi` has to list a card; without one, replace onnxruntime-gpu by onnxruntime"
# onnxruntime-gpu always offers it, and hardly anyone has it: its absence is no problem.
_OPTIONAL_DEVICES = ("tensorrt",)


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
    print(f"python       {platform.python_version()} on {platform.platform()}")
    for name in _PACKAGES:
        if found := installed_version(name):
            print(f"package      {name} {found}")
    problems = list(find_conflicts())
    broken = list(find_broken_imports())
    problems += broken
    if not broken:
        problems += _check_devices()
        problems += _check_models()
    for problem in problems:
        print(f"PROBLEM      {problem}")
    if not problems:
        print("all is well")
    return 1 if problems else 0


def _check_devices() -> Iterator[str]:
    import onnxruntime

    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.runtime.session import DEVICES

    offered = onnxruntime.get_available_providers()
    print(f"runtime      onnxruntime {onnxruntime.__version__}: {', '.join(offered)}")
    for device in (name for name, provider in DEVICES.items() if provider in offered):
        error = _error_of(partial(FaceAligner, device=device, local_files_only=True))
        if error is None:
            print(f"device       {device}: works with the default model")
            continue
        missing = _missing_libraries(device)
        cause = f"not found: {', '.join(missing)}" if missing else str(error)
        if device in _OPTIONAL_DEVICES:
            print(f"device       {device}: does not work, {cause}")
        elif device == "cuda":
            yield f"device cuda: {cause}: {_GET_CUDA if missing else _GET_DRIVER}"
        else:
            yield f"device {device}: {cause}"
    if error := _error_of(partial(_print_choice, FaceAligner)):
        yield f"device auto: {error}"


def _missing_libraries(device: str) -> list[str]:
    library = provider_library(device)
    return find_missing_libraries(library) if library else []


def _print_choice(aligner: Callable[..., object]) -> None:
    chosen = aligner(device="auto", local_files_only=True)
    print(f"device       auto: takes {chosen.device}")  # type: ignore[attr-defined]


def _check_models() -> Iterator[str]:
    from asmnet_sdk.hub.registry import available_models
    from asmnet_sdk.hub.resolving import resolve_model

    if mirror := os.environ.get("ASMNET_MODELS_DIR"):
        print(f"mirror       ASMNET_MODELS_DIR={mirror}")
        if not Path(mirror).is_dir():
            yield f"mirror: ASMNET_MODELS_DIR names {mirror}, which is no folder"
    for spec in available_models():
        error = _error_of(partial(resolve_model, spec.name, local_files_only=True))
        if error and spec.embedded:
            yield f"model {spec.name}: {error}"
        where = "not here" if error else "ready"
        print(f"model        {spec.name}: {where}")


def _error_of(action: Callable[[], object]) -> AsmnetError | None:
    try:
        action()
    except AsmnetError as error:
        return error
    return None
