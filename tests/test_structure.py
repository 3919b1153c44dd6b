"""The house as CONTRIBUTING.md draws it: imports go down, functions and modules stay short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "asmnet_sdk"
MOST_LINES = 30
MOST_LINES_OF_A_MODULE = 200


def drawn_floors() -> list[list[str]]:
    """Return the rooms of each floor of the diagram, the ground floor first."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    diagram = re.search(r"^## Where things live\n.*?```text\n(.*?)```", text, re.DOTALL | re.M)
    assert diagram is not None
    return [re.findall(r"\w+", line) for line in reversed(diagram[1].splitlines())]


FLOOR_OF = {room: number for number, rooms in enumerate(drawn_floors()) for room in rooms}


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names of all imports, also those within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> list[Path]:
    """Return all modules but the package's own face and entrance."""
    faces = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path not in faces]


def in_words(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def test_diagram_shows_every_room():
    kept_for_old_imports = {"image_headers"}
    assert {room_of(path) for path in modules()} - kept_for_old_imports == set(FLOOR_OF)


@pytest.mark.parametrize("path", modules(), ids=in_words)
def test_imports_go_down(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [name.split(".") for name in imported_names(tree)]
    assert not {name[0] for name in names} & {"lab", "benchmarks", "tests", "docs"}
    own = room_of(path)
    rooms = {name[1] for name in names if name[0] == "asmnet_sdk" and len(name) > 1}
    below = {room for room, floor in FLOOR_OF.items() if floor < FLOOR_OF.get(own, len(FLOOR_OF))}
    assert rooms - below - {own, "__version__"} == set()


def imports_by_module() -> dict[str, set[str]]:
    """Return the modules of the house, the lab and the benchmarks, each with those it imports."""
    paths = {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("asmnet_sdk", "benchmarks", "lab")
        for path in (REPOSITORY / folder).rglob("*.py")
    }
    names = {
        module: set(imported_names(ast.parse(path.read_text(encoding="utf-8"))))
        for module, path in paths.items()
    }
    return {
        module: {name if name in paths else name.rpartition(".")[0] for name in imported}
        & paths.keys() - {module}
        for module, imported in names.items()
    }


def test_no_modules_import_each_other_in_a_circle():
    """Not even within functions. A face names its own modules, so none of them imports it."""
    try:
        TopologicalSorter(imports_by_module()).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize("path", modules(), ids=in_words)
def test_functions_are_short(path):
    """Counted is what is written below the docstring; a command's arguments may be many."""
    text = path.read_text(encoding="utf-8")
    too_long = []
    for node in ast.walk(ast.parse(text)):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and not node.name.startswith("add_"):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            first, last = (body[0].lineno, body[-1].end_lineno) if body else (1, 0)
            lines = sum(bool(line.strip()) for line in text.splitlines()[first - 1 : last])
            if lines > MOST_LINES:
                too_long.append(f"{node.name}: {lines}")
    assert too_long == []


@pytest.mark.parametrize("path", modules(), ids=in_words)
def test_modules_are_short(path):
    """Counted is code: what documents the public surface may be as long as it needs."""
    text = path.read_text(encoding="utf-8")
    documented = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = [
        line
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in documented
    ]
    assert len(code) <= MOST_LINES_OF_A_MODULE
