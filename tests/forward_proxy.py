"""A forwarding HTTP proxy on 127.0.0.1, for plain requests and for CONNECT.

It sends everything on to one address, whatever host was asked for: so a made-up host can be
reached through it, and only through it.
"""

from __future__ import annotations

import base64
import select
import socket
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP_HEADERS = {"host", "proxy-connection", "connection", "proxy-authorization"}


class ForwardProxy:
    """The proxy; a context manager.

    Attributes:
        asked: The method and the host of each request.

    Args:
        port: Where on 127.0.0.1 everything is sent on to.
        login: "user:password" that it wants to see.
    """

    def __init__(self, port: int, *, login: str | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.target_port = port
        self.login = login and "Basic " + base64.b64encode(login.encode()).decode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ForwardProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self._lets_in(urlsplit(self.path).netloc):
            return
        link = HTTPConnection("127.0.0.1", self.server.proxy.target_port, timeout=30)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_HEADERS}
        link.request(self.command, urlsplit(self.path).path, headers=kept)
        answer = link.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.read())
        link.close()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        if not self._lets_in(self.path):
            return
        with socket.create_connection(("127.0.0.1", self.server.proxy.target_port)) as link:
            self.send_response(200)
            self.end_headers()
            _copy_both_ways(self.connection, link)

    def _lets_in(self, host: str) -> bool:
        proxy: ForwardProxy = self.server.proxy
        proxy.asked.append((self.command, host))
        if proxy.login in (None, self.headers.get("Proxy-Authorization")):
            return True
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False


def _copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [], 30)[0]:
            data = ready.recv(1 << 16)
            if not data:
                return
            (other if ready is one else one).sendall(data)
