"""The review page, served to this machine alone."""

from __future__ import annotations

import json
import secrets
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.labelling.review import Review
from asmnet_sdk.pages import content_policy, full_style, read_asset

__all__ = ["review_server"]

_LARGEST_BODY = 2**24
_TOKEN_HEADER = "X-Asmnet-Token"


def review_server(review: Review, *, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the page on 127.0.0.1, not yet running.

    Requests under any other host name are refused, and those that save need a secret that the page
    alone knows: no other web page in the same browser can read or change labels.

    Args:
        review: The labels under review.
        port: The port; 0 for one that is free.

    Returns:
        The server; ``server_port`` is its port, ``serve_forever`` runs it.

    Raises:
        OSError: The port is taken.
    """
    token = secrets.token_urlsafe(24)

    class Handler(_Handler):
        pass

    Handler.review, Handler.token, Handler.page = review, token, _page(token)
    return _Server(("127.0.0.1", port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that has gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _page(token: str) -> tuple[str, bytes]:
    """Return the content security policy and the page."""
    here = Path(__file__)
    style = full_style(here.with_name("review.css"))
    script = read_asset(here.with_name("review.js"))
    own = ("img-src 'self' data:", "connect-src 'self'", "frame-ancestors 'none'")
    page = read_asset(here.with_name("review.html")).replace("{style}", style)
    page = page.replace("{token}", token).replace("{script}", script)
    return content_policy(style, script, *own), page.encode()


class _Handler(BaseHTTPRequestHandler):
    """Answers ``/``, ``/labels``, ``/photo/INDEX`` and, to POST, ``/save``."""

    review: Review
    token: str
    page: tuple[str, bytes]
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Answer with the page, the labels or a photo."""
        if not self._is_from_here():
            return
        if self.path == "/":
            policy, page = self.page
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page, policy=policy)
        elif self.path == "/labels":
            self._answer_json(HTTPStatus.OK, self.review.to_dict())
        elif self.path.startswith("/photo/") and self.path[7:].isdecimal():
            self._answer_photo(int(self.path[7:]))
        else:
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})

    def do_POST(self) -> None:
        """Save the labels of a photo."""
        if not self._is_from_here():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self._answer_json(HTTPStatus.BAD_REQUEST, {"error": "too long, or of unknown length"})
            return
        body = self.rfile.read(int(length))
        token = self.headers.get(_TOKEN_HEADER, "")
        if self.path != "/save" or not secrets.compare_digest(token.encode(), self.token.encode()):
            self._answer_json(HTTPStatus.FORBIDDEN, {"error": "this page may not save: reload it"})
            return
        try:
            self._answer_json(HTTPStatus.OK, self._save(body))
        except InvalidInputError as exc:
            self._answer_json(HTTPStatus.BAD_REQUEST, {"error": str(exc)})

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002, ANN401
        """Say nothing of each request."""

    def _save(self, body: bytes) -> dict[str, Any]:
        try:
            record = json.loads(body)
            index, faces = int(record["photo"]), [dict(face) for face in record["faces"]]
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as exc:
            raise InvalidInputError(f"expected photo and faces ({exc!r})") from exc
        before = len(self.review.copies)
        files = self.review.save(index, faces)
        copies = self.review.copies[before:]
        return {"files": list(map(str, files)), "copies": list(map(str, copies))}

    def _answer_photo(self, index: int) -> None:
        try:
            self._answer(HTTPStatus.OK, *self.review.picture(index))
        except InvalidInputError as exc:
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": str(exc)})

    def _is_from_here(self) -> bool:
        """Refuse other host names: a page of the web may let one of its own point to 127.0.0.1."""
        _, port = self.connection.getsockname()
        if self.headers.get("Host") in (f"127.0.0.1:{port}", f"localhost:{port}"):
            return True
        self.close_connection = True
        self._answer_json(HTTPStatus.FORBIDDEN, {"error": "this page is for this machine alone"})
        return False

    def _answer_json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content, ensure_ascii=True).encode()
        self._answer(status, "application/json", body)

    def _answer(
        self, status: HTTPStatus, media_type: str, body: bytes, *, policy: str | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        if policy is not None:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)
