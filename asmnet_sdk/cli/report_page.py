"""What the pages of reports have in common: one file, one style, one script, nothing fetched."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from html import escape
from pathlib import Path

from asmnet_sdk.pages import content_policy, full_style, read_asset

__all__ = ["begin_page", "column_header", "counted", "end_page", "named", "picture"]


def begin_page(title: str, *scripts: str) -> str:
    """Return a page up to the beginning of its body.

    Args:
        title: What the window is called.
        scripts: Files that ``end_page`` gets too.
    """
    style = full_style(Path(__file__).with_name("report.css"))
    policy = content_policy(style, _joined(scripts), "img-src data:")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n"
        "</head>\n<body>\n"
    )


def end_page(*scripts: str) -> str:
    """Return what ends a page: its scripts, first the one that sorts the table."""
    return f"<script>{_joined(scripts)}</script>\n</body>\n</html>\n"


def column_header(title: str) -> str:
    """Return the head of a column that can be sorted by."""
    return f'<th role="columnheader"><button type="button">{escape(title)}</button></th>'


def named(photo: Path) -> str:
    """Return a file's name and folder; isolated, so that no direction mark turns the rest."""
    folder = str(photo.parent)
    shown = "" if folder == "." else f'<bdi class="folder">{escape(folder + os.sep)}</bdi>'
    return f'<bdi class="name">{escape(photo.name)}</bdi>{shown}'


def picture(jpeg: bytes, description: str) -> str:
    """Return a picture that is in the page itself."""
    data = base64.b64encode(jpeg).decode("ascii")
    return f'<img alt="{escape(description)}" src="data:image/jpeg;base64,{data}">'


def counted(number: int, noun: str) -> str:
    """Return such as ``1 face`` or ``2 faces``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _joined(scripts: Iterable[str]) -> str:
    here = Path(__file__)
    return "".join(read_asset(here.with_name(name)) for name in ("report.js", *scripts))
