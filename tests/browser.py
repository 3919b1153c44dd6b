"""A headless Chromium, driven over its debugging pipe: no package needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

# Chromium reads its commands from file 3 and answers to file 4.
_LAUNCHER = """
import fcntl, os, sys
commands, replies = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(replies, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page of a browser; use it in a ``with`` block."""

    def __init__(self, profile: Path) -> None:
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _LAUNCHER, str(commands), str(replies)),
                *(CHROMIUM, *options, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(commands, replies),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(replies)
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.log: list[str] = []
        pages = self._send("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._send(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._commands)
        self._process.terminate()
        self._process.wait(10)
        os.close(self._replies)

    def open(self, page: Path | str) -> None:
        """Open a file, or an address."""
        self.requests.clear()
        self.log.clear()
        self._send("Page.navigate", url=page.as_uri() if isinstance(page, Path) else page)
        self._wait_for("Page.loadEventFired")

    def evaluate(self, script: str) -> Any:
        reply = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def press(self, key: str, *, control: bool = False, shift: bool = False) -> None:
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 and not control else "")
        fields: dict[str, object] = {
            "key": key,
            "windowsVirtualKeyCode": codes.get(key) or ord(key.upper()),
            "modifiers": 2 * control + 8 * shift,
        }
        self._send("Input.dispatchKeyEvent", type="keyDown", text=text, **fields)
        self._send("Input.dispatchKeyEvent", type="keyUp", **fields)

    def click(self, selector: str) -> None:
        """Press the mouse button in the middle of an element."""
        x, y = self.evaluate(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._mouse(kind, (x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse button at one place of the window and let it go at another."""
        middle = tuple((a + b) / 2 for a, b in zip(start, end, strict=True))
        self._mouse("mouseMoved", start, button="none")
        self._mouse("mousePressed", start)
        self._mouse("mouseMoved", middle)
        self._mouse("mouseMoved", end)
        self._mouse("mouseReleased", end)

    def turn_wheel(self, place: tuple[float, float], pixels: float) -> None:
        """Turn the wheel over a place of the window; negative is away from the user."""
        self._mouse("mouseWheel", place, button="none", deltaX=0, deltaY=pixels)

    def _mouse(
        self, kind: str, place: tuple[float, ...], *, button: str = "left", **more: object
    ) -> None:
        fields = {"x": place[0], "y": place[1], "button": button, "clickCount": 1, **more}
        pressed = int(button == "left" and kind != "mouseReleased")
        self._send("Input.dispatchMouseEvent", type=kind, buttons=pressed, **fields)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._send("Page.captureScreenshot")["data"]))

    def _send(self, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        message: dict[str, object] = {"id": self._count, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._read()
            if reply.get("id") == self._count:
                assert "error" not in reply, reply
                return reply["result"]

    def _wait_for(self, method: str) -> None:
        while self._read().get("method") != method:
            pass

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            received = os.read(self._replies, 1 << 16)
            assert received, "the browser has gone"
            self._buffer += received
        message, _, self._buffer = self._buffer.partition(b"\0")
        event = json.loads(message)
        self._note(event)
        return event

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event.get("method") == "Log.entryAdded":
            self.log.append(parameters["entry"]["text"])
        elif event.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
            self.log.append(json.dumps(parameters))
