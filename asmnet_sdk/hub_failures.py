"""Say in one line why the Hub did not give a file."""

from __future__ import annotations

__all__ = ["describe_failure"]


def describe_failure(error: Exception) -> str:
    """Say in one line why the Hub did not give the file, and what helps if that is known."""
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        return describe_failure(error.__cause__)
    response = getattr(error, "response", None)
    if response is not None:
        reason = _describe_refusal(response.status_code, response.headers.get("X-Error-Code"))
        return f"{reason} (HTTP {response.status_code})"
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    is_of_disk = isinstance(error, OSError) and error.errno is not None
    if is_of_disk and not isinstance(error, (ConnectionError, TimeoutError)):
        return f"{text} (choose another cache with cache_dir or HF_HOME)"
    return text


def _describe_refusal(status: int, code: str | None) -> str:
    login = "log in with `hf auth login` or set HF_TOKEN"
    by_code = {
        "EntryNotFound": "the repository has no such file at this revision",
        "RevisionNotFound": "the repository has no such revision",
        "GatedRepo": f"the repository is gated: accept its terms on its Hub page, then {login}",
        "RepoNotFound": f"there is no such repository, or it is private: if it is, {login}",
    }
    by_status = {
        401: by_code["RepoNotFound"],
        403: f"access is refused: {login}",
        404: "the Hub does not have it",
        429: f"too many requests: wait some minutes, or {login}",
    }
    return (
        by_code.get(code or "") or by_status.get(status) or "the Hub cannot serve it now: try later"
    )
