"""Resolve a model to a verified local file: package, mirror folder, Hub cache, Hub."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from asmnet_sdk.arguments import require
from asmnet_sdk.errors import InvalidInputError, ModelDownloadError, ModelFileError, in_brief
from asmnet_sdk.hub.failures import describe_failure, hub_errors
from asmnet_sdk.hub.registry import ModelSpec, available_models, find_model

__all__ = [
    "MIRROR_VARIABLE",
    "REPOSITORY_NAME",
    "file_sha256",
    "resolve_model",
    "resolve_spec",
]

MIRROR_VARIABLE = "ASMNET_MODELS_DIR"
# The rule of huggingface_hub.utils.validate_repo_id, with the owner required.
REPOSITORY_NAME = re.compile(r"(?!.*(--|\.\.|\.git$))\b[\w\-.]+\b/\b[\w\-.]{1,96}\b", re.ASCII)

_DEFAULT_FILENAME = "model.onnx"
_DEFAULT_REVISION = "main"
_EMBEDDED_FOLDER = Path(__file__).parents[1] / "weights"

_logger = logging.getLogger("asmnet_sdk")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Which file of the Hub is wanted, and how it may be got.

    ``name`` is what the user calls the model. Without ``sha256`` any content will do.
    """

    name: str
    repository: str
    revision: str
    filename: str
    sha256: str | None = None
    cache_dir: str | None
    local_files_only: bool


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
            not fit it.
    """
    name = _name_of(model)
    for option, value in (("revision", revision), ("filename", filename)):
        require(option, value, value is None or isinstance(value, str), "a text, or None")
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
        _Request(
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
    request = _Request(
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


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 lower-case hexadecimal digits.

    Raises:
        ModelFileError: The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error}") from error
    return digest.hexdigest()


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


def _resolve(request: _Request) -> Path:
    return _find_mirrored(request) or _find_cached(request) or _download(request)


def _find_mirrored(request: _Request) -> Path | None:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return None
    path = Path(mirror, request.name, request.filename)
    if not path.is_file():
        return None
    if fault := _find_fault(path, request):
        raise ModelFileError(f"{fault}. Replace the file, or unset {MIRROR_VARIABLE}")
    return path


def _find_fault(path: Path, request: _Request) -> str | None:
    """Say what is wrong with the content of ``path``; None if it is what the registry pins."""
    if request.sha256 is None:
        return None
    digest = file_sha256(path)
    if digest == request.sha256:
        return None
    return f"{path} has SHA-256 {digest}, but {request.name!r} needs {request.sha256}"


def _find_cached(request: _Request) -> Path | None:
    """Return the file from the Hub's cache if there is no need, or no way, to ask the Hub.

    A file that the registry does not pin is to be asked for again: its branch may have moved.
    """
    path = _look_into_cache(request)
    if path is None:
        if _is_offline(request):
            raise _download_error(
                request, "not in the Hub cache, and local_files_only or HF_HUB_OFFLINE is set"
            )
        return None
    if fault := _find_fault(path, request):
        if _is_offline(request):
            raise ModelFileError(f"{fault}. Delete the file and download it again")
        _logger.warning("%s: downloading it again", fault)
        _remove_from_cache(path)
        return None
    return path if request.sha256 is not None or _is_offline(request) else None


def _is_offline(request: _Request) -> bool:
    from huggingface_hub import constants

    return request.local_files_only or constants.HF_HUB_OFFLINE


def _look_into_cache(request: _Request) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    with _translated_errors(request):
        path = try_to_load_from_cache(
            request.repository,
            request.filename,
            cache_dir=request.cache_dir,
            revision=request.revision,
        )
    return Path(path) if isinstance(path, str) else None


def _download(request: _Request) -> Path:
    """Return the file from the Hub; from its cache if the Hub fails and nothing is pinned."""
    path = _ask_hub(request)
    if fault := _find_fault(path, request):
        _remove_from_cache(path)
        raise ModelFileError(
            f"{fault}. The download is deleted. Try again; if this stays, the Hub has another "
            "file than the one this release was made for: upgrade asmnet-sdk, check HF_ENDPOINT"
        )
    return path


def _ask_hub(request: _Request) -> Path:
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url

    repository, filename, revision = request.repository, request.filename, request.revision
    is_cached = _look_into_cache(request) is not None
    with _translated_errors(request):
        if not is_cached:
            # With nothing to fall back on, hf_hub_download retries for 23 s before it fails.
            url = hf_hub_url(repository, filename, revision=revision)
            get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
        return Path(
            hf_hub_download(repository, filename, revision=revision, cache_dir=request.cache_dir)
        )


def _remove_from_cache(path: Path) -> None:
    """Delete a cached file: the link in the snapshot and the blob, or blobs, behind it."""
    try:
        while path.is_symlink():
            target = path.parent / path.readlink()
            path.unlink(missing_ok=True)
            path = target
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ModelFileError(f"{path} has the wrong content, delete it: {error}") from error


@contextmanager
def _translated_errors(request: _Request) -> Iterator[None]:
    """Turn what huggingface_hub lets escape into a ModelDownloadError."""
    try:
        yield
    except hub_errors() as error:
        raise _download_error(request, describe_failure(error)) from error


def _download_error(request: _Request, cause: str) -> ModelDownloadError:
    mirror = os.environ.get(MIRROR_VARIABLE)
    return ModelDownloadError(
        f"cannot get {request.filename} of {request.repository} at revision {request.revision}: "
        f"{cause}. "
        f"Without a network: run `asmnet download {request.name}` on a connected machine and copy "
        f"its Hub cache (the folder HF_HOME) here, or set {MIRROR_VARIABLE} "
        f"({f'now {mirror!r}' if mirror else 'now unset'}) "
        f"to a folder holding {request.name}/{request.filename}"
    )
