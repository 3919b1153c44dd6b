"""Resolve a model to a verified local file: package, mirror folder, Hub cache, Hub."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NoReturn

from asmnet_sdk.arguments import require
from asmnet_sdk.errors import InvalidInputError, ModelFileError, in_brief
from asmnet_sdk.hub.downloading import (
    MIRROR_VARIABLE,
    FileRequest,
    download,
    file_sha256,
    find_cached,
    find_fault,
)
from asmnet_sdk.hub.registry import ModelSpec, available_models, find_model

__all__ = [
    "MIRROR_VARIABLE",
    "REPOSITORY_NAME",
    "file_sha256",
    "resolve_model",
    "resolve_spec",
]

# The rule of huggingface_hub.utils.validate_repo_id, with the owner required.
REPOSITORY_NAME = re.compile(r"(?!.*(--|\.\.|\.git$))\b[\w\-.]+\b/\b[\w\-.]{1,96}\b", re.ASCII)

_DEFAULT_FILENAME = "model.onnx"
_DEFAULT_REVISION = "main"
_EMBEDDED_FOLDER = Path(__file__).parents[1] / "weights"


def resolve_model(
    model: str | os.PathLike[str],
    *,
    revision: str | None = None,
    filename: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
) -> Path:
    """Return the local file of a model, downloading it if there is no other way.

    Args:
        model: A registry name, else a local path (an ``.onnx`` file, or a folder holding
            ``model.onnx``), else a Hub repository ``"owner/name"``.
        revision: Tag, branch or commit of the Hub repository; ``"main"`` if not given. For
            repositories only.
        filename: File within the Hub repository; ``"model.onnx"`` if not given. For repositories
            only.
        cache_dir: Hub cache to use instead of huggingface_hub's own.
        local_files_only: Never use the network.

    Returns:
        Path of a file that exists; its SHA-256 is checked where the registry pins one, except
        for the files inside the package. A file found in the mirror folder ``ASMNET_MODELS_DIR``
        is taken whatever the revision: the mirror holds one.

    Raises:
        UnknownModelError: ``model`` is neither a name nor a path nor a repository.
        ModelFileError: The file is missing, unreadable or has the wrong hash.
        ModelDownloadError: The Hub did not give the file; the message says why.
        InvalidInputError: ``model`` is no text and no path, or ``revision`` or ``filename`` does
            not fit it, or ``cache_dir`` is no path.
    """
    name = _name_of(model)
    for option, value in (("revision", revision), ("filename", filename)):
        require(option, value, value is None or isinstance(value, str), "a text, or None")
    is_path = cache_dir is None or isinstance(cache_dir, (str, os.PathLike))
    require("cache_dir", cache_dir, is_path, "a path, or None")
    is_registered = isinstance(model, str) and name in {spec.name for spec in available_models()}
    path = None if is_registered else _find_local(model)
    if (is_registered or path) and (revision or filename):
        raise InvalidInputError(
            f"revision and filename go with a Hub repository 'owner/name', not with {name!r}"
        )
    if path is not None:
        return path
    if is_registered or not REPOSITORY_NAME.fullmatch(name):
        spec = find_model(name)
        return resolve_spec(spec, cache_dir=cache_dir, local_files_only=local_files_only)
    filename = filename or _DEFAULT_FILENAME
    if filename.startswith("/") or ".." in filename.split("/"):
        raise InvalidInputError(f"filename {filename!r} does not lie within the repository")
    return _resolve(
        FileRequest(
            name=name,
            repository=name,
            revision=revision or _DEFAULT_REVISION,
            filename=filename,
            cache_dir=None if cache_dir is None else os.fspath(cache_dir),
            local_files_only=local_files_only,
        )
    )


def _name_of(model: object) -> str:
    name = os.fspath(model) if isinstance(model, (str, os.PathLike)) else None
    if isinstance(name, str):
        return name
    raise InvalidInputError(
        f"model is {in_brief(repr(model))}; needed: a name, a path, or a repository 'owner/name'"
    )


def resolve_spec(
    spec: ModelSpec,
    *,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
) -> Path:
    """Return the local file of a registry entry; as ``resolve_model`` does with its name."""
    embedded = _EMBEDDED_FOLDER / f"{spec.name}.onnx"
    if spec.embedded and embedded.is_file():
        return embedded
    request = FileRequest(
        name=spec.name,
        repository=spec.repository,
        revision=spec.revision,
        filename=spec.filename,
        sha256=spec.sha256,
        cache_dir=None if cache_dir is None else os.fspath(cache_dir),
        local_files_only=local_files_only,
    )
    if spec.embedded:
        return _find_mirrored(request) or _refuse_incomplete_package(embedded)
    return _resolve(request)


def _refuse_incomplete_package(embedded: Path) -> NoReturn:
    """Say that a file of the package is missing, rather than ask the Hub without a word."""
    raise ModelFileError(
        f"{embedded} is missing, which belongs to the package: reinstall asmnet-sdk. A program "
        "frozen by PyInstaller: build it where asmnet-sdk is installed by pip, which brings a "
        "hook, or add --collect-data asmnet_sdk"
    )


def _find_local(model: str | os.PathLike[str]) -> Path | None:
    if not os.fspath(model):
        return None  # as a path it would be the current folder
    path = Path(model)
    # Unlike those of Path these say no, and do not raise, where a name is too long to be one.
    is_folder = os.path.isdir(path)  # noqa: PTH112
    if is_folder:
        path /= _DEFAULT_FILENAME
    if os.path.isfile(path):  # noqa: PTH113
        return path
    if is_folder or not isinstance(model, str) or model.endswith(".onnx"):
        raise ModelFileError(f"there is no model file '{in_brief(path)}'")
    return None


def _resolve(request: FileRequest) -> Path:
    return _find_mirrored(request) or find_cached(request) or download(request)


def _find_mirrored(request: FileRequest) -> Path | None:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return None
    path = Path(mirror, request.name, request.filename)
    if not path.is_file():
        return None
    if fault := find_fault(path, request):
        raise ModelFileError(f"{fault}. Replace the file, or unset {MIRROR_VARIABLE}")
    return path
