"""A small Hub on 127.0.0.1: serves repositories over HTTP and fails on demand."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_RESOLVE_URL = re.compile(r"/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


class HubRequest(NamedTuple):
    method: str
    path: str
    range: str | None


@dataclass
class HubRepository:
    """What a repository holds, and how it is to fail.

    Attributes:
        files: File name -> content, or a folder.
        revisions: Branches and tags; each names the same commit. The commit id works too.
        status: Answer every request with this HTTP status.
        error_code: X-Error-Code that goes with ``status``.
        wrong_content: Send this instead of every file.
        cut_after: Close the connection after this many bytes of a file.
        delay_seconds: Wait so long before each answer.
        is_portal: Answer as a captive portal does, without the Hub's headers.
    """

    files: Mapping[str, bytes] | Path
    revisions: set[str] = field(default_factory=lambda: {"main"})
    status: int | None = None
    error_code: str | None = None
    wrong_content: bytes | None = None
    cut_after: int | None = None
    delay_seconds: float = 0
    is_portal: bool = False

    def read(self, name: str) -> bytes | None:
        if isinstance(self.files, Path):
            path = self.files / name
            return path.read_bytes() if path.is_file() else None
        return self.files.get(name)

    @property
    def commit(self) -> str:
        names = (
            sorted(path.name for path in self.files.iterdir() if path.is_file())
            if isinstance(self.files, Path)
            else sorted(self.files)
        )
        digest = hashlib.sha1()
        for name in names:
            digest.update(name.encode() + b"\0" + hashlib.sha256(self.read(name) or b"").digest())
        return digest.hexdigest()


class HubServer:
    """The server; a context manager. ``url`` is what HF_ENDPOINT is to be."""

    def __init__(self) -> None:
        self.repositories: dict[str, HubRepository] = {}
        self.requests: list[HubRequest] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(
        self,
        name: str,
        files: Mapping[str, bytes] | Path,
        *,
        revisions: Iterable[str] = ("main",),
        **failure,
    ) -> HubRepository:
        """Serve ``files``, a mapping or a folder such as hub/NAME, as the repository ``name``."""
        self.repositories[name] = HubRepository(files, set(revisions), **failure)
        return self.repositories[name]

    def requests_for(self, name: str) -> list[HubRequest]:
        return [request for request in self.requests if request.path.startswith(f"/{name}/")]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> HubServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        hub: HubServer = self.server.hub
        hub.requests.append(HubRequest(self.command, self.path, self.headers.get("Range")))
        match = _RESOLVE_URL.fullmatch(self.path)
        repository = hub.repositories.get(match["repository"]) if match else None
        if repository is None:
            return self._refuse(404, "RepoNotFound")
        time.sleep(repository.delay_seconds)
        if repository.status is not None:
            return self._refuse(repository.status, repository.error_code)
        if unquote(match["revision"]) not in repository.revisions | {repository.commit}:
            return self._refuse(404, "RevisionNotFound")
        content = repository.read(unquote(match["file"]))
        if content is None:
            return self._refuse(404, "EntryNotFound")
        if repository.wrong_content is not None:
            content = repository.wrong_content
        return self._send(content, repository)

    def _refuse(self, status: int, error_code: str | None) -> None:
        self.send_response(status)
        if error_code is not None:
            self.send_header("X-Error-Code", error_code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, repository: HubRepository) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = min(int(wanted[1]), len(content)) if wanted else 0
        self.send_response(206 if wanted else 200)
        if not repository.is_portal:
            self.send_header("X-Repo-Commit", repository.commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if wanted:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            end = len(content) if repository.cut_after is None else repository.cut_after
            self.wfile.write(content[start:end])
