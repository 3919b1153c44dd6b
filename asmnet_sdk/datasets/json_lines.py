"""On which line of a JSON text something stands: what ``json`` itself does not tell."""

from __future__ import annotations

import json
import re

__all__ = ["line_of_item"]

_SPACE = re.compile(r"[\s,:]*")
_decoder = json.JSONDecoder()


def line_of_item(text: str, key: str, index: int) -> int:
    """Return the line, counted from 1, on which an item of a list begins.

    Args:
        text: A JSON object.
        key: The key of the list in it.
        index: Which item of the list; one that is not there gives the line where the list ends.
    """
    place = _list_of(text, key)
    for _ in range(index):
        if text[place : place + 1] in ("]", ""):
            break
        place = _skip(text, _decoder.raw_decode(text, place)[1])
    return text.count("\n", 0, place) + 1


def _list_of(text: str, key: str) -> int:
    """Return where the first item of the list of a key begins."""
    place = _skip(text, text.index("{") + 1)
    while text[place] != "}":
        found, place = _decoder.raw_decode(text, place)
        place = _skip(text, place)
        if found == key and text[place] == "[":
            return _skip(text, place + 1)
        place = _skip(text, _decoder.raw_decode(text, place)[1])
    return place


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return place if match is None else match.end()
