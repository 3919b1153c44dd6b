"""Publish a model: upload its folder to a Hub repository in one commit, and tag that."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.errors import InvalidInputError, ModelError
from asmnet_sdk.hub.downloading import file_sha256
from asmnet_sdk.hub.failures import describe_upload_failure, hub_errors
from asmnet_sdk.hub.registry import available_models
from asmnet_sdk.hub.resolving import REPOSITORY_NAME
from asmnet_sdk.publishing.folders import MODEL_FILE, HubFolder, check_hub_folder

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Publication", "PublishError", "plan_publication", "publish"]

_TAG = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)


class PublishError(ModelError, OSError):
    """A model could not be published; the message says at which step, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is to be published, and where."""

    folder: HubFolder
    """The checked folder."""
    repository: str
    """Hub repository, ``"owner/name"``."""
    tag: str
    """Tag that names this state of the repository for good."""
    is_private: bool
    """Whether only those whom the owner lets in may see the repository."""


def plan_publication(
    folder: Path, *, repository: str | None = None, tag: str | None = None, is_private: bool = False
) -> Publication:
    """Check everything that can be checked without a network.

    Args:
        folder: Holds ``model.onnx``, ``README.md`` and ``SHA256SUMS``.
        repository: ``"owner/name"``; that of the registry if not given.
        tag: Such as ``"v0.1.0"``; that of the registry if not given.
        is_private: Make a private repository; refuse one that is public.

    Raises:
        ModelFileError: The folder is not fit to be published.
        InvalidInputError: Repository or tag are missing, malformed or not those of the registry.
    """
    checked = check_hub_folder(folder)
    spec = next((spec for spec in available_models() if spec.name == checked.name), None)
    repository = repository or (spec.repository if spec else None)
    if repository is None:
        raise InvalidInputError(f"the registry has no model {checked.name!r}: name its repository")
    if REPOSITORY_NAME.fullmatch(repository) is None:
        raise InvalidInputError(f"{repository!r} is no Hub repository; needed: 'owner/name'")
    expected_tag = spec.revision if spec and spec.repository == repository else None
    tag = tag or expected_tag
    if tag is None:
        raise InvalidInputError(f"the registry has no tag for {repository!r}: name one")
    if _TAG.fullmatch(tag) is None or tag == "main":
        raise InvalidInputError(f"{tag!r} is no tag; needed: a name such as 'v0.1.0'")
    if expected_tag not in (None, tag):
        raise InvalidInputError(
            f"the registry expects {checked.name!r} at tag {expected_tag!r}, not {tag!r}: set "
            "revision in asmnet_sdk/hub/registry.py first"
        )
    return Publication(folder=checked, repository=repository, tag=tag, is_private=is_private)


def publish(publication: Publication) -> str:
    """Upload the folder in one commit, tag it, and fetch the model back.

    The token is the one of ``HF_TOKEN`` or of ``hf auth login``. A run that broke off may be
    repeated; a tag that exists is never moved.

    Returns:
        The page of the tag.

    Raises:
        PublishError: There is no token, or the Hub refused a step; the message says which.
    """
    api = _log_in(publication)
    _open_repository(api, publication)
    commit = _upload(api, publication)
    with _step(publication, f"tag {publication.tag}"):
        api.create_tag(publication.repository, tag=publication.tag, revision=commit)
    _check_what_the_hub_gives(api, publication)
    return f"{api.endpoint}/{publication.repository}/tree/{publication.tag}"


def _log_in(publication: Publication) -> HfApi:
    from huggingface_hub import HfApi, constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise _error(publication, "log in", "HF_HUB_OFFLINE is set")
    with _step(publication, "log in"):
        token = get_token()
    if token is None:
        reason = "there is no token: log in with `hf auth login`, or set HF_TOKEN to one that may "
        raise _error(publication, "log in", f"{reason}write to this repository")
    return HfApi(token=token, library_name="asmnet-sdk")


def _open_repository(api: HfApi, publication: Publication) -> None:
    """Make the repository if there is none, and check that it may take this publication."""
    repository, tag = publication.repository, publication.tag
    with _step(publication, "open the repository"):
        api.create_repo(repository, private=publication.is_private, exist_ok=True)
        is_private = bool(api.model_info(repository).private)
        tags = {ref.name for ref in api.list_repo_refs(repository).tags}
    if is_private != publication.is_private:
        state, remedy = ("private", "say so") if is_private else ("public", "make it private first")
        reason = f"it is {state} on the Hub: {remedy}, or choose another repository"
        raise _error(publication, "open the repository", reason)
    if tag in tags:
        reason = "the tag exists, and tags are never moved: publish under a new one"
        raise _error(publication, f"tag {tag}", reason)


def _upload(api: HfApi, publication: Publication) -> str:
    """Send all files in one commit; return its id."""
    from huggingface_hub import CommitOperationAdd

    folder = publication.folder
    with _step(publication, "upload the files"):
        commit = api.create_commit(
            publication.repository,
            [
                CommitOperationAdd(path_in_repo=path.name, path_or_fileobj=path)
                for path in folder.files
            ],
            commit_message=f"{folder.name} {publication.tag}",
            commit_description=f"{MODEL_FILE}: SHA-256 {folder.sha256}",
        )
    return str(commit.oid)


def _check_what_the_hub_gives(api: HfApi, publication: Publication) -> None:
    step = "fetch the model back"
    with tempfile.TemporaryDirectory() as cache, _step(publication, step):
        path = api.hf_hub_download(
            publication.repository, MODEL_FILE, revision=publication.tag, cache_dir=cache
        )
        digest = file_sha256(Path(path))
    if digest != publication.folder.sha256:
        reason = f"the Hub gives a file with SHA-256 {digest}: delete the tag on the Hub"
        raise _error(publication, step, reason)


@contextmanager
def _step(publication: Publication, action: str) -> Iterator[None]:
    """Turn what huggingface_hub lets escape into a PublishError."""
    try:
        yield
    except hub_errors() as error:
        raise _error(publication, action, describe_upload_failure(error)) from error


def _error(publication: Publication, action: str, reason: str) -> PublishError:
    name = publication.folder.name
    return PublishError(
        f"cannot publish {name} to {publication.repository}: cannot {action}: {reason}"
    )
