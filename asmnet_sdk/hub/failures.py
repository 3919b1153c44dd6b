"""Say in one line why the Hub did not give, or did not take, a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

__all__ = ["describe_failure", "describe_upload_failure", "hub_errors", "is_of_network"]

_LOGIN = "log in with `hf auth login` or set HF_TOKEN"
_NO_SUCH_REPOSITORY = f"there is no such repository, or it is private: if it is, {_LOGIN}"
_PROXY = "the proxy wants a login: put user and password into HTTPS_PROXY"

_NETWORK_ADVICE = "check the network, HTTPS_PROXY and HF_ENDPOINT"
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_BY_CODE: Mapping[str, str] = MappingProxyType(
    {
        "EntryNotFound": "the repository has no such file at this revision",
        "RevisionNotFound": "the repository has no such revision",
        "GatedRepo": f"the repository is gated: accept its terms on its Hub page, then {_LOGIN}",
        "RepoNotFound": _NO_SUCH_REPOSITORY,
    }
)
_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        401: _NO_SUCH_REPOSITORY,
        403: f"access is refused: {_LOGIN}",
        404: "the Hub does not have it",
        407: _PROXY,
        429: f"too many requests: wait some minutes, or {_LOGIN}",
    }
)
_UPLOAD_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        401: f"the token is missing, wrong or expired: {_LOGIN}",
        403: "this token may not write there: make one that may write to the repository's owner",
        404: "there is no such repository, or this token may not see it",
        407: _PROXY,
        409: "it exists already, and is never moved: publish under a new tag",
        429: "too many requests: wait some minutes, then run the same command again",
    }
)


def hub_errors() -> tuple[type[Exception], ...]:
    """Return every type of error that huggingface_hub lets escape.

    The first base of its HTTP error is that of every error of the HTTP library that its version
    stands on (requests, httpx or httpx2), but for that of addresses it cannot read. ValueError,
    ImportError and RuntimeError come from proxy settings and from hf_xet and hf_transfer.
    """
    # From 0.25 on it is also in huggingface_hub.errors; utils has it in every version.
    from huggingface_hub.utils import HfHubHTTPError  # type: ignore[attr-defined]

    bases = HfHubHTTPError.__bases__
    library = sys.modules[bases[0].__module__.partition(".")[0]]
    addresses = [library.InvalidURL] if hasattr(library, "InvalidURL") else []
    return (OSError, ValueError, ImportError, RuntimeError, *bases, *addresses)


def describe_failure(error: Exception) -> str:
    """Say in one line why the Hub did not give the file, and what helps if that is known."""
    error = _cause_of(error)
    if (response := getattr(error, "response", None)) is None:
        return _describe_error(error, "choose another cache with cache_dir or HF_HOME")
    code = response.headers.get("X-Error-Code")
    return _with_status(
        response.status_code,
        _BY_CODE.get(code or "") or _BY_STATUS.get(response.status_code),
        "the Hub cannot serve it now: try later",
    )


def describe_upload_failure(error: Exception) -> str:
    """Say in one line why the Hub did not take what was sent, and what helps if that is known."""
    error = _cause_of(error)
    if (response := getattr(error, "response", None)) is None:
        return _describe_error(error, "check the disk and the folder's rights")
    return _with_status(
        response.status_code,
        _UPLOAD_BY_STATUS.get(response.status_code),
        "the Hub cannot take it now: run the same command again later",
    )


def is_of_network(error: Exception) -> bool:
    """Say whether the Hub was not reached: it gave no answer, and this machine's disk is well."""
    error = _cause_of(error)
    return getattr(error, "response", None) is None and not _is_of_disk(error)


def _cause_of(error: Exception) -> Exception:
    """Return the error behind those with which huggingface_hub only says where it happened."""
    while isinstance(error, (FileNotFoundError, RuntimeError)) and isinstance(
        error.__cause__, Exception
    ):
        error = error.__cause__
    return error


def _describe_error(error: Exception, disk_advice: str) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    is_of_disk = _is_of_disk(error)
    if not is_of_disk or isinstance(error, FileNotFoundError):
        for variable in _CERTIFICATES:
            file = os.environ.get(variable)
            if file and not Path(file).exists():
                return f"{text} ({variable} names {file}, which is not there)"
    return f"{text} ({disk_advice if is_of_disk else _NETWORK_ADVICE})"


def _is_of_disk(error: Exception) -> bool:
    is_of_system = isinstance(error, OSError) and error.errno is not None
    return is_of_system and not isinstance(error, (ConnectionError, TimeoutError))


def _with_status(status: int, reason: str | None, otherwise: str) -> str:
    return f"{reason or otherwise} (HTTP {status})"
