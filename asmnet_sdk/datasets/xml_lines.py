"""XML with the line of each element: what ``xml.etree`` does not keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from asmnet_sdk.errors import InvalidInputError

__all__ = ["Element", "read_xml"]


@dataclass(slots=True)
class Element:
    """One element of an XML text; ``line`` counts from 1."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        """Return the children with one of these tags."""
        return [child for child in self.children if child.tag in tags]


def read_xml(text: str, *, where: str) -> Element:
    """Return the root of an XML text. Texts that define entities are refused: they can explode.

    Raises:
        InvalidInputError: It is no XML; the message gives the line.
    """
    parser = expat.ParserCreate()
    root = Element("", {}, 0)
    open_elements = [root]

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def add_text(data: str) -> None:
        open_elements[-1].text += data

    def refuse(*_: object) -> NoReturn:
        raise InvalidInputError(f"{where}, line {parser.CurrentLineNumber}: entities are refused")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.CharacterDataHandler = add_text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as exc:
        reason = expat.ErrorString(exc.code)
        raise InvalidInputError(f"{where}, line {exc.lineno}: no XML ({reason})") from exc
    return root.children[0]
