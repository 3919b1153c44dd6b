"""One prediction behind HTTP, as the services of ``test_servers``: an aligner of the module."""

from __future__ import annotations

import json
import os
from typing import Any

from asmnet_sdk import FaceAligner
from tests.conftest import EXAMPLES
from tests.example_boxes import ASTRONAUT_BOX

aligner = FaceAligner(device="cpu", threads=1)
aligner.predict(EXAMPLES / "astronaut.jpg", ASTRONAUT_BOX)  # whatever threads it needs are there


def answer() -> bytes:
    [face] = aligner.predict(EXAMPLES / "astronaut.jpg", ASTRONAUT_BOX)
    return json.dumps({"process": os.getpid(), "face": face.to_dict()}).encode()


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [answer()]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer()})
