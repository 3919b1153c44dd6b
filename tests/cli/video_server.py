"""Videos by HTTP on 127.0.0.1: files, whole or in parts, and pictures as a camera sends them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

LIVE_FRAMES = 12
LIVE_SECONDS = 0.05


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder; yield the address.

    ``/parts/NAME`` answers requests for a part (Range), ``/whole/NAME`` sends the file from its
    start whatever is asked, ``/live`` is Motion JPEG, a picture every ``LIVE_SECONDS``.
    """

    class Handler(_Handler):
        files = folder

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: Path

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        _, kind, name = f"{self.path}/".split("/", 2)
        try:
            if kind == "live":
                self._send_live()
            elif (path := self.files / name.rstrip("/")).is_file():
                self._send_file(path.read_bytes(), in_parts=kind == "parts")
            else:
                self._begin(404, {"Content-Length": "0"})
        except OSError:
            pass  # the other side has seen enough

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        # FFmpeg 8 asks for this and yet goes on over the connection if it is not said.
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_file(self, content: bytes, *, in_parts: bool) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not (in_parts and wanted):
            self._begin(200, {"Content-Length": str(len(content))})
            self.wfile.write(content)
            return
        first, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
        part = content[first : last + 1]
        span = f"bytes {first}-{last}/{len(content)}"
        self._begin(206, {"Content-Length": str(len(part)), "Content-Range": span})
        self.wfile.write(part)

    def _send_live(self) -> None:
        self._begin(200, {"Content-Type": "multipart/x-mixed-replace; boundary=frame"})
        for index in range(LIVE_FRAMES):
            picture = np.full((48, 64, 3), 20 * index, np.uint8)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg + b"\r\n")
            time.sleep(LIVE_SECONDS)
