"""Fills the documentation from what is written elsewhere: cards, files and ``--help`` texts.

A page says what it wants in a comment of its own line:

    <!-- include CHANGELOG.md -->                       a file of the repository
    <!-- include hub/asmnet-68/README.md#Accuracy -->   one section of it, without its heading
    <!-- figures asmnet-68 -->                          the whole test set's rows of a model card
    <!-- cards -->                                      links to all model cards
    <!-- commands -->                                   every command with its help

Each ``hub/NAME/README.md`` also becomes a page ``models/NAME.md`` of its own.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
DIRECTIVE = re.compile(r"^<!-- (include|figures|cards|commands) ?(.*?) -->$", re.MULTILINE)
HELP_COLUMNS = "80"

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_WHOLE_SET = re.compile(r"^\| all \|.*\|$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """List the model cards, and leave out pages that are not written yet."""
    cards = [{name: f"models/{name}.md"} for name in card_names()]
    for section in config.nav:
        for title, pages in section.items():
            written = [page for page in pages if (ROOT / "docs" / page).is_file()]
            section[title] = written
            if "models/index.md" in written:
                written[1:1] = cards
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add a page for each model card, and the pictures beside the card."""
    from mkdocs.structure.files import File

    for name in card_names():
        text = f"<!-- include hub/{name}/README.md -->\n"
        files.append(File.generated(config, f"models/{name}.md", content=text))
        for picture in sorted((ROOT / "hub" / name).glob("*.jpg")):
            path = f"models/{picture.name}"
            files.append(File.generated(config, path, content=picture.read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace the directives of a page."""
    return expand(markdown)


def on_post_page(output: str, **_: object) -> str:
    """Keep the theme's script from asking GitHub for the stars of the repository."""
    return output.replace(' data-md-component="source"', "")


def card_names() -> list[str]:
    """Return the models that have a card in ``hub/``."""
    return sorted(path.parent.name for path in (ROOT / "hub").glob("*/SHA256SUMS"))


def expand(markdown: str) -> str:
    """Replace every directive by what it stands for.

    Raises:
        ValueError: A file, section or figure is not there.
    """
    return DIRECTIVE.sub(lambda found: _DIRECTIVES[found[1]](found[2]), markdown)


def _include(argument: str) -> str:
    name, _, section = argument.partition("#")
    path = ROOT / name
    if not path.is_file():
        raise ValueError(f"no file {name} to include")
    text = _FRONT_MATTER.sub("", path.read_text(encoding="utf-8"))
    return _section(text, section, name) if section else text


def _section(text: str, heading: str, name: str) -> str:
    """Return what stands between a second-level heading and the next one."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE
    )
    if found is None:
        raise ValueError(f"{name} has no section {heading!r}")
    return found[1].strip()


def _figures(model: str) -> str:
    """Return a table of the whole test set's figures of a card, and how they were measured."""
    text = _section(_include(f"hub/{model}/README.md"), "Accuracy", model)
    rows = [_cells(row) for row in _WHOLE_SET.findall(text) if len(_cells(row)) == 9]
    measured = re.search(r"^Measured on .*$", text, re.MULTILINE)
    if not rows or measured is None:
        raise ValueError(f"the card of {model} has no row 'all' or no sentence 'Measured on ...'")
    lines = [
        "| crops at | NME % | failures > 8 % | AUC (8 %) | yaw, pitch, roll error |",
        "|---|---|---|---|---|",
    ]
    places = re.findall(r"with crops at the (annotated boxes|boxes that .* finds):", text, re.I)
    for place, (_, _, _, nme, failures, auc, *angles) in zip(places, rows, strict=True):
        degrees = ", ".join(f"{angle}°" for angle in angles)
        lines.append(f"| {place} | {nme} | {failures} % | {auc} | {degrees} |")
    return "\n".join([*lines, "", measured[0]])


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _cards(_: str) -> str:
    """Return a list of links to the pages of the model cards, as a page in ``models/`` has them."""
    return "\n".join(f"- [{name}]({name}.md)" for name in card_names())


def _commands(_: str = "") -> str:
    """Return a section for each command of ``asmnet``, with its help."""
    sections = [_help_section("asmnet", help_text())]
    sections += [_help_section(f"asmnet {name}", help_text(name)) for name in command_names()]
    return "\n".join(sections)


def _help_section(title: str, text: str) -> str:
    return f"## {title}\n\n```text\n{text}```\n"


def command_names() -> list[str]:
    """Return the commands that ``asmnet --help`` lists."""
    return re.findall(r"^    ([a-z-]+)", help_text(), re.MULTILINE)


def help_text(*words: str) -> str:
    """Return what ``asmnet WORDS --help`` prints, in lines of at most 80 characters."""
    from asmnet_sdk.cli import main

    plain = {"COLUMNS": HELP_COLUMNS, "NO_COLOR": "1", "PYTHON_COLORS": "0"}
    text = io.StringIO()
    with (
        patch.dict(os.environ, plain),
        contextlib.redirect_stdout(text),
        contextlib.suppress(SystemExit),
    ):
        main([*words, "--help"])
    return text.getvalue()


_DIRECTIVES = {
    "include": _include,
    "figures": _figures,
    "cards": _cards,
    "commands": _commands,
}
