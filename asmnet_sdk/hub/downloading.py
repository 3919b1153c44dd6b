"""A file of the Hub: the copy in its cache, or a download, with the content that it must have."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from asmnet_sdk.errors import ModelDownloadError, ModelFileError
from asmnet_sdk.hub.failures import describe_failure, hub_errors, is_of_network

__all__ = [
    "MIRROR_VARIABLE",
    "FileRequest",
    "download",
    "file_sha256",
    "find_cached",
    "find_fault",
]

MIRROR_VARIABLE = "ASMNET_MODELS_DIR"

_logger = logging.getLogger("asmnet_sdk")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
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


def find_fault(path: Path, request: FileRequest) -> str | None:
    """Say what is wrong with the content of ``path``; None if it is what the registry pins."""
    if request.sha256 is None:
        return None
    digest = file_sha256(path)
    if digest == request.sha256:
        return None
    return f"{path} has SHA-256 {digest}, but {request.name!r} needs {request.sha256}"


def find_cached(request: FileRequest) -> Path | None:
    """Return the file from the Hub's cache if there is no need, or no way, to ask the Hub.

    A file that the registry does not pin is to be asked for again: its branch may have moved.
    """
    path = _look_into_cache(request)
    if _is_offline(request):
        return _require_cached(path, request)
    if path is None or request.sha256 is None:
        return None
    with suppress(ModelFileError):  # another process may be replacing it; download looks again
        return None if find_fault(path, request) else path
    return None


def _require_cached(path: Path | None, request: FileRequest) -> Path:
    if path is None:
        raise _download_error(
            request, "not in the Hub cache, and local_files_only or HF_HUB_OFFLINE is set"
        )
    if fault := find_fault(path, request):
        raise ModelFileError(f"{fault}. Delete the file and download it again")
    return path


def _is_offline(request: FileRequest) -> bool:
    from huggingface_hub import constants

    return request.local_files_only or constants.HF_HUB_OFFLINE


def _look_into_cache(request: FileRequest) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    with _translated_errors(request):
        path = try_to_load_from_cache(
            request.repository,
            request.filename,
            cache_dir=request.cache_dir,
            revision=request.revision,
        )
    return Path(path) if isinstance(path, str) else None


def download(request: FileRequest) -> Path:
    """Return the file from the Hub; from its cache if the Hub fails and nothing is pinned.

    One process at a time: with huggingface_hub 0.23 one that has waited for another takes away,
    for a moment, the link that the other has just made and reads from.
    """
    with _one_process_at_a_time(request):
        return _take_arrived(request) or _fetch(request)


@contextmanager
def _one_process_at_a_time(request: FileRequest) -> Iterator[None]:
    """Wait until no other process or thread fetches a file of this repository into this cache."""
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    folder = _folder_of(request)
    path = folder.parent / ".locks" / folder.name / "asmnet-sdk.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()  # not touch, which the owner of a read-only file may do
    except OSError:  # a cache that may only be read, so nobody fetches into it
        yield
        return
    with WeakFileLock(path) as lock:
        try:
            yield
        finally:
            lock.release()  # the lock of huggingface_hub 0.23 stays locked after an error


def _folder_of(request: FileRequest, *within: str) -> Path:
    """Return the folder of the repository in the Hub's cache, or what lies within it."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=request.repository, repo_type="model")
    return Path(request.cache_dir or constants.HF_HUB_CACHE, folder, *within)


def _take_arrived(request: FileRequest) -> Path | None:
    """Return the pinned file if another process has got it by now; delete another content."""
    path = None if request.sha256 is None else _look_into_cache(request)
    if path is None or not (fault := find_fault(path, request)):
        return path
    _logger.warning("%s: downloading it again", fault)
    _remove_from_cache(path)
    return None


def _fetch(request: FileRequest) -> Path:
    path = _ask_hub(request)
    if fault := find_fault(path, request):
        _remove_from_cache(path)
        raise ModelFileError(
            f"{fault}. The download is deleted. Try again; if this stays, the Hub has another "
            "file than the one this release was made for: upgrade asmnet-sdk, check HF_ENDPOINT"
        )
    return path


def _ask_hub(request: FileRequest) -> Path:
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url

    repository, filename, revision = request.repository, request.filename, request.revision
    cached = _look_into_cache(request)
    try:
        with _revision_kept_on_failure(request):
            if cached is None:
                # With nothing to fall back on, hf_hub_download retries for 23 s before it fails.
                url = hf_hub_url(repository, filename, revision=revision)
                get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
            found = hf_hub_download(
                repository, filename, revision=revision, cache_dir=request.cache_dir
            )
        return Path(found)
    except hub_errors() as error:
        failure = _download_error(request, describe_failure(error))
        if cached is None or not is_of_network(error):
            raise failure from error
        _logger.warning("%s: the file of the last time is used", failure)
        return cached


@contextmanager
def _revision_kept_on_failure(request: FileRequest) -> Iterator[None]:
    """Let the cache go on naming what it has: huggingface_hub moves the branch, then downloads."""
    name = _folder_of(request, "refs", *request.revision.split("/"))
    before = name.read_bytes() if name.is_file() else None
    try:
        yield
    except BaseException:
        if before is not None:
            with suppress(OSError):
                name.write_bytes(before)
        raise


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
def _translated_errors(request: FileRequest) -> Iterator[None]:
    """Turn what huggingface_hub lets escape into a ModelDownloadError."""
    try:
        yield
    except hub_errors() as error:
        raise _download_error(request, describe_failure(error)) from error


def _download_error(request: FileRequest, cause: str) -> ModelDownloadError:
    mirror = os.environ.get(MIRROR_VARIABLE)
    return ModelDownloadError(
        f"cannot get {request.filename} of {request.repository} at revision {request.revision}: "
        f"{cause}. "
        f"Without a network: run `asmnet download {request.name}` on a connected machine and copy "
        f"its Hub cache (the folder HF_HOME) here, or set {MIRROR_VARIABLE} "
        f"({f'now {mirror!r}' if mirror else 'now unset'}) "
        f"to a folder holding {request.name}/{request.filename}"
    )
