"""A small Hub on 127.0.0.1: serves repositories over HTTP, takes uploads, and fails on demand.

``python -m tests.hub_server PORT OWNER...`` is one to rehearse a release with: it keeps in memory
what the token ``hf_rehearsal`` sends it for these owners.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tests.hub_uploads import ChunkStore, HubAccount, HubCommit, UploadsMixin

_RESOLVE_URL = re.compile(r"/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
_PART = 64 * 1024


class HubRequest(NamedTuple):
    method: str
    path: str
    range: str | None
    token: str | None


@dataclass
class HubRepository:
    """What a repository holds, and how it is to fail.

    Attributes:
        files: File name -> content, or a folder.
        revisions: Branches and tags; each names the same commit. The commit id works too.
        tagged: What each tag that was made by an upload holds.
        commits: What was uploaded, the last one last.
        is_private: Only those who send a token of the server may see it.
        status: Answer every request with this HTTP status.
        error_code: X-Error-Code that goes with ``status``.
        wrong_content: Send this instead of every file.
        cut_after: Close the connection after this many bytes of a file.
        stall_after: Send nothing more after this many bytes of a file, but keep the connection.
        delay_seconds: Wait so long before each answer.
        held: Send no content before this is set.
        is_portal: Answer as a captive portal does, without the Hub's headers.
    """

    files: Mapping[str, bytes] | Path
    revisions: set[str] = field(default_factory=lambda: {"main"})
    tagged: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    commits: list[HubCommit] = field(default_factory=list)
    is_private: bool = False
    status: int | None = None
    error_code: str | None = None
    wrong_content: bytes | None = None
    cut_after: int | None = None
    stall_after: int | None = None
    delay_seconds: float = 0
    held: threading.Event | None = None
    is_portal: bool = False

    def at(self, revision: str) -> Mapping[str, bytes] | None:
        """Return the files at a branch, tag or commit."""
        if revision in self.tagged:
            return self.tagged[revision]
        if revision in self.revisions | {self.commit}:
            return self.head
        return None

    @property
    def head(self) -> Mapping[str, bytes]:
        if isinstance(self.files, Path):
            return {path.name: path.read_bytes() for path in self.files.iterdir() if path.is_file()}
        return self.files

    @property
    def commit(self) -> str:
        return commit_of(self.head)


def commit_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha1()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


class HubServer:
    """The server; a context manager. ``url`` is what HF_ENDPOINT is to be.

    Attributes:
        repositories: By ``owner/name``.
        requests: All of them, in their order.
        accounts: Who may write where, by token.
        large_files: Uploaded content by its SHA-256.
        chunk_store: Where large files go by way of hf_xet; None lets them go by Git LFS only.
        refused_steps: HTTP status with which a step of an upload is refused.

    Args:
        certificate: File with a certificate and its key; makes it an HTTPS server.
        port: Any free one if it is 0.
    """

    def __init__(self, certificate: Path | None = None, *, port: int = 0) -> None:
        self.repositories: dict[str, HubRepository] = {}
        self.requests: list[HubRequest] = []
        self.accounts: dict[str, HubAccount] = {}
        self.large_files: dict[str, bytes] = {}
        self.refused_steps: dict[str, int] = {}
        self.chunk_store: ChunkStore | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.hub = self
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

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

    def forget(self) -> None:
        """Start anew."""
        for held in (
            self.repositories,
            self.requests,
            self.accounts,
            self.large_files,
            self.refused_steps,
        ):
            held.clear()
        self.chunk_store = None

    def requests_for(self, name: str) -> list[HubRequest]:
        return [request for request in self.requests if f"/{name}/" in request.path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> HubServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Handler(UploadsMixin, BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    @property
    def token(self) -> str | None:
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return token if kind == "Bearer" else None

    def _answer(self) -> None:
        hub: HubServer = self.server.hub
        path = urlsplit(self.path).path
        hub.requests.append(HubRequest(self.command, path, self.headers.get("Range"), self.token))
        if self.command in ("POST", "PUT") or path.startswith("/api/"):
            return self.answer_upload(path)
        # A mirror of the Hub may live in a folder of its server.
        match = _RESOLVE_URL.fullmatch(path.removeprefix("/mirror"))
        repository = hub.repositories.get(match["repository"]) if match else None
        if repository is None or (repository.is_private and self.token not in hub.accounts):
            return self.refuse(404 if repository is None else 401, "RepoNotFound")
        time.sleep(repository.delay_seconds)
        if repository.status is not None:
            return self.refuse(repository.status, repository.error_code)
        files = repository.at(unquote(match["revision"]))
        if files is None:
            return self.refuse(404, "RevisionNotFound")
        content = files.get(unquote(match["file"]))
        if content is None:
            return self.refuse(404, "EntryNotFound")
        if repository.wrong_content is not None:
            content = repository.wrong_content
        return self._send_file(content, repository, commit_of(files))

    def refuse(self, status: int, error_code: str | None = None) -> None:
        self.send_response(status)
        if error_code is not None:
            self.send_header("X-Error-Code", error_code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, content: bytes, repository: HubRepository, commit: str) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = min(int(wanted[1]), len(content)) if wanted else 0
        self.send_response(206 if wanted else 200)
        if not repository.is_portal:
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if wanted:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            self._send_body(content, start, repository)

    def _send_body(self, content: bytes, start: int, repository: HubRepository) -> None:
        if repository.held is not None:
            repository.held.wait(60)
        ends = (repository.cut_after, repository.stall_after, len(content))
        self.wfile.write(content[start : min(end for end in ends if end is not None)])
        if repository.stall_after is not None:
            self.connection.settimeout(60)
            self.connection.recv(1)  # until the other side is gone


if __name__ == "__main__":
    with HubServer(port=int(sys.argv[1])) as server:
        server.accounts["hf_rehearsal"] = HubAccount(frozenset(sys.argv[2:]))
        print(f"export HF_ENDPOINT={server.url} HF_TOKEN=hf_rehearsal HF_HUB_DISABLE_XET=1")
        threading.Event().wait()
