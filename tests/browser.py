"""A headless Chromium of the system, driven by Playwright (extra ``dev``)."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Browser:
    """One page of a browser; use it in a ``with`` block. Skips the test where there is none."""

    def __init__(self) -> None:
        if CHROMIUM is None:
            pytest.skip("no Chromium at hand")
        playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright at hand")
        self._playwright = playwright.sync_playwright().start()
        browser = self._playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=120_000
        )
        self.page = browser.new_page()
        self.page.set_default_timeout(60_000)
        self.requests: list[str] = []
        self.log: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.log.append(message.text))
        self.page.on("pageerror", lambda error: self.log.append(str(error)))
        self.page.on("dialog", self._note_dialog)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *error: object) -> None:
        self.page.context.browser.close()
        self._playwright.stop()

    def open(self, page: Path | str) -> None:
        """Open a file, or an address."""
        self.requests.clear()
        self.log.clear()
        self.page.goto(page.as_uri() if isinstance(page, Path) else page)

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)

    def wait_until(self, condition: str, *, seconds: float = 60.0) -> None:
        """Ask again until ``condition`` is true.

        Playwright's own waiting runs ``eval`` inside the page, which a page's Content Security
        Policy may forbid.
        """
        end = time.monotonic() + seconds
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"not true after {seconds:g} seconds: {condition}"
            self.page.wait_for_timeout(20)

    def press(self, key: str, *, control: bool = False, shift: bool = False) -> None:
        self.page.keyboard.press("Control+" * control + "Shift+" * shift + key)

    def click(self, selector: str) -> None:
        self.page.click(selector)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse button at one place of the window and let it go at another."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=2)
        mouse.up()

    def turn_wheel(self, place: tuple[float, float], pixels: float) -> None:
        """Turn the wheel over a place of the window; negative is away from the user."""
        self.page.mouse.move(*place)
        self.page.mouse.wheel(0, pixels)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path)

    def _note_dialog(self, dialog: Any) -> None:
        self.log.append(dialog.message)
        dialog.accept()
